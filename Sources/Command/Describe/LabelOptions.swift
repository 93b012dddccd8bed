import ArgumentParser
import Glissade

/// Where the classes of pictures stand, where they are not folders.
struct LabelOptions: ParsableArguments {
  @Option(help: .of("labels"))
  var labels: String?

  @Option(help: .of("file_column"))
  var fileColumn: String?

  @Option(help: .of("label_column"))
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
