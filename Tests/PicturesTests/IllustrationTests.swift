import GlissadeData
import Testing

@testable import GlissadePictures

/// Samples drawn for people.
struct IllustrationTests {
  @Test func aSampleIsDrawnWithItsOwnBytes() throws {
    // A light square on dark ground, large enough that JPEG keeps it, in one channel and in three.
    for channels in [1, 3] {
      let side = 32
      let pixels = (0..<side * side).flatMap { place in
        [UInt8](repeating: place / side < 16 && place % side < 16 ? 220 : 30, count: channels)
      }
      let data = try ImageDataset(
        pixels: pixels, sampleShape: [side, side, channels], labels: [0], classNames: ["a"],
        normalization: Normalization(mean: .init(repeating: 0.3, count: channels), deviation: .init(repeating: 0.2, count: channels)))
      let jpeg = try #require(data.illustration(ofSample: 0, normalizedBy: data.normalization))
      #expect(jpeg.count < 2000)
      let picture = try Picture(bytes: jpeg, path: "sample")
      #expect(picture.width == side && picture.height == side)
      for (place, level) in [(5 * side + 5, 220), (25 * side + 25, 30)] {
        #expect(abs(Int(picture.pixels[place * 3]) - level) < 6)
      }
    }
  }

  @Test func largeSamplesAreReducedAndOthersHaveNone() throws {
    let data = try ImageDataset(
      pixels: [UInt8](repeating: 9, count: 500 * 300), sampleShape: [500, 300, 1], labels: [0], classNames: ["a"])
    let jpeg = try #require(data.illustration(ofSample: 0, normalizedBy: data.normalization))
    let picture = try Picture(bytes: jpeg, path: "sample")
    #expect(picture.width == 100 && picture.height == 166)
    #expect(data.illustration(ofSample: 1, normalizedBy: data.normalization) == nil)
    #expect(JPEG.encoded([1, 2], width: 1, height: 1, channels: 2) == nil && JPEG.encoded([], width: 0, height: 0, channels: 1) == nil)
  }
}
