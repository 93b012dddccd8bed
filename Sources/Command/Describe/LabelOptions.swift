import ArgumentParser
import Glissade

/// Where the classes of pictures stand, where they are not folders.
struct LabelOptions: ParsableArguments {
  @Option(help: "A table (CSV) with the class of each picture: a column of file names, with or without suffix, and one of classes.")
  var labels: String?

  @Option(help: "With --labels: the column of file names. (default: the one that names pictures that are there)")
  var fileColumn: String?

  @Option(help: "With --labels: the column of classes. (default: label, class or another usual name, or the only other one)")
  var labelColumn: String?

  /// The table, where there is one.
  /// - Parameter missing: the share of the rows whose pictures may be missing.
  /// - Throws: `Misuse` for columns of no table.
  func table(missing: Double) throws(Misuse) -> LabelTable? {
    guard let labels else {
      for (option, value) in [("--file-column", fileColumn), ("--label-column", labelColumn)] where value != nil {
        throw Misuse("\(option) is for --labels, and that is not given")
      }
      return nil
    }
    if labels.isEmpty { throw Misuse("--labels is empty, and it has to name a table") }
    return LabelTable(path: labels, fileColumn: fileColumn, labelColumn: labelColumn, missingShare: missing)
  }
}

extension LabelTable {
  /// Members of `options.json`: the table is found again from anywhere.
  var json: [JSONMember] {
    var members = KeptPath.json("labels", path)
    if let fileColumn { members.append(JSONMember("file_column", .string(fileColumn))) }
    if let labelColumn { members.append(JSONMember("label_column", .string(labelColumn))) }
    return members
  }

  /// Reads what a run's options say of it; nil for a run without such a table.
  /// - Parameter folder: of the run.
  init?(_ options: JSONValue, of folder: String, missing: Double) {
    guard let kept = KeptPath("labels", in: options) else { return nil }
    let path = kept.found(from: folder) ?? kept.absolute ?? kept.given
    self.init(
      path: path, fileColumn: options["file_column"]?.stringValue, labelColumn: options["label_column"]?.stringValue, missingShare: missing)
  }
}
