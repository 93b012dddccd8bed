import Foundation
import GlissadeTraining
import TestSupport
import Testing

@testable import GlissadeCharts
@testable import GlissadeReports

/// Colours of pages can be told apart by people who see little: WCAG 2's ratios of luminance, 4.5 for text and 3 for lines.
struct ContrastTests {
  /// Red, green and blue, from 0 to 1.
  private typealias Colour = [Double]

  private static func colour(_ text: String) -> Colour? {
    var digits = text.dropFirst()
    if digits.count == 3 { digits = digits.map { "\($0)\($0)" }.joined()[...] }
    guard text.hasPrefix("#"), digits.count == 6, let value = Int(digits, radix: 16) else { return nil }
    return [value >> 16, value >> 8 & 255, value & 255].map { Double($0) / 255 }
  }

  private static func luminance(_ colour: Colour) -> Double {
    let linear = colour.map { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
  }

  private static func contrast(_ one: Colour, _ other: Colour) -> Double {
    let both = [luminance(one), luminance(other)].sorted()
    return (both[1] + 0.05) / (both[0] + 0.05)
  }

  private static func mixed(_ colour: Colour, _ share: Double, over paper: Colour) -> Colour {
    zip(colour, paper).map { share * $0 + (1 - share) * $1 }
  }

  /// Variables of a page's style by their names: those of light first, then those of dark, each with the charts'.
  private static func palettes() throws -> [[String: Colour]] {
    let folder = try TemporaryFolder()
    let html = try RunReport(of: RunFolder(folder.path)).html
    let blocks = html.matches(of: /(?::root|\.glissade-chart)\{([^}]*--[^}]*)\}/).map { match in
      Dictionary(
        uniqueKeysWithValues: match.1.matches(of: /--([a-z0-9]+):(#[0-9a-f]+)/).compactMap { part in
          colour(String(part.2)).map { (String(part.1), $0) }
        })
    }
    try #require(blocks.count == 4)
    return [blocks[0].merging(blocks[2]) { $1 }, blocks[1].merging(blocks[3]) { $1 }]
  }

  @Test func theFormulaIsThatOfTheStandard() throws {
    let (white, black) = (try #require(Self.colour("#fff")), try #require(Self.colour("#000000")))
    #expect(abs(Self.contrast(white, black) - 21) < 1e-9)
    #expect(abs(Self.contrast(white, try #require(Self.colour("#767676"))) - 4.54) < 0.005)
  }

  @Test func textCanBeRead() throws {
    let palettes = try Self.palettes()
    for (place, palette) in palettes.enumerated() {
      for (text, paper) in [("ink", "paper"), ("mark", "paper"), ("warn", "warnpaper"), ("tip", "tippaper"), ("paper", "ink")] {
        let ratio = Self.contrast(try #require(palette[text]), try #require(palette[paper]))
        #expect(ratio >= 4.5, "\(text) on \(paper), \(["light", "dark"][place]): \(ratio)")
      }
      // Numbers of a matrix, in its deepest fields.
      for field in ["c1", "c2"] {
        let paper = Self.mixed(try #require(palette[field]), ConfusionTable.deepest, over: try #require(palette["paper"]))
        let ratio = Self.contrast(try #require(palette["ink"]), paper)
        #expect(ratio >= 4.5, "ink on \(field), \(["light", "dark"][place]): \(ratio)")
      }
    }
    #expect(palettes[0]["paper"] != palettes[1]["paper"])
  }

  @Test func linesCanBeSeen() throws {
    for (place, palette) in try Self.palettes().enumerated() {
      let paper = try #require(palette["paper"])
      for number in 0..<SVG.colours {
        let colour = try #require(palette["c\(number)"])
        // Curves, and the dots of scatter plots, which let others through.
        for share in [1, SVG.faintness] {
          let ratio = Self.contrast(Self.mixed(colour, share, over: paper), paper)
          #expect(ratio >= 3, "c\(number) at \(share), \(["light", "dark"][place]): \(ratio)")
        }
      }
      #expect(Self.contrast(try #require(palette["mark"]), paper) >= 3)
    }
  }
}
