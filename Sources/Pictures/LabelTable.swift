/// A table (CSV) that says which pictures are of which class, a row for each; or which labels they have, of which each may have any number.
public struct LabelTable: Equatable, Sendable {
  /// The file.
  public var path: String
  /// The column with the names of the pictures' files; nil, the default, for the one that names pictures which are there.
  public var fileColumn: String?
  /// The column with the classes; nil, the default, for the one with a usual name (`label`, `class`, …), or the only other one.
  public var labelColumn: String?
  /// Whether a picture has any number of labels: the column of labels has lists of them, as in `cat;dog`, or `labelColumn` names several columns,
  /// separated by commas, of 1 and 0; where it is nil, all other columns, if they hold nothing but these. A picture may stand in several rows.
  public var takesSeveral: Bool
  /// What separates the labels of a list; nil, the default, for the first of `;`, `|` and `,` that any list has.
  public var separator: UInt8?
  /// The share of the rows whose pictures may be missing: they are left out. More are an error. One in a hundred by default.
  public var missingShare: Double

  /// Names a table; nothing is read yet.
  public init(
    path: String, fileColumn: String? = nil, labelColumn: String? = nil, missingShare: Double = 0.01,
    takesSeveral: Bool = false, separator: UInt8? = nil
  ) {
    self.path = path
    self.fileColumn = fileColumn
    self.labelColumn = labelColumn
    self.missingShare = missingShare
    self.takesSeveral = takesSeveral
    self.separator = separator
  }
}
