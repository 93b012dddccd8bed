import GlissadeData
import GlissadeRandom
import TestSupport
import Testing

@testable import GlissadePictures

/// What augmentations do to pictures, on pictures that show it, and how often.
@Suite struct AugmentationTests {
  private let tree: PictureTree
  private static let side = 16

  init() throws { tree = try PictureTree() }

  /// Many samples of one picture under a list of augmentations, scaled to 0 … 1.
  private func samples(_ count: Int, _ augmentations: String, pixels: [UInt8], seed: UInt64 = 3) throws -> [[Float]] {
    let path = try tree.put("picture.png", HandmadePicture.png(width: Self.side, height: Self.side, pixels: pixels))
    let list = try PictureList(
      paths: Array(repeating: path, count: count), labels: Array(repeating: 0, count: count), classNames: ["all"])
    let pipeline = PicturePipeline(
      size: Self.side, resize: Self.side, augmentations: try AugmentationList(augmentations).pictures, normalization: .unit(channels: 3))
    let data = try PictureDataset(list, pipeline: pipeline, isTraining: true, seed: seed)
    let size = data.sampleSize
    let features = try data.gather(Array(0..<count)).features
    return (0..<count).map { Array(features[$0 * size..<($0 + 1) * size]) }
  }

  /// Red says the column and green the row, in steps of 16.
  private static let places: [UInt8] = (0..<side * side).flatMap { pixel -> [UInt8] in
    [UInt8(16 * (pixel % side)), UInt8(16 * (pixel / side)), 128]
  }
  private static let grey = [UInt8](repeating: 100, count: 3 * side * side)

  private func pixel(_ sample: [Float], _ x: Int, _ y: Int) -> (column: Float, row: Float) {
    let place = (y * Self.side + x) * 3
    return (sample[place] * 255 / 16, sample[place + 1] * 255 / 16)
  }

  @Test func flipsHalfOfThem() throws {
    let last = Float(Self.side - 1)
    let samples = try samples(400, "flip", pixels: Self.places)
    let flipped = samples.filter { pixel($0, 0, 0).column > 1 }
    // Five standard deviations of a fair coin.
    #expect(abs(flipped.count - 200) < 50)
    for sample in flipped.prefix(3) {
      for x in 0..<Self.side {
        #expect(abs(pixel(sample, x, 5).column - (last - Float(x))) < 1e-4 && abs(pixel(sample, x, 5).row - 5) < 1e-4)
      }
    }
    #expect(try self.samples(50, "flip(0)", pixels: Self.places).allSatisfy { pixel($0, 0, 0).column < 1 })
    #expect(
      try self.samples(50, "flip(1),vertical-flip(1)", pixels: Self.places).allSatisfy {
        abs(pixel($0, 0, 0).column - last) < 1e-4 && abs(pixel($0, 0, 0).row - last) < 1e-4
      })
  }

  @Test func cropsGoEverywhereAndRepeatTheEdge() throws {
    var offsets: [[Int]: Int] = [:]
    for sample in try samples(1000, "crop(2)", pixels: Self.places) {
      // The middle is always inside.
      let middle = pixel(sample, 8, 8)
      let (dx, dy) = (Int(middle.column.rounded()) - 8, Int(middle.row.rounded()) - 8)
      offsets[[dx, dy], default: 0] += 1
      for x in 0..<Self.side { #expect(abs(pixel(sample, x, 8).column - Float(min(max(x + dx, 0), 15))) < 1e-4) }
      for y in 0..<Self.side { #expect(abs(pixel(sample, 8, y).row - Float(min(max(y + dy, 0), 15))) < 1e-4) }
    }
    // 25 places with 40 each, five standard deviations around.
    #expect(offsets.count == 25 && offsets.keys.allSatisfy { $0.allSatisfy { (-2...2).contains($0) } })
    #expect(offsets.values.allSatisfy { abs($0 - 40) < 32 })
    // By default an eighth: two pixels.
    let defaults = try samples(300, "crop", pixels: Self.places).map { Int(pixel($0, 8, 8).column.rounded()) - 8 }
    #expect(Set(defaults) == [-2, -1, 0, 1, 2])
  }

  @Test func aCropFromALargerPicture() throws {
    let path = try tree.picture("wide.png", 1, width: 40, height: 20)
    let list = try PictureList(paths: Array(repeating: path, count: 200), labels: Array(repeating: 0, count: 200), classNames: ["all"])
    let pipeline = PicturePipeline(size: 8, resize: 20, augmentations: [.crop()], normalization: .unit(channels: 3))
    let data = try PictureDataset(list, pipeline: pipeline, isTraining: true)
    let picture = try Picture(contentsOf: path)
    var seen: Set<[Int]> = []
    for sample in 0..<200 {
      let bytes = try data.gather([sample]).features.map { UInt8(($0 * 255).rounded()) }
      let corners: [[Int]] = (0..<13 * 33).map { [$0 % 33, $0 / 33] }
      let place = corners.first { place in
        (0..<8).allSatisfy { row in
          let start = ((place[1] + row) * 40 + place[0]) * 3
          return bytes[(row * 24)..<(row * 24 + 24)].elementsEqual(picture.pixels[start..<start + 24])
        }
      }
      seen.insert(try #require(place, "sample \(sample) is no part of the picture"))
    }
    #expect(seen.count > 120 && seen.contains { $0[0] > 28 } && seen.contains { $0[0] < 4 })
  }

  @Test func jitterStaysInItsRange() throws {
    let value = Float(100) / 255
    let factors = try samples(500, "color-jitter(brightness: 0.4)", pixels: Self.grey).map { $0[0] / value }
    #expect(factors.allSatisfy { (0.6 - 1e-4...1.4 + 1e-4).contains($0) })
    // Uniform: mean 1 and deviation 0.8/√12, with five standard deviations of each.
    let mean = factors.reduce(0, +) / 500
    let deviation = (factors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 500).squareRoot()
    #expect(abs(mean - 1) < 0.052 && abs(deviation - 0.231) < 0.025)
    // Grey has neither contrast, nor saturation, nor hue, but for the weights of the colours, whose sum is 0.9999.
    let others = try samples(20, "color-jitter(contrast: 0.5, saturation: 0.5, hue: 0.3)", pixels: Self.grey)
    #expect(others.allSatisfy { $0.allSatisfy { abs($0 - value) < 1e-4 } })
    #expect(try samples(5, "color-jitter(0)", pixels: Self.places) == samples(5, "", pixels: Self.places))
    let colours = try samples(20, "color-jitter", pixels: Self.places)
    #expect(Set(colours).count == 20)
  }

  @Test func rotationTurnsBothWays() throws {
    // Where the pixel at the right of the middle comes from: below, for a turn counter-clockwise.
    let rows = try samples(300, "rotation(30)", pixels: Self.places).map { pixel($0, 15, 7).row - 7 }
    #expect(rows.contains { $0 > 2 } && rows.contains { $0 < -2 } && abs(rows.reduce(0, +) / 300) < 0.7)
    #expect(rows.allSatisfy { abs($0) < 4.5 })
  }

  @Test func erasingMakesMeanRectangles() throws {
    let samples = try samples(400, "erasing", pixels: Self.grey)
    let erased = samples.map { $0.filter { $0 == 0 }.count / 3 }.filter { $0 > 0 }
    #expect(abs(erased.count - 200) < 50)
    let area = Float(Self.side * Self.side)
    #expect(erased.allSatisfy { (0.01...0.37).contains(Float($0) / area) })
    #expect(try self.samples(20, "erasing(1)", pixels: Self.grey).allSatisfy { $0.contains(0) })
  }

  /// Rectangles like torchvision's: means and deviations of area, ratio and place over 20 000 draws.
  @Test func windowsAreDistributedAsTorchvisions() throws {
    let file = try PictureFixtures.file()
    let (width, height, draws) = (120, 80, 20_000)
    let kinds: [(String, ClosedRange<Float>, ClosedRange<Float>, Bool)] = [
      ("resized-crop", 0.08...1, 0.75...(4.0 / 3), false), ("erasing", 0.02...0.33, 0.3...3.3, true),
    ]
    for (name, scale, ratio, isSmaller) in kinds {
      var random = Philox4x32(seed: 5)
      var columns = [[Double]](repeating: [], count: 4)
      for _ in 0..<draws {
        // What fits nowhere after ten attempts becomes the middle there.
        let window =
          random.window(width: width, height: height, scale: scale, ratio: ratio, smallerThanAll: isSmaller)
          ?? PictureWindow(left: (width - 107) / 2, top: 0, width: 107, height: 80)
        let (w, h) = (Double(window.width), Double(window.height))
        columns[0].append(w * h / Double(width * height))
        columns[1].append(logarithm(w / h))
        columns[2].append((Double(window.left) + w / 2) / Double(width))
        columns[3].append((Double(window.top) + h / 2) / Double(height))
      }
      let expected = try file.floats64(of: "windows/\(name)")
      for (index, column) in columns.enumerated() {
        let mean = column.reduce(0, +) / Double(draws)
        let deviation = (column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(draws)).squareRoot()
        // Five standard deviations of the difference of two such means; a little more for the deviations, which have longer tails.
        let tolerance = 5 * (2 / Double(draws)).squareRoot() * deviation
        #expect(abs(mean - expected[2 * index]) < tolerance, "\(name) \(index): mean \(mean)")
        #expect(abs(deviation - expected[2 * index + 1]) < 1.5 * tolerance, "\(name) \(index): deviation \(deviation)")
      }
    }
  }
}
