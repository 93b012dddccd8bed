import Foundation
import Testing

/// What the README and the pages beside it show is what the examples say, word by word.
struct ReadmeTests {
  /// The code blocks whose first line names a file, as in ```` ```swift Examples/OwnModel/Package.swift ````, or what they are a part of, as in
  /// ```` ```swift of Examples/OwnModel/Package.swift ````.
  private static func quotations(in text: String) -> [(path: String, isPart: Bool, code: String)] {
    var result: [(path: String, isPart: Bool, code: String)] = []
    var open: (path: String?, isPart: Bool, lines: [Substring])?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let block = open {
        if line == "```" {
          if let path = block.path { result.append((path, block.isPart, block.lines.map { $0 + "\n" }.joined())) }
          open = nil
        } else {
          open?.lines.append(line)
        }
      } else if line.hasPrefix("```") {
        let words = line.dropFirst(3).split(separator: " ")
        let isPart = words.count == 3 && words[1] == "of"
        open = (words.first == "swift" && (isPart || words.count == 2) ? String(words[words.count - 1]) : nil, isPart, [])
      }
    }
    return result
  }

  @Test(arguments: [
    ("README.md", ["FirstProgram/Sources/FirstProgram/main.swift"]),
    (
      "docs/programs.md",
      ["Package.swift", "Sources/OwnModel/ResidualNetwork.swift", "Sources/OwnModel/main.swift", "Sources/FineTuning/main.swift"].map {
        "OwnModel/\($0)"
      }
    ),
  ])
  func quotesExamplesExactly(_ document: String, _ files: [String]) throws {
    let quotations = Self.quotations(in: try Repository.text(document))
    #expect(quotations.filter { !$0.isPart }.map(\.path) == files.map { "Examples/\($0)" })
    for (path, isPart, code) in quotations {
      let text = try Repository.text(path)
      #expect(isPart ? "\n\(text)".contains("\n\(code)") && !code.isEmpty : text == code, "\(document) and \(path) differ")
    }
    // What a block quotes is built by the tests, as nothing else in these pages is.
    if document == "docs/programs.md" {
      let examples = quotations.filter(\.isPart).map { $0.path.split(separator: "/")[1] }
      #expect(examples.count >= 9 && Set(examples).isSubset(of: OwnModelTests.examples.map { $0[...] }), "\(examples)")
    }
  }

  /// Every page that people read.
  static let documents: [String] = {
    let folders = ["docs", "docs/course"]
    let pages = folders.flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: Repository.root.appendingPathComponent(folder).path)) ?? [])
        .filter { $0.hasSuffix(".md") }.sorted().map { "\(folder)/\($0)" }
    }
    return ["README.md", "CONTRIBUTING.md", "SECURITY.md", "THIRD_PARTY.md"] + pages
  }()

  /// Nobody finds a page that the index does not name.
  @Test func theIndexHasEveryPage() throws {
    let index = try Repository.text("docs/README.md")
    for page in Self.documents where page.hasPrefix("docs/") && page != "docs/README.md" {
      #expect(index.contains("](\(page.dropFirst("docs/".count)))"), "docs/README.md does not name \(page)")
    }
  }

  /// What README is for: a newcomer's three minutes.
  @Test func theReadmeIsShort() throws {
    let words = try Repository.text("README.md").split { $0.isWhitespace }.count
    #expect(words < 1000, "\(words) words")
  }

  /// The headings of a page, as links name them.
  private static func places(in page: String) -> [String] {
    page.split(separator: "\n").filter { $0.hasPrefix("#") }.map { heading in
      String(
        heading.drop { $0 == "#" || $0 == " " }.lowercased().compactMap { letter in
          letter == " " ? "-" : letter.isLetter || letter.isNumber || letter == "-" || letter == "_" ? letter : nil
        })
    }
  }

  @Test(arguments: documents) func namesFilesThatAreThere(document: String) throws {
    let text = try Repository.text(document)
    let folder = Repository.root.appendingPathComponent(document).deletingLastPathComponent()
    for piece in text.components(separatedBy: "](").dropFirst() {
      let target = String(piece.prefix { $0 != ")" && $0 != "#" })
      guard !target.isEmpty, !target.contains("://") else { continue }
      #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent(target).path), "\(document) links to \(target)")
      guard let place = piece.prefix(while: { $0 != ")" }).split(separator: "#", omittingEmptySubsequences: false).dropFirst().first else {
        continue
      }
      let page = try String(contentsOf: folder.appendingPathComponent(target), encoding: .utf8)
      #expect(Self.places(in: page).contains(String(place)), "\(document) links to \(target)#\(place)")
    }
    // Files named in code type, as in `Kernels/pooling.cl`.
    for piece in text.split(separator: "`") where piece.hasPrefix("Sources/") || piece.hasPrefix("Kernels/") || piece.hasPrefix("Tests/") {
      // Patterns such as `Tests/<name>` are no files.
      guard piece.allSatisfy({ $0.isLetter || $0.isNumber || "/._".contains($0) }) else { continue }
      #expect(
        FileManager.default.fileExists(atPath: Repository.root.appendingPathComponent(String(piece)).path), "\(document) names \(piece)")
    }
  }
}
