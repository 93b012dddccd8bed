import Glissade

/// What a model of ours would make of a file of weights.
struct FittingModel {
  let name: String
  /// As the file's head has them; `nil` where it has another head.
  let classes: Int?

  var line: String {
    classes.map { "fits \(name) with \($0) outputs" } ?? "fits the backbone of \(name), whose head it has not got"
  }

  var json: JSONValue { ["model": .string(name), "outputs": classes.map { .integer(Int64($0)) } ?? .null] }

  /// The models whose weights a file holds, all of them or all but the head's.
  static func all(for file: WeightsFile) -> [FittingModel] {
    guard let file = try? file.stateDictionary().removingPrefix() else { return [] }
    let isOurs = file.metadata["format"] == "glissade"
    let shapes = Dictionary(file.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    return ModelZoo.names.compactMap { name in
      // A model for flat pictures depends on their size, which the file does not say: the usual ones are tried.
      let inputs: [Shape] = [[224, 224, 3], [32, 32, 3], [28, 28, 1]]
      guard mayFit(name, inputs[0], shapes) else { return nil }
      for input in inputs {
        if let found = fit(name, input, shapes, isOurs) { return found }
      }
      return nil
    }
  }

  /// The name of the first parameter, which is no head's, rules most models out.
  private static func mayFit(_ name: String, _ input: Shape, _ shapes: [String: [Int]]) -> Bool {
    guard let probe = ModelZoo.make(name, input: input, classes: 1), let first = LayerPath.parameters(of: probe).first else { return false }
    return shapes[first.path] != nil
  }

  private static func fit(_ name: String, _ input: Shape, _ shapes: [String: [Int]], _ isOurs: Bool) -> FittingModel? {
    guard let probe = ModelZoo.make(name, input: input, classes: 1) else { return nil }
    let head = LayerPath.headPaths(of: probe)
    let parameters = LayerPath.parameters(of: probe)
    // Names alone rule most models out, without recording them.
    guard parameters.allSatisfy({ head.contains($0.path) || shapes[$0.path] != nil }) else { return nil }
    let classes = parameters.last { head.contains($0.path) }.flatMap { shapes[$0.path]?.first } ?? 1
    guard classes > 0, classes < 1 << 24, let model = ModelZoo.make(name, input: input, classes: classes),
      let layout = try? PyTorchLayout(of: model, sampleShape: input)
    else { return nil }
    func fits(_ entry: PyTorchLayout.Entry) -> Bool {
      shapes[entry.path] == (isOurs ? entry.shape : entry.foreignShape).dimensions
    }
    let known = Set(layout.entries.map(\.path) + layout.batchCounters)
    let isOfHead: (String) -> Bool = { path in layout.headPath.map { path.hasPrefix($0 + ".") } ?? false }
    guard layout.entries.allSatisfy({ $0.isHead || fits($0) }), shapes.keys.allSatisfy({ known.contains($0) || isOfHead($0) }) else {
      return nil
    }
    let hasHead = layout.entries.allSatisfy(fits) && shapes.keys.allSatisfy(known.contains)
    return FittingModel(name: name, classes: hasHead ? classes : nil)
  }
}
