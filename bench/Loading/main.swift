import Glibc
import GlissadeData
import GlissadePictures

// Loads a folder's pictures in batches of 32, as a first epoch does, and prints the seconds: what bench/peers/pictures.py compares.
//   GlissadeLoading FOLDER THREADS [SIDE] [CLASS,…]
let arguments = CommandLine.arguments
guard arguments.count >= 3, let threads = Int(arguments[2]) else {
  print("usage: GlissadeLoading FOLDER THREADS [SIDE] [CLASS,…]")
  exit(2)
}
do {
  let side = arguments.count > 3 ? Int(arguments[3]) ?? 224 : 224
  let classes = arguments.count > 4 ? arguments[4].split(separator: ",").map(String.init) : nil
  let clock = ContinuousClock()
  let start = clock.now
  let folder = try PictureFolder(path: arguments[1], classes: classes)
  let data = try PictureDataset(
    folder.pictures, pipeline: PicturePipeline(size: side, resize: side), loading: PictureLoading(threads: threads))
  let loader = try BatchLoader(data, order: try BatchOrder(count: data.count, batchSize: 32), endEpoch: 1)
  var (count, sum) = (0, Float(0))
  while let batch = try loader.next() {
    count += batch.count
    sum += batch.features[0]
  }
  let seconds = start.duration(to: clock.now) / .seconds(1)
  guard sum.isFinite else { exit(1) }
  print("\(count) \(seconds)")
} catch {
  print("\(error)")
  exit(1)
}
