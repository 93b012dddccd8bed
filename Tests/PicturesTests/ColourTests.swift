import CPictures
import Testing

/// Changes of colour and turns, against torchvision on float images.
@Suite struct ColourTests {
  private static let width = 16, height = 12
  private static var count: Int { width * height }

  private func check(_ prefix: String, tolerance: Float, _ change: (inout [Float], Float) -> Void) throws {
    let file = try PictureFixtures.file()
    let input = try file.floats(of: "colour/input")
    let cases = file.tensors.filter { $0.name.hasPrefix("colour/\(prefix)/") }
    #expect(cases.count >= 2)
    for tensor in cases {
      let factor = try #require(Float(tensor.name.split(separator: "/").last ?? ""))
      var pixels = input
      change(&pixels, factor)
      let worst = zip(pixels, try file.floats(of: tensor.name)).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst <= tolerance, "\(tensor.name): \(worst)")
    }
  }

  @Test func brightness() throws { try check("brightness", tolerance: 1e-7) { picture_brightness(&$0, Self.count, $1) } }
  @Test func contrast() throws { try check("contrast", tolerance: 1e-6) { picture_contrast(&$0, Self.count, $1) } }
  @Test func saturation() throws { try check("saturation", tolerance: 1e-6) { picture_saturation(&$0, Self.count, $1) } }
  @Test func hue() throws { try check("hue", tolerance: 2e-6) { picture_hue(&$0, Self.count, $1) } }

  @Test func rotation() throws {
    let file = try PictureFixtures.file()
    let input = try file.floats(of: "colour/input")
    for degrees in [-40, 10, 90] {
      let expected = try file.floats(of: "colour/rotation/\(degrees)")
      var turned = [Float](repeating: -1, count: input.count)
      picture_rotate(input, Self.width, Self.height, Double(degrees), &turned)
      // Near the edge the other fills with black where this one goes on with the edge.
      var compared = 0
      let (middleX, middleY) = (Double(Self.width - 1) / 2, Double(Self.height - 1) / 2)
      for y in 0..<Self.height {
        for x in 0..<Self.width where hypot(Double(x) - middleX, Double(y) - middleY) < middleY - 0.1 {
          for place in (y * Self.width + x) * 3..<(y * Self.width + x) * 3 + 3 {
            #expect(abs(turned[place] - expected[place]) < 2e-5, "\(degrees) degrees at \(x), \(y)")
            compared += 1
          }
        }
      }
      #expect(compared > 200 && turned.allSatisfy { (0...1).contains($0) })
    }
  }

  private func hypot(_ x: Double, _ y: Double) -> Double { (x * x + y * y).squareRoot() }

  @Test func flips() {
    // Two rows of three pixels.
    let rows: [[Float]] = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [11, 12, 13, 14, 15, 16, 17, 18, 19]]
    var pixels = rows.flatMap(\.self)
    picture_flip_horizontally(&pixels, 3, 2)
    #expect(pixels == [7, 8, 9, 4, 5, 6, 1, 2, 3, 17, 18, 19, 14, 15, 16, 11, 12, 13])
    pixels = rows.flatMap(\.self)
    picture_flip_vertically(&pixels, 3, 2)
    #expect(pixels == rows.reversed().flatMap(\.self))
  }
}
