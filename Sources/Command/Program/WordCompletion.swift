import ArgumentParser

extension CompletionKind {
  /// Words of which several may be given, separated by commas: a shell offers what the last of them can become.
  static func words(_ all: [String]) -> CompletionKind { .custom { _, _, typed in WordCompletion(all).offered(behind: typed) } }
}

/// Finds what a list of words can become that somebody has begun to type.
struct WordCompletion {
  private let words: [String]
  /// Words that stand for a list.
  private static let alone: Set = ["none", "all"]

  init(_ words: [String]) { self.words = words }

  /// - Parameter typed: as the shell hands it over, quotes and all.
  /// - Returns: lists that begin with it, with one more word each that is not there yet.
  func offered(behind typed: String) -> [String] {
    let text = PlaceCompletion.unquoted(typed)
    let comma = text.lastIndex(of: ",").map { text.index(after: $0) } ?? text.startIndex
    let (before, begun) = (text[..<comma], text[comma...])
    let there = Set(before.split(separator: ","))
    let fitting = words.filter { $0.hasPrefix(begun) && !there.contains($0[...]) && (before.isEmpty || !Self.alone.contains($0)) }
    return fitting.map { before + $0 }
  }
}
