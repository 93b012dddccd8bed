import Glibc
import GlissadeData
import GlissadeFormats
import GlissadePictures
import TestSupport

/// Every reader of files that come from elsewhere.
func allReaders(_ folder: TemporaryFolder) throws -> [Reader] {
  [
    try checkpoints(folder), try safetensors(folder), json(), idx(folder), csv(folder), cifar(folder), try pictures("jpeg", ".jpg"),
    try pictures("png", ".png"), try pictures("webp", ".webp"), try pictures("tiff", ".tif"), try trainingCheckpoint(folder),
    try runSamples(folder),
  ]
}

/// What a careful caller does with a file of weights: everything.
private func readAll(_ path: String) -> Bool {
  do throws(FormatError) {
    let file = try WeightsFile(path: path)
    _ = try? file.stateDictionary().removingWrappers().tensors(under: "layer1")
    for tensor in file.tensors {
      let bytes = try file.bytes(of: tensor.name)
      guard bytes.count == tensor.byteCount else { abort() }
      _ = try? file.floats(of: tensor.name)
    }
    return true
  } catch {
    guard error.path == path, !error.description.contains("\n") else { abort() }
    return false
  }
}

private func checkpoints(_ folder: TemporaryFolder) throws -> Reader {
  let files = try FixtureFolder.checkpoints.map(FixtureFolder.bytes)
  // With checksums few inputs would get further than those; both kinds are tried.
  return Reader(name: "checkpoint", corpus: files + files.map(withoutChecksums)) { bytes in
    readAll(try folder.put("a.pt", bytes))
  }
}

/// The same archive with zeros for checksums, as PyTorch writes it when told to.
private func withoutChecksums(_ archive: [UInt8]) -> [UInt8] {
  var bytes = archive
  for (signature, place) in [([0x50, 0x4b, 1, 2] as [UInt8], 16), ([0x50, 0x4b, 3, 4], 14)] {
    for index in bytes.indices.dropLast(place + 4) where bytes[index..<index + 4].elementsEqual(signature) {
      for offset in 0..<4 { bytes[index + place + offset] = 0 }
    }
  }
  return bytes
}

private func safetensors(_ folder: TemporaryFolder) throws -> Reader {
  try SafetensorsWriter.write(
    path: folder.file("corpus"),
    [
      WeightsEntry(name: "weight", shape: [2, 3], [1, 2, 3, 4, 5, 6] as [Float]), WeightsEntry(name: "step", shape: [], [7] as [Int64]),
      WeightsEntry(name: "empty", shape: [0], [] as [Float]),
      WeightsEntry(name: "half", type: .bfloat16, shape: [4]) { (writer) throws(FormatError) in
        try writer.write(elements: [1, 2, 3, 4] as [UInt16])
      },
    ], metadata: ["format": "pt", "note": "é \"quoted\"\nand broken"])
  let corpus = try folder.get("corpus")
  return Reader(name: "safetensors", corpus: [corpus]) { bytes in readAll(try folder.put("a.safetensors", bytes)) }
}

private func json() -> Reader {
  let texts = [
    #"{"a":[1,2.5e-3,-0,true,false,null],"b":{"c":"\u00e9\ud83d\ude00\n\\","d":{}},"e":[]}"#, #"["NaN",9223372036854775807,1e308]"#,
    #" { "__metadata__" : { } , "x" : { "dtype" : "F32" , "shape" : [ 1 , 2 ] , "data_offsets" : [ 0 , 8 ] } } "#,
  ]
  return Reader(name: "json", corpus: texts.map { Array($0.utf8) }) { bytes in
    guard let value = try? JSONValue.parse(bytes) else { return false }
    // What was read is written and read again as the same value.
    guard let again = try? JSONValue.parse(Array(value.text(pretty: true).utf8)), again == value else { abort() }
    return true
  }
}

private func idx(_ folder: TemporaryFolder) -> Reader {
  let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 3] + [UInt8](0..<36)
  let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 2, 1]
  let gzip: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3] + HandmadeArchive.deflate(images)
  let trailer = HandmadeArchive.checksum(images)
  let sum = (0..<4).map { UInt8(truncatingIfNeeded: trailer >> UInt32(8 * $0)) } + [UInt8(images.count), 0, 0, 0]
  return Reader(name: "idx", corpus: [images, gzip + sum]) { bytes in
    _ = try folder.put("train-labels-idx1-ubyte", labels)
    _ = try folder.put("train-images-idx3-ubyte", bytes)
    return (try? IDXFolder(path: folder.path).load(.training)) != nil
  }
}

private func csv(_ folder: TemporaryFolder) -> Reader {
  let tables = [
    "a,b,kind\n1,2.5e-3,x\n-4,,y\n5,6,x\n",
    "\u{feff}\"first, quoted\",second\r\n\"one \"\"word\"\"\",1\r\n\"two\nlines\",NA\r\n\r\n\"\",3\r\n",
    "x,y\n" + (0..<40).map { "\($0),\($0 % 3)\n" }.joined(),
    "sep=;\r\n;size;when;class\r\n0;1,5;a;9007199254740993\r\n1;-0,25;None;9007199254740992\r\n2;1e30;b;7\r\n",
    "day\tamount\tcode\n2024-01-31\t$1,234.50\t0x1F\n31.1.24\t12 %\tA-1\n5 Jan 2024\t(3)\t−4\n",
  ]
  return Reader(name: "csv", corpus: tables.map { Array($0.utf8) }) { bytes in
    let path = try folder.put("a.csv", bytes)
    do throws(DataError) {
      let table = try Table(path: path)
      let target = table.columns[table.columns.count - 1].name
      for missing in TableEncoding.Missing.allCases {
        guard let encoding = try? TableEncoding(of: table, rows: Array(0..<table.count), target: target, missing: missing) else { continue }
        guard let samples = try? encoding.samples(of: table) else { continue }
        guard samples.data.features.allSatisfy(\.isFinite), samples.data.count == samples.rows.count else { abort() }
      }
      return true
    } catch {
      guard error.description.contains(path), !error.description.contains("\n") else { abort() }
      return false
    }
  }
}

private func cifar(_ folder: TemporaryFolder) -> Reader {
  let record = [7] + (0..<3072).map { UInt8(truncatingIfNeeded: $0) }
  return Reader(name: "cifar", corpus: [record, record + record]) { bytes in
    for name in ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"] {
      _ = try folder.put(name, bytes)
    }
    _ = try folder.put("batches.meta.txt", Array(bytes.prefix(64)))
    let named = (try? CIFARFolder(path: folder.path, kind: .ten).load(.training)) != nil
    _ = try folder.put("batches.meta.txt", Array("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n".utf8))
    return (try? CIFARFolder(path: folder.path, kind: .ten).load(.training)) != nil || named
  }
}

/// The fixtures of one kind. Damaged ones may still be pictures; whatever comes of them has as many pixels as it says.
private func pictures(_ name: String, _ suffix: String) throws -> Reader {
  let corpus = try FixtureFolder.pictures.filter { $0.hasSuffix(suffix) }.map(FixtureFolder.pictureBytes)
  // Small enough for the memory that is left, whatever a header claims.
  let limits = PictureLimits(side: 4096, pixels: 4 << 20)
  return Reader(name: name, corpus: corpus) { damaged in
    // With damaged sums few would get further than those; both kinds are tried.
    let bytes = suffix == ".png" && damaged.count % 4 != 0 ? withRightSums(damaged) : damaged
    do throws(PictureError) {
      for side in [nil, 5] {
        let picture = try Picture(bytes: bytes, path: "x", limits: limits, reducedTo: side)
        guard picture.width > 0, picture.height > 0, picture.pixels.count == picture.width * picture.height * 3 else { abort() }
      }
      return true
    } catch {
      guard error.path == "x", !error.description.contains("\n") else { abort() }
      return false
    }
  }
}

/// The same PNG with right sums behind its chunks, as far as there are chunks.
private func withRightSums(_ png: [UInt8]) -> [UInt8] {
  var (bytes, place) = (png, 8)
  while place + 12 <= bytes.count {
    let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
    guard length <= bytes.count - place - 12 else { break }
    let sum = HandmadeArchive.checksum(Array(bytes[(place + 4)..<(place + 8 + length)]))
    for byte in 0..<4 { bytes[place + 8 + length + byte] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * byte)) }
    place += 12 + length
  }
  return bytes
}
