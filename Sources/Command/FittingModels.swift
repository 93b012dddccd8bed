import Glissade

/// What a model of ours would make of a file of weights.
struct FittingModel {
  let name: String
  /// As the file's head has them; `nil` where it has another head.
  let classes: Int?
  /// How many of the model's tensors the file has in the right shape, and how many the model has.
  let fitting: Int
  let count: Int
  /// What does not fit, in the model's order, then what it has no place for.
  let problems: [Problem]

  /// A tensor that one of both has not got, or has in another shape.
  struct Problem {
    let path: String
    /// The file's shape, and the model's in the file's layout.
    let found: [Int]?
    let expected: [Int]?
    let isOfHead: Bool

    var line: String {
      "  \(printable(path)): " + (found.map { "\($0) here" } ?? "not here") + ", " + (expected.map { "\($0)" } ?? "not") + " in the model"
    }

    var json: JSONValue {
      func shape(_ dimensions: [Int]?) -> JSONValue { dimensions.map { .array($0.map { .integer(Int64($0)) }) } ?? .null }
      return ["path": .string(path), "shape": shape(found), "expected": shape(expected)]
    }
  }

  /// Whether nothing but the head keeps it from fitting.
  var fitsBackbone: Bool { problems.allSatisfy(\.isOfHead) }

  /// Whether there is so little that does not fit that the file is likely to be meant for this model.
  var nearlyFits: Bool { problems.count <= max(3, count / 10) && 3 * fitting >= 2 * count }

  /// For people: a line, and what does not fit, of which a few are named.
  var lines: [String] {
    if let classes { return ["fits \(name) with \(classes) outputs"] }
    let shown = 5
    let title = fitsBackbone ? "fits the backbone of \(name), whose head it has not got" : "nearly fits \(name)"
    return ["\(title): \(fitting) of \(count) tensors fit"] + problems.prefix(shown).map(\.line)
      + (problems.count > shown ? ["  and \(problems.count - shown) more that do not"] : [])
  }

  var json: JSONValue {
    [
      "model": .string(name), "outputs": classes.map { .integer(Int64($0)) } ?? .null, "fitting": .integer(Int64(fitting)),
      "tensors": .integer(Int64(count)), "problems": .array(problems.map(\.json)),
    ]
  }

  /// The models whose weights a file holds, all of them or all but the head's; where there is none, the one that it nearly fits, if any.
  /// - Parameter input: [height, width, channels] of the pictures it was trained on, where that is known.
  static func all(for file: WeightsFile, input: Shape? = nil) -> (fitting: [FittingModel], nearest: FittingModel?) {
    guard let file = try? file.stateDictionary().removingPrefix() else { return ([], nil) }
    // A model for flat pictures depends on their size, which the file does not say: the usual ones are tried.
    let inputs = [input, [224, 224, 3], [32, 32, 3], [28, 28, 1]].compactMap { $0 }
    let shapes = Dictionary(file.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    let candidates = ModelZoo.names.compactMap { Candidate($0, inputs[0], shapes) }
    let fitting = candidates.filter { $0.missing == 0 }.compactMap { candidate in
      inputs.lazy.compactMap { compare(candidate, $0, file, shapes) }.first(where: \.fitsBackbone)
    }
    guard fitting.isEmpty else { return (fitting, nil) }
    let near = candidates.flatMap { candidate in inputs.compactMap { compare(candidate, $0, file, shapes) } }
    return ([], near.filter(\.nearlyFits).min { $0.problems.count < $1.problems.count })
  }

  /// A model of which the file has the names, or half of them. Names alone rule most models out, without recording them.
  private struct Candidate {
    let name: String
    /// Names that the file has not got and that are no head's.
    let missing: Int
    /// Outputs of the head in the file.
    let classes: Int

    /// - Parameter input: any that the model takes: what its parameters are called does not depend on it.
    init?(_ name: String, _ input: Shape, _ shapes: [String: [Int]]) {
      guard let model = ModelZoo.make(name, input: input, classes: 1) else { return nil }
      let paths = LayerPath.parameters(of: model).map(\.path)
      // Where nothing is known there is no use for the head, which takes another walk to find.
      let head = paths.contains { shapes[$0] != nil } ? LayerPath.headPaths(of: model) : []
      missing = paths.count { shapes[$0] == nil && !head.contains($0) }
      guard 2 * missing <= paths.count else { return nil }
      classes = paths.last { head.contains($0) }.flatMap { shapes[$0]?.first } ?? 1
      guard classes > 0, classes < 1 << 24 else { return nil }
      self.name = name
    }
  }

  private static func compare(_ candidate: Candidate, _ input: Shape, _ file: WeightsFile, _ shapes: [String: [Int]]) -> FittingModel? {
    let (name, classes) = (candidate.name, candidate.classes)
    guard let model = ModelZoo.make(name, input: input, classes: classes),
      let layout = try? PyTorchLayout(of: model, sampleShape: input)
    else { return nil }
    let isOurs = file.metadata["format"] == "glissade"
    var problems: [Problem] = []
    for entry in layout.entries {
      let (found, expected) = (shapes[entry.path], (isOurs ? entry.shape : entry.foreignShape).dimensions)
      guard found != expected else { continue }
      problems.append(Problem(path: entry.path, found: found, expected: expected, isOfHead: entry.isHead))
    }
    let fitting = layout.entries.count - problems.count
    let known = Set(layout.entries.map(\.path) + layout.batchCounters)
    for tensor in file.tensors where !known.contains(tensor.name) {
      let isOfHead = layout.headPath.map { tensor.name.hasPrefix($0 + ".") } ?? false
      problems.append(Problem(path: tensor.name, found: tensor.shape, expected: nil, isOfHead: isOfHead))
    }
    return FittingModel(
      name: name, classes: problems.isEmpty ? classes : nil, fitting: fitting, count: layout.entries.count, problems: problems)
  }
}
