import GlissadePictures
import TestSupport
import Testing

/// Every kind of JPEG, PNG, WebP and TIFF, against Pillow, bit for bit.
@Suite struct DecodingTests {
  @Test(arguments: PictureFixtures.names) func equalsPillow(name: String) throws {
    let file = try PictureFixtures.file()
    for background in PictureFixtures.backgrounds {
      guard let expected = file.tensor(named: "\(background.name)/\(name)") else { continue }
      let picture = try Picture(contentsOf: PictureFixtures.path(name), background: background.colour)
      #expect([picture.height, picture.width, 3] == expected.shape)
      #expect(try picture.pixels == file.bytes(of: expected.name), "over \(background.name)")
    }
  }

  @Test func allKindsAreThere() throws {
    #expect(PictureFixtures.names.count == 61)
    // Transparent ones look different over different colours.
    let name = PictureFixtures.path("rgba.png")
    let (white, black) = (try Picture(contentsOf: name), try Picture(contentsOf: name, background: .black))
    #expect(zip(white.pixels, black.pixels).contains { $0 != $1 } && white.width == black.width)
  }

  /// What is written for TensorBoard.
  @Test func picturesThatWeWrite() throws {
    for (width, height) in [(1, 1), (3, 5), (200, 120)] {
      let pixels = (0..<(3 * width * height)).map { UInt8(truncatingIfNeeded: $0 &* 37 ^ $0 >> 3) }
      let file = try #require(PNG(width: width, pixels: pixels))
      let picture = try Picture(bytes: file.bytes, path: "a.png")
      #expect((picture.width, picture.height) == (width, height) && (file.width, file.height) == (width, height))
      #expect(picture.pixels == pixels)
    }
    #expect(PNG(width: 2, pixels: [1, 2, 3]) == nil && PNG(width: 0, pixels: [1, 2, 3]) == nil)
  }

  @Test func anAnimationIsItsFirstPicture() throws {
    let whole = try Picture(contentsOf: PictureFixtures.path("animated.webp"))
    let other = try Picture(contentsOf: PictureFixtures.path("lossless.webp"))
    #expect((whole.width, whole.height) == (24, 17) && whole != other)
  }

  @Test func aReducedJPEGIsNearTheWhole() throws {
    let path = PictureFixtures.path("444.jpg")
    let whole = try Picture(contentsOf: path)
    for (side, size) in [(18, (24, 17)), (9, (12, 9)), (5, (6, 5)), (3, (3, 3)), (1, (3, 3))] {
      let reduced = try Picture(contentsOf: path, reducedTo: side)
      #expect((reduced.width, reduced.height) == size, "to \(side)")
      guard reduced != whole else { continue }
      let other = try #require(whole.resized(width: reduced.width, height: reduced.height))
      let difference = zip(reduced.pixels, other.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
      #expect(Double(difference) / Double(other.pixels.count) < 25, "to \(side)")
    }
    #expect(try Picture(contentsOf: PictureFixtures.path("rgb.png"), reducedTo: 1).width == 24)
  }

  @Test func sizesFromHeaders() throws {
    let upright = try Picture.size(ofFile: PictureFixtures.path("orientation-6.jpg"))
    #expect(upright == (24, 17))
    for name in ["lossy.webp", "animated.webp", "tiled.tif", "orientation-6.tif"] {
      let size = try Picture.size(ofFile: PictureFixtures.path(name))
      #expect(size == (24, 17))
    }
    let resize = try Picture.size(ofFile: PictureFixtures.path("resize.png"))
    #expect(resize == (61, 47))
  }
}
