import GlissadeData
import GlissadeRandom
import TestSupport
import Testing

@testable import GlissadePictures

/// Automatic augmentation, against torchvision.
@Suite struct AugmentationPolicyTests {
  private typealias Operation = AugmentationPolicy.Operation
  private static let side = 20

  @Test func magnitudesAreTorchvisions() throws {
    let file = try PictureFixtures.file()
    for (name, policy) in [("rand", AugmentationPolicy.rand), ("trivial", .trivial)] {
      for operation in Operation.allCases {
        let expected = try file.floats64(of: "magnitudes/\(name)/\(operation.rawValue)")
        #expect(expected.count == AugmentationPolicy.bins)
        for (bin, value) in expected.enumerated() {
          let found = policy.magnitude(of: operation, bin: bin, side: Self.side)
          #expect(abs(found - value) < 1e-5 * max(1, abs(value)), "\(name) \(operation) \(bin): \(found), not \(value)")
        }
      }
    }
  }

  @Test func operationsDoWhatTorchvisionsDo() throws {
    let file = try PictureFixtures.file()
    let input = try file.floats(of: "policy/input")
    var seen: Set<String> = []
    for tensor in file.tensors where tensor.name.hasPrefix("policy/") && tensor.name != "policy/input" {
      let parts = tensor.name.split(separator: "/").map(String.init)
      let operation = try #require(Operation(rawValue: parts[1]))
      let magnitude = try #require(Double(parts[2]))
      var pixels = input
      pixels.withUnsafeMutableBufferPointer { buffer in
        if let start = buffer.baseAddress { operation.apply(magnitude, to: start, side: Self.side) }
      }
      let expected = try file.floats(of: tensor.name)
      let differing = zip(pixels, expected).filter { abs($0 - $1) > 2e-6 }.count
      // Where a pixel comes from a place between two others, rounding decides which is nearest.
      let isMove = [.shearX, .shearY, .rotate].contains(operation)
      #expect(differing <= (isMove ? pixels.count / 50 : 0), "\(tensor.name): \(differing) of \(pixels.count) differ")
      if magnitude != 0 { #expect(pixels != input, "\(tensor.name)") }
      seen.insert(parts[1])
    }
    #expect(seen == Set(Operation.allCases.map(\.rawValue)))
  }

  @Test func everyOperationIsDrawnAsOften() {
    var random = Philox4x32(seed: 3)
    var counts: [Operation: Int] = [:]
    var (negative, signed) = (0, 0)
    var bins: Set<Double> = []
    for _ in 0..<14_000 {
      let (operation, magnitude) = AugmentationPolicy.trivial.draw(&random, bin: nil, side: Self.side)
      counts[operation, default: 0] += 1
      if operation.isSigned, magnitude != 0 {
        signed += 1
        negative += magnitude < 0 ? 1 : 0
      }
      if operation == .rotate { bins.insert(abs(magnitude)) }
    }
    // Five standard deviations around 1000.
    #expect(counts.count == 14 && counts.values.allSatisfy { abs($0 - 1000) < 155 }, "\(counts)")
    #expect(abs(2 * negative - signed) < 500 && bins.count == AugmentationPolicy.bins)
    for _ in 0..<100 {
      let (operation, magnitude) = AugmentationPolicy.rand.draw(&random, bin: 9, side: Self.side)
      #expect(abs(magnitude) == AugmentationPolicy.rand.magnitude(of: operation, bin: 9, side: Self.side))
    }
  }

  /// Pictures differ from one another and from epoch to epoch, are the same whenever they are asked for, and stay within 0 … 1.
  @Test func picturesAreDrawnBySeedAndPlace() throws {
    let tree = try PictureTree()
    let pixels = (0..<3 * 16 * 16).map { UInt8(truncatingIfNeeded: $0 * 37 % 251) }
    let path = try tree.put("picture.png", HandmadePicture.png(width: 16, height: 16, pixels: pixels))
    let list = try PictureList(paths: Array(repeating: path, count: 60), labels: Array(repeating: 0, count: 60), classNames: ["all"])
    for text in ["trivial-augment", "rand-augment(3, magnitude: 20)"] {
      let pipeline = PicturePipeline(
        size: 16, resize: 16, augmentations: try AugmentationList(text).pictures, normalization: .unit(channels: 3))
      func samples() throws -> [[Float]] {
        let data = try PictureDataset(list, pipeline: pipeline, isTraining: true, seed: 5)
        let features = try data.gather(Array(0..<60)).features
        return (0..<60).map { Array(features[$0 * data.sampleSize..<($0 + 1) * data.sampleSize]) }
      }
      let first = try samples()
      #expect(try first == samples() && Set(first).count > 25, "\(text)")
      #expect(first.allSatisfy { $0.allSatisfy { (0...1).contains($0) } }, "\(text)")
    }
  }
}
