import GlissadeFormats
import GlissadeLayers
import GlissadeTensors
import GlissadeTraining

extension PretrainedModel {
  /// Loads what was chosen of a file.
  /// - Parameter model: the model's name, and with it the model.
  /// - Throws: what loading throws; for weights that do not fit, with the models that they do fit.
  package static func load(
    _ file: WeightsFile, _ model: (name: String, layer: any LayerWithHead), sampleShape: Shape, seed: UInt64
  ) throws -> PretrainedModel {
    do {
      return try PretrainedModel(file, model: model.layer, sampleShape: sampleShape, seed: seed)
    } catch let error as StateError {
      throw Failure("\(error.path) does not fit \(model.name): \(error.problems.joined(separator: "; "))\(hint(file))")
    }
  }

  /// What else could be done with a file that does not fit.
  package static func hint(_ file: WeightsFile) -> String {
    let fitting = FittingModel.all(for: file).fitting
    let names = fitting.filter { $0.classes != nil }.map(\.name) + fitting.filter { $0.classes == nil }.map(\.name)
    if !names.isEmpty { return "; they fit --model \(names.joined(separator: " or "))" }
    let parts = file.parts
    if parts.count > 1 { return "; --key takes one of \(parts.prefix(6).map { printable($0.key) }.joined(separator: ", "))" }
    return "; 'glissade inspect' shows what the file has"
  }

  /// What was loaded, for people.
  /// - Parameters:
  ///   - path: where from, as it was given.
  ///   - classes: of the new head.
  package func lines(_ path: String, classes: Int) -> [String] {
    let ignored = report.ignored.isEmpty ? "" : ", \(report.ignored.count) left out (counters of batches)"
    let head = LayerPath.headPaths(of: model).sorted().joined(separator: ", ")
    let new = report.replacedClasses.map { "a new head, \($0) → \(classes) classes" } ?? "a new head for \(classes) classes"
    return [
      "\(path): \(report.loaded.count) tensors loaded\(ignored); " + (report.replacedHead.isEmpty ? "the head fits" : "\(new) (\(head))")
    ] + notes(path)
  }

  /// What people should know of where the weights were, and of their values.
  package func notes(_ path: String) -> [String] {
    func some(_ names: [String]) -> String {
      names.prefix(3).map { printable($0, limit: 80) }.joined(separator: ", ") + (names.count > 3 ? ", …" : "")
    }
    let place = fit.place
    var found: [String] = [place.text].compactMap { $0 }
    if !place.leftOut.isEmpty {
      found.append("\(place.leftOut.count) other\(place.leftOut.count == 1 ? "" : "s") left out (\(some(place.leftOut)))")
    }
    if let other = fit.alternatives.first(where: { !$0.options.isEmpty }) {
      found.append("what is \(other.text ?? "at the top") fits as well (\(other.options))")
    }
    let heads = Set(LayerPath.headPaths(of: model).map { $0.prefix { $0 != "." } })
    let otherHead = report.droppedHead.map(\.name).filter { name in !heads.contains(name.prefix { $0 != "." }) }
    if !otherHead.isEmpty { found.append("without \(some(otherHead)), the file's own head") }
    var lines = found.isEmpty ? [] : ["\(path): weights taken: " + found.joined(separator: "; ")]
    if !report.notFinite.isEmpty {
      lines.append(
        "note: \(report.notFinite.count) of \(path)'s tensors hold NaN or infinities (\(some(report.notFinite))), and so will what is computed"
      )
    }
    return lines
  }
}
