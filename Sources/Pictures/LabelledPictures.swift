import GlissadeData
import GlissadeFormats

extension FolderLayout {
  /// A folder whose classes stand in a table: all pictures in it, at any depth.
  /// - Throws: `DataError` where the table or the folder cannot be read, or they do not fit together.
  init(_ path: String, labels table: LabelTable) throws(DataError) {
    try FolderListing.check(path)
    let scan = try FolderScan(path)
    let index = PictureIndex(scan, in: path, table: table.path)
    let columns = try LabelColumns(table, in: path) { if case .found = index.find($0) { true } else { false } }
    var leftOut = scan.leftOut
    var taken: [Int: LabelColumns.Row] = [:]
    var missing: [LabelColumns.Row] = []
    for row in columns.rows {
      switch index.find(row.file) {
      case .missing: missing.append(row)
      case .ambiguous(let one, let other):
        throw .empty(
          what: "\(table.path): line \(row.line): '\(printable(row.file))' may be \(printable(one)) or \(printable(other)); "
            + "name files by their paths in \(path)")
      case .found(let place):
        if row.label.isEmpty {
          leftOut.add(.rowsWithoutLabel, "\(table.path) line \(row.line)")
        } else if let before = taken[place] {
          guard before.label.utf8.elementsEqual(row.label.utf8) else {
            throw .empty(
              what: "\(table.path): '\(printable(row.file))' is '\(printable(before.label))' in line \(before.line) and "
                + "'\(printable(row.label))' in line \(row.line); a picture has one class")
          }
          leftOut.add(.repeatedRows, "\(table.path) line \(row.line)")
        } else {
          taken[place] = row
        }
      }
    }
    if let first = missing.first {
      guard Double(missing.count) <= table.missingShare * Double(columns.rows.count) else {
        throw .empty(
          what: "\(table.path): \(missing.count) of \(columns.rows.count) rows name pictures that are not in \(path) (line \(first.line): "
            + "'\(printable(first.file))'), and a share of \(table.missingShare) may be left out (--unreadable)")
      }
      leftOut.add(.missingPictures, "\(table.path) line \(first.line): \(first.file)", count: missing.count)
    }
    var classes: [String: ClassListing] = [:]
    for (place, picture) in scan.pictures.enumerated() {
      guard let label = taken[place]?.label else {
        leftOut.add(.withoutLabel, picture.path)
        continue
      }
      classes[label, default: ClassListing(label)].pictures.append(picture)
    }
    self.init(path, labelled: classes.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }, leftOut: leftOut)
  }
}

extension ClassListing {
  /// A class without a folder.
  fileprivate init(_ name: String) {
    self.init(name: name, path: "", pictures: [], leftOut: LeftOut(), hasOwnPictures: true, inner: [], mayRepeat: false)
  }
}
