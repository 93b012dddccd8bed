import Foundation
import Testing

/// What the README shows is what the example says, word by word.
struct ReadmeTests {
  /// The code blocks whose first line names a file, as in ```` ```swift Examples/OwnModel/Package.swift ````.
  private static func quotations(in text: String) -> [(path: String, code: String)] {
    var result: [(path: String, code: String)] = []
    var open: (path: String?, lines: [Substring])?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let block = open {
        if line == "```" {
          if let path = block.path { result.append((path, block.lines.map { $0 + "\n" }.joined())) }
          open = nil
        } else {
          open?.lines.append(line)
        }
      } else if line.hasPrefix("```") {
        let words = line.dropFirst(3).split(separator: " ")
        open = (words.count == 2 && words[0] == "swift" ? String(words[1]) : nil, [])
      }
    }
    return result
  }

  @Test func quotesTheExampleExactly() throws {
    let quotations = Self.quotations(in: try Repository.text("README.md"))
    let sources = "Examples/OwnModel/Sources/OwnModel"
    #expect(
      quotations.map(\.path) == [
        "Examples/OwnModel/Package.swift", "\(sources)/ResidualNetwork.swift", "\(sources)/main.swift",
        "Examples/OwnModel/Sources/FineTuning/main.swift",
      ])
    for (path, code) in quotations { #expect(try Repository.text(path) == code, "README.md and \(path) differ") }
  }

  @Test(arguments: ["README.md", "CONTRIBUTING.md", "docs/architecture.md"]) func namesFilesThatAreThere(document: String) throws {
    let text = try Repository.text(document)
    let folder = Repository.root.appendingPathComponent(document).deletingLastPathComponent()
    var count = 0
    for piece in text.components(separatedBy: "](").dropFirst() {
      let target = String(piece.prefix { $0 != ")" && $0 != "#" })
      guard !target.isEmpty, !target.contains("://") else { continue }
      count += 1
      #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent(target).path), "\(document) links to \(target)")
    }
    // Files named in code type, as in `Kernels/pooling.cl`.
    for piece in text.split(separator: "`") where piece.hasPrefix("Sources/") || piece.hasPrefix("Kernels/") || piece.hasPrefix("Tests/") {
      // Patterns such as `Tests/<name>` are no files.
      guard piece.allSatisfy({ $0.isLetter || $0.isNumber || "/._".contains($0) }) else { continue }
      count += 1
      #expect(
        FileManager.default.fileExists(atPath: Repository.root.appendingPathComponent(String(piece)).path), "\(document) names \(piece)")
    }
    #expect(count > 0)
  }
}
