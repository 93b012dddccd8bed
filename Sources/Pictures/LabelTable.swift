/// A table (CSV) that says which pictures are of which class, a row for each.
public struct LabelTable: Equatable, Sendable {
  /// The file.
  public var path: String
  /// The column with the names of the pictures' files; nil, the default, for the one that names pictures which are there.
  public var fileColumn: String?
  /// The column with the classes; nil, the default, for the one with a usual name (`label`, `class`, …), or the only other one.
  public var labelColumn: String?
  /// The share of the rows whose pictures may be missing: they are left out. More are an error. One in a hundred by default.
  public var missingShare: Double

  /// Names a table; nothing is read yet.
  public init(path: String, fileColumn: String? = nil, labelColumn: String? = nil, missingShare: Double = 0.01) {
    self.path = path
    self.fileColumn = fileColumn
    self.labelColumn = labelColumn
    self.missingShare = missingShare
  }
}
