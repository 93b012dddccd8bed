import GlissadeFormats

/// Arguments that make no sense: exit status 2.
package struct Misuse: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }

  /// An unknown name, with the nearest known one.
  package static func unknown(_ what: String, _ name: String, among known: [String]) -> Misuse {
    let list = known.joined(separator: ", ")
    if let nearest = Nearest.to(name, among: known) { return Misuse("unknown \(what) '\(name)'; did you mean '\(nearest)'? (\(list))") }
    return Misuse("unknown \(what) '\(name)'; there are \(list)")
  }
}

/// Something that went wrong although the arguments were right: exit status 1.
package struct Failure: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// A training was stopped, after everything was saved: for the command exit status 130.
package struct Interrupted: Error {
  package init() {}
}
