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
    for (row, place) in try index.places(of: columns.rows, in: table, folder: path, &leftOut) {
      if row.label.isEmpty {
        leftOut.add(.rowsWithoutLabel, "\(table.path) line \(row.line)")
      } else if let before = taken[place] {
        guard before.label.utf8.elementsEqual(row.label.utf8) else {
          throw .empty(
            what: "\(table.path): '\(printable(row.file))' is '\(printable(before.label))' in line \(before.line) and "
              + "'\(printable(row.label))' in line \(row.line); a picture has one class, unless --multi-label gives it any number of labels"
          )
        }
        leftOut.add(.repeatedRows, "\(table.path) line \(row.line)")
      } else {
        taken[place] = row
      }
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
