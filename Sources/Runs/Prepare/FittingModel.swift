import GlissadeFormats
import GlissadeLayers
import GlissadeModels
import GlissadeTensors
import GlissadeTraining

/// What a model of ours would make of a file of weights.
package struct FittingModel {
  package let name: String
  /// As the file's head has them; `nil` where it has another head.
  package let classes: Int?
  package let fit: WeightsFit

  /// Whether nothing but the head keeps it from fitting.
  package var fitsBackbone: Bool { fit.fitsBackbone }

  /// Whether there is so little that does not fit that the file is likely to be meant for this model.
  package var nearlyFits: Bool { fit.problems.count <= max(3, fit.count / 10) && 3 * fit.fitting >= 2 * fit.count }

  /// For people: a line, and what does not fit, of which a few are named.
  package var lines: [String] {
    let place = fit.place.text.map { ", \($0)" } ?? ""
    let others = fit.place.leftOut.count
    let rest = others > 0 ? "; \(others) other\(others == 1 ? "" : "s") there" : ""
    if let classes { return ["fits \(name) with \(classes) outputs\(place)\(rest)"] }
    guard fitsBackbone || nearlyFits else {
      return ["no model's; \(name) is the nearest\(place): \(fit.summary.joined(separator: "; "))"]
    }
    let shown = 5
    let title = fitsBackbone ? "fits the backbone of \(name), whose head it has not got" : "nearly fits \(name)"
    return ["\(title)\(place): \(fit.fitting) of \(fit.count) tensors fit\(rest)"] + fit.problems.prefix(shown).map(\.line)
      + (fit.problems.count > shown ? ["  and \(fit.problems.count - shown) more that do not"] : [])
  }

  package var json: JSONValue {
    [
      "model": .string(name), "outputs": classes.map { .integer(Int64($0)) } ?? .null, "fitting": .integer(Int64(fit.fitting)),
      "tensors": .integer(Int64(fit.count)), "key": fit.place.key.map { .string($0) } ?? .null, "prefix": .string(fit.place.prefix),
      "others": .integer(Int64(fit.place.leftOut.count)), "problems": .array(fit.problems.map(\.json)),
    ]
  }

  /// The models whose weights a file holds, all of them or all but the head's; where there is none, the one that it nearly fits, or else the
  /// one that most of is there of.
  /// - Parameters:
  ///   - file: the file, or what was chosen of it.
  ///   - input: [height, width, channels] of the pictures it was trained on, where that is known.
  package static func all(for file: WeightsFile, input: Shape? = nil) -> (
    fitting: [FittingModel], nearest: FittingModel?, far: FittingModel?
  ) {
    // A model for flat pictures depends on their size, which the file does not say: the usual ones are tried.
    let inputs = [input, [224, 224, 3], [32, 32, 3], [28, 28, 1]].compactMap { $0 }
    let places = WeightsPlaces(in: file)
    let candidates = ModelZoo.names.compactMap { Candidate($0, inputs[0], places) }
    let fitting = candidates.filter { $0.missing == 0 && $0.found > 0 }.compactMap { candidate in
      inputs.lazy.compactMap { compare(candidate, $0) }.first(where: \.fitsBackbone)
    }
    guard fitting.isEmpty else { return (fitting, nil, nil) }
    let near = candidates.filter(\.isLikely).flatMap { candidate in inputs.compactMap { compare(candidate, $0) } }
    if let nearest = near.filter(\.nearlyFits).min(by: { $0.fit.problems.count < $1.fit.problems.count }) { return ([], nearest, nil) }
    // Few names tell little: those with the most of them.
    let most = candidates.map(\.found).max() ?? 0
    let far = candidates.filter { most > 0 && $0.found == most }.flatMap { candidate in inputs.compactMap { compare(candidate, $0) } }
    return ([], nil, far.max { ($0.fit.fitting, $1.fit.count) < ($1.fit.fitting, $0.fit.count) })
  }

  /// What a file has of a model by name. Names alone rule most models out, without recording them.
  private struct Candidate {
    let name: String
    /// Where they are.
    let places: [WeightsPlace]
    /// Names that the file has not got and that are no head's.
    let missing: Int
    /// Names that it has.
    let found: Int
    /// Whether it has half of them.
    let isLikely: Bool
    /// Outputs of the head in the file.
    let classes: Int

    /// - Parameter input: any that the model takes: what its parameters are called does not depend on it.
    init?(_ name: String, _ input: Shape, _ all: WeightsPlaces) {
      guard let model = ModelZoo.make(name, input: input, classes: 1) else { return nil }
      let paths = LayerPath.parameters(of: model).map(\.path)
      places = all.holding(paths)
      guard let file = places.first?.file else { return nil }
      // Where nothing is known there is no use for the head, which takes another walk to find.
      let head = paths.contains { file.tensor(named: $0) != nil } ? LayerPath.headPaths(of: model) : []
      missing = paths.count { file.tensor(named: $0) == nil && !head.contains($0) }
      found = paths.count { file.tensor(named: $0) != nil }
      isLikely = 2 * missing <= paths.count
      classes = paths.last { head.contains($0) }.flatMap { file.tensor(named: $0)?.shape.first } ?? 1
      guard classes > 0, classes < 1 << 24 else { return nil }
      self.name = name
    }
  }

  private static func compare(_ candidate: Candidate, _ input: Shape) -> FittingModel? {
    let (name, classes) = (candidate.name, candidate.classes)
    guard let model = ModelZoo.make(name, input: input, classes: classes),
      let layout = try? PyTorchLayout(of: model, sampleShape: input), let fit = WeightsFit(bestOf: candidate.places, layout)
    else { return nil }
    return FittingModel(name: name, classes: fit.problems.isEmpty ? classes : nil, fit: fit)
  }
}

extension WeightsFit.Problem {
  /// For people, below a title.
  fileprivate var line: String {
    let here = found.map { "\($0) here" } ?? unread.map { printable($0) } ?? "not here"
    return "  \(printable(path)): \(here), " + (expected.map { "\($0)" } ?? "not") + " in the model"
  }

  fileprivate var json: JSONValue {
    func shape(_ dimensions: [Int]?) -> JSONValue { dimensions.map { .array($0.map { .integer(Int64($0)) }) } ?? .null }
    return ["path": .string(path), "shape": shape(found), "expected": shape(expected)]
  }
}
