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
    let fitting = ModelZoo.names.compactMap { name in
      inputs.lazy.compactMap { compare(name, $0, file, isNearEnough: false) }.first(where: \.fitsBackbone)
    }
    guard fitting.isEmpty else { return (fitting, nil) }
    let near = ModelZoo.names.flatMap { name in inputs.compactMap { compare(name, $0, file, isNearEnough: true) } }
    return ([], near.filter(\.nearlyFits).min { $0.problems.count < $1.problems.count })
  }

  /// - Parameter isNearEnough: whether some names may be missing that are no head's.
  private static func compare(_ name: String, _ input: Shape, _ file: WeightsFile, isNearEnough: Bool) -> FittingModel? {
    guard let probe = ModelZoo.make(name, input: input, classes: 1) else { return nil }
    let shapes = Dictionary(file.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    let parameters = LayerPath.parameters(of: probe)
    let head = LayerPath.headPaths(of: probe)
    // Names alone rule most models out, without recording them.
    let missing = parameters.count { shapes[$0.path] == nil && !head.contains($0.path) }
    guard isNearEnough ? 2 * missing <= parameters.count : missing == 0 else { return nil }
    let classes = parameters.last { head.contains($0.path) }.flatMap { shapes[$0.path]?.first } ?? 1
    guard classes > 0, classes < 1 << 24, let model = ModelZoo.make(name, input: input, classes: classes),
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
