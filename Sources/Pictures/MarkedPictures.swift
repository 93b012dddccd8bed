import GlissadeData
import GlissadeFormats

/// Pictures in a folder, at any depth, each with any number of labels, as a table says.
struct MarkedPictures {
  let pictures: PictureList
  let leftOut: LeftOut

  /// - Parameters:
  ///   - path: the folder.
  ///   - table: what labels they have.
  ///   - known: the labels that a model knows, in its order; `nil` for those of the table.
  ///   - chosen: only these of the table's, in this order.
  ///   - ignoresOthers: whether labels that a model does not know are passed over rather than refused.
  /// - Throws: `DataError` where the table or the folder cannot be read, or they do not fit together.
  init(
    _ path: String, labels table: LabelTable, known: [String]? = nil, choosing chosen: [String]? = nil, ignoresOthers: Bool = false
  ) throws(DataError) {
    try FolderListing.check(path)
    let scan = try FolderScan(path)
    let index = PictureIndex(scan, in: path, table: table.path)
    let columns = try LabelColumns(table, in: path) { if case .found = index.find($0) { true } else { false } }
    var leftOut = scan.leftOut
    let found = try index.places(of: columns.rows, in: table, folder: path, &leftOut)
    // A picture that stands in several rows has the labels of all of them.
    var taken: [Int: (line: Int, labels: Set<String>)] = [:]
    for (row, place) in found {
      if let before = taken[place] {
        if columns.names != nil, before.labels != Set(row.labels) {
          throw .empty(
            what: "\(table.path): '\(printable(row.file))' has other labels in line \(row.line) than in line \(before.line)")
        }
        taken[place] = (before.line, before.labels.union(row.labels))
      } else {
        taken[place] = (row.line, Set(row.labels))
      }
    }
    let all = columns.names ?? Set(columns.rows.flatMap(\.labels)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let names = known ?? chosen ?? all
    guard !names.isEmpty else { throw .empty(what: "\(table.path): no picture has a label") }
    func list(_ names: [String]) -> String {
      names.prefix(20).map { printable($0) }.joined(separator: ", ") + (names.count > 20 ? ", …" : "")
    }
    if known == nil, let absent = names.first(where: { !all.contains($0) }) {
      throw .empty(what: "\(table.path): no label '\(printable(absent))'; there are \(list(all))")
    }
    if let known, !ignoresOthers, let other = all.first(where: { !known.contains($0) }) {
      throw .empty(what: "\(table.path): the label '\(printable(other))' is none of the model's: \(list(known))")
    }
    let place = Dictionary(names.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
    var (paths, marks) = ([String](), [Float]())
    for (number, picture) in scan.pictures.enumerated() {
      guard let labels = taken[number]?.labels else {
        leftOut.add(.withoutLabel, picture.path)
        continue
      }
      paths.append(picture.path)
      var own = [Float](repeating: 0, count: names.count)
      for label in labels { if let place = place[label] { own[place] = 1 } }
      marks += own
    }
    guard !paths.isEmpty else { throw .empty(what: "\(table.path): none of its rows names a picture in \(path)") }
    pictures = PictureList(paths, Array(repeating: 0, count: paths.count), names, marks: marks)
    self.leftOut = leftOut
  }
}

extension PictureIndex {
  /// Where the rows of a table have their pictures; those that have none are counted, and too many of them are an error.
  func places(
    of rows: [LabelColumns.Row], in table: LabelTable, folder path: String, _ leftOut: inout LeftOut
  ) throws(DataError) -> [(row: LabelColumns.Row, place: Int)] {
    var found: [(row: LabelColumns.Row, place: Int)] = []
    var missing: [LabelColumns.Row] = []
    for row in rows {
      switch find(row.file) {
      case .missing: missing.append(row)
      case .ambiguous(let one, let other):
        throw .empty(
          what: "\(table.path): line \(row.line): '\(printable(row.file))' may be \(printable(one)) or \(printable(other)); "
            + "name files by their paths in \(path)")
      case .found(let place): found.append((row, place))
      }
    }
    if let first = missing.first {
      guard Double(missing.count) <= table.missingShare * Double(rows.count) else {
        throw .empty(
          what: "\(table.path): \(missing.count) of \(rows.count) rows name pictures that are not in \(path) (line \(first.line): "
            + "'\(printable(first.file))'), and a share of \(table.missingShare) may be left out (--unreadable)")
      }
      leftOut.add(.missingPictures, "\(table.path) line \(first.line): \(first.file)", count: missing.count)
    }
    return found
  }
}
