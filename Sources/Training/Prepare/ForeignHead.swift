import GlissadeLayers

/// Which tensors of a file are its own head, for which a model with another head has no place.
struct ForeignHead {
  private let path: String?
  /// What the model's names begin with, where the file has nothing of the model's head: what begins otherwise may be a head by another name.
  private let known: Set<Substring>?

  /// - Parameters:
  ///   - layout: the model's.
  ///   - names: of all tensors in the file.
  ///   - hasBackbone: whether all but the head is there. Otherwise it is another model's file, and nothing in it is known to be a head.
  init(_ layout: PyTorchLayout, names: some Sequence<String>, hasBackbone: Bool) {
    path = layout.headPath
    let hasHead = path.map { path in names.contains { $0.hasPrefix(path + ".") } } ?? true
    known = hasHead || !hasBackbone ? nil : Set((layout.entries.map(\.path) + layout.batchCounters).map(Self.top))
  }

  /// Whether a tensor belongs to it: it is where the model's head would be, or, where nothing is there, it is dense (not of more than two
  /// dimensions) and in a module at the top that the model has not got, as `classifier` and `last_linear` for `fc`.
  func contains(_ name: String, rank: Int) -> Bool {
    if let path, name.hasPrefix(path + ".") { return true }
    guard let known, rank <= 2, name.contains(".") else { return false }
    return !known.contains(Self.top(name))
  }

  private static func top(_ name: String) -> Substring { name.prefix { $0 != "." } }
}
