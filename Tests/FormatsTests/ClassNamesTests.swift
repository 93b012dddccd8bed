import GlissadeFormats
import TestSupport
import Testing

/// Files with the names of classes.
struct ClassNamesTests {
  private func read(_ text: String) throws -> [String] {
    let folder = try TemporaryFolder()
    do { return try ClassNames.read(path: folder.put("names", Array(text.utf8))) } catch {
      return ["\(error)".replacing(folder.path, with: "")]
    }
  }

  @Test(arguments: [
    "cat\nbig dog\n", "\u{feff}cat\r\nbig dog", "[\"cat\", \"big dog\"]", "{\"1\": \"big dog\", \"0\": \"cat\"}",
    "{\"0\": [\"n01\", \"cat\"], \"1\": [\"n02\", \"big dog\"]}", "cat\nbig dog\n\n",
  ])
  func inAnyForm(_ text: String) throws { #expect(try read(text) == ["cat", "big dog"]) }

  @Test(arguments: [
    ("", "no names in it"), ("a\n\nb\n", "line 2: an empty name"), ("[1]", "class 0 has no name"), ("[\"a\", \"\"]", "class 1 has no name"),
    ("{\"cat\": 0}", "its keys are not the numbers of classes, from 0 to 0"), ("{\"0\": \"a\", \"2\": \"b\"}", "from 0 to 1"),
  ])
  func whatIsNone(_ text: String, _ reason: String) throws {
    let found = try read(text)
    #expect(found.count == 1 && found[0].hasPrefix("/names: ") && found[0].contains(reason), "\(found)")
  }
}
