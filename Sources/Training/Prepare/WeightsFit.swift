import GlissadeFormats
import GlissadeLayers

/// How a file's tensors go with a model.
package struct WeightsFit: Sendable {
  /// Where in the file they are.
  package let place: WeightsPlace
  /// How many of the model's tensors the file has in the right shape.
  package let fitting: Int
  /// How many the model has.
  package let count: Int
  /// What does not fit, in the model's order, then what it has no place for.
  package let problems: [Problem]
  /// Other places of the same file that would do as well.
  package private(set) var alternatives: [WeightsPlace] = []

  /// A tensor that one of both has not got, or has in another shape.
  package struct Problem: Sendable {
    package let path: String
    /// The file's shape; `nil` where it has no such tensor.
    package let found: [Int]?
    /// The model's, in the file's layout; `nil` where it has no such tensor.
    package let expected: [Int]?
    package let isOfHead: Bool
    /// Why the file's is not read, where it has one that is not.
    package let unread: String?
  }

  /// Whether nothing but the head keeps it from fitting.
  package var fitsBackbone: Bool { problems.allSatisfy(\.isOfHead) }

  /// Compares the tensors of one place with a model's.
  package init(_ place: WeightsPlace, _ layout: PyTorchLayout) {
    let file = place.file
    let isOurs = file.metadata["format"] == "glissade"
    let unread = Dictionary(file.unread.map { ($0.name, $0.reason) }, uniquingKeysWith: { first, _ in first })
    var problems: [Problem] = []
    for entry in layout.entries {
      let (found, expected) = (file.tensor(named: entry.path)?.shape, (isOurs ? entry.shape : entry.foreignShape).dimensions)
      guard found != expected else { continue }
      problems.append(
        Problem(path: entry.path, found: found, expected: expected, isOfHead: entry.isHead, unread: found == nil ? unread[entry.path] : nil)
      )
    }
    fitting = layout.entries.count - problems.count
    count = layout.entries.count
    let known = Set(layout.entries.map(\.path) + layout.batchCounters)
    let head = ForeignHead(layout, names: file.tensors.map(\.name), hasBackbone: problems.allSatisfy(\.isOfHead))
    for tensor in file.tensors where !known.contains(tensor.name) {
      let isOfHead = head.contains(tensor.name, rank: tensor.shape.count)
      problems.append(Problem(path: tensor.name, found: tensor.shape, expected: nil, isOfHead: isOfHead, unread: nil))
    }
    self.place = place
    self.problems = problems
  }

  /// The best of some places: the first where nothing but the head keeps the model from fitting, or else the one with the least that does.
  package init?(bestOf places: [WeightsPlace], _ layout: PyTorchLayout) {
    let fits = places.prefix(16).map { WeightsFit($0, layout) }
    let good = fits.filter(\.fitsBackbone)
    let nearest = fits.min { $0.problems.count { !$0.isOfHead } < $1.problems.count { !$0.isOfHead } }
    guard var best = good.first ?? nearest else { return nil }
    best.alternatives = good.dropFirst().map(\.place)
    self = best
  }

  /// What keeps the model from fitting, in a few sentences: how much there is of each kind, with some names of both sides.
  package var summary: [String] {
    let serious = problems.filter { !$0.isOfHead }
    let missing = serious.filter { $0.found == nil && $0.unread == nil }
    let unread = serious.filter { $0.unread != nil }
    let others = serious.filter { $0.found != nil && $0.expected != nil }
    let surplus = serious.filter { $0.expected == nil }
    func list(_ what: String, _ problems: [Problem], _ text: (Problem) -> String) -> String? {
      guard !problems.isEmpty else { return nil }
      let names = problems.prefix(3).map { printable($0.path, limit: 80) + text($0) }
      return "\(what) (\(names.joined(separator: ", "))\(problems.count > 3 ? ", …" : ""))"
    }
    return [
      list("\(missing.count) of its \(count) tensors \(missing.count == 1 ? "is" : "are") missing", missing) { " \($0.expected ?? [])" },
      list("\(others.count) \(others.count == 1 ? "is" : "are") of another shape", others) {
        " \($0.found ?? []), not \($0.expected ?? [])"
      },
      list("\(unread.count) cannot be read", unread) { " \($0.unread ?? "")" },
      list("\(surplus.count) of the file's \(surplus.count == 1 ? "is" : "are") left over", surplus) { " \($0.found ?? [])" },
    ].compactMap { $0 }
  }
}
