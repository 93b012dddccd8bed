import GlissadeFormats

/// What was asked for makes no sense: another argument or recipe is wanted. The command ends with status 2.
public struct RunMisuse: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was wrong, where, and what would be right.
  public let description: String

  package init(_ description: String) { self.description = description }

  /// An unknown name, with the nearest known one.
  package static func unknown(_ what: String, _ name: String, among known: [String]) -> RunMisuse {
    let list = known.joined(separator: ", ")
    if let nearest = Nearest.to(name, among: known) { return Misuse("unknown \(what) '\(name)'; did you mean '\(nearest)'? (\(list))") }
    return Misuse("unknown \(what) '\(name)'; there are \(list)")
  }
}

/// Something went wrong although what was asked for makes sense: data that cannot be trained on, a run that does not fit it. The command ends
/// with status 1.
public struct RunFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// What went wrong, and where.
  public let description: String

  package init(_ description: String) { self.description = description }
}

/// A training was stopped from outside, after everything was saved; it can be resumed. The command ends with status 130.
public struct RunInterrupted: Error, Hashable, Sendable {
  package init() {}
}

// The package's own, shorter names.
package typealias Misuse = RunMisuse
package typealias Failure = RunFailure
package typealias Interrupted = RunInterrupted
