import GlissadePictures
import Testing

/// Antialiased resizing, against Pillow, bit for bit.
@Suite struct ResizingTests {
  @Test func equalsPillow() throws {
    let file = try PictureFixtures.file()
    let source = try Picture(contentsOf: PictureFixtures.path("resize.png"))
    let expected = file.tensors.filter { $0.name.hasPrefix("resize/") }
    #expect(expected.count == 8)
    for tensor in expected {
      let resized = try #require(source.resized(width: tensor.shape[1], height: tensor.shape[0]))
      #expect(try resized.pixels == file.bytes(of: tensor.name), "\(tensor.name)")
    }
  }

  @Test func impossibleSizes() throws {
    let source = try #require(Picture(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6]))
    #expect(source.resized(width: 0, height: 1) == nil && source.resized(width: 1, height: -1) == nil)
    #expect(source.resized(width: 65_536, height: 1) == nil)
    #expect(Picture(width: 2, height: 2, pixels: [1, 2, 3]) == nil)
    #expect(Picture(width: .max, height: .max, pixels: []) == nil)
  }
}
