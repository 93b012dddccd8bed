import GlissadePictures

/// Where somebody says that the classes of pictures stand, where they are not folders.
package struct GivenLabels {
  /// The table.
  package var labels: String?
  package var fileColumn: String?
  package var labelColumn: String?

  package init(labels: String? = nil, fileColumn: String? = nil, labelColumn: String? = nil) {
    (self.labels, self.fileColumn, self.labelColumn) = (labels, fileColumn, labelColumn)
  }

  /// The table, where there is one.
  /// - Parameter missing: the share of the rows whose pictures may be missing.
  /// - Throws: `Misuse` for columns of no table.
  package func table(missing: Double) throws(Misuse) -> LabelTable? {
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
