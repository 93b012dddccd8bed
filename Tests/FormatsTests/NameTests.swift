import GlissadeFormats
import Testing

/// Names of files and classes as text.
@Suite struct NameTests {
  @Test(arguments: [
    ("animals,food", ["animals", "food"]), (" a , b ", ["a", "b"]), ("cats\\, big,dog", ["cats, big", "dog"]),
    ("\"cats, \"\"big\"\"\" ,dog", ["cats, \"big\"", "dog"]), ("a\\\\,b\\c", ["a\\", "b\\c"]), ("\\ a\\ ,b", [" a ", "b"]), ("", [""]),
    ("a,,b", ["a", "", "b"]),
  ])
  func listsOfNames(text: String, names: [String]) {
    #expect(NameText.names(text) == names)
    #expect(NameText.names(names.map(NameText.escaped).joined(separator: ",")) == names)
  }

  @Test func quotesThatAreNone() {
    for text in ["\"a", "\"a\"b", "a,\"b"] { #expect(NameText.names(text) == nil) }
    #expect(NameText.list(["a", "b c"]) == "'a,b c'" && NameText.list(["é", "x_1"]) == "é,x_1")
  }

  @Test(arguments: [
    Array("plain".utf8), [0x63, 0xe9], [0xff, 0x2f, 0xc3, 0xa9], [0xc3], [0xf4, 0x8f, 0xba, 0x80], [0x61, 0xf4, 0x8f, 0xbb, 0xbf, 0xf4],
    [0xed, 0xa0, 0x80],
  ])
  func bytesOfNamesComeBack(bytes: [UInt8]) {
    let text = PathBytes.text(bytes)
    #expect(PathBytes.bytes(text) == bytes)
    #expect(PathBytes.isEscaped(text) == (bytes != Array("plain".utf8)))
    let seen = PathBytes.with(text) { path in (0..<bytes.count).map { UInt8(bitPattern: path[$0]) } + [UInt8(bitPattern: path[bytes.count])]
    }
    #expect(seen == bytes + [0])
  }

  /// A text is cut at its end, a path in its middle.
  @Test func longTextIsCut() {
    let path = String(repeating: "folder/", count: 100) + "\u{1b}file.png"
    #expect(printable(path).count == 201 && printable(path).hasSuffix("…"))
    let short = printable(path: path)
    #expect(short.hasPrefix("folder/folder/") && short.contains("…") && short.hasSuffix("/\\u{1b}file.png"))
    #expect(short.count == 201 + "\\u{1b}".count - 1)
    #expect(printable(path: "a/b.png") == "a/b.png" && printable("abc", limit: 3) == "abc" && printable("abcd", limit: 3) == "abc…")
  }

  @Test func bytesAreShownAsSuch() { #expect(printable(PathBytes.text([0x63, 0xe9, 0x0a])) == "c\\xe9\\u{a}") }
}
