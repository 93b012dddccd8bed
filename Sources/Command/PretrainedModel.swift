import Glissade

extension PretrainedModel {
  /// What was loaded, for people.
  /// - Parameters:
  ///   - path: where from, as it was given.
  ///   - classes: of the new head.
  func lines(_ path: String, classes: Int) -> [String] {
    let ignored = report.ignored.isEmpty ? "" : ", \(report.ignored.count) left out (counters of batches)"
    let head = LayerPath.headPaths(of: model).sorted().joined(separator: ", ")
    let new = report.replacedClasses.map { "a new head, \($0) → \(classes) classes" } ?? "a new head for \(classes) classes"
    return [
      "\(path): \(report.loaded.count) tensors loaded\(ignored); " + (report.replacedHead.isEmpty ? "the head fits" : "\(new) (\(head))")
    ]
  }
}
