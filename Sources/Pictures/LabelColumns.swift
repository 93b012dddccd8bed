import GlissadeData
import GlissadeFormats

/// The rows of a table of labels, and which of its columns say what.
struct LabelColumns {
  struct Row {
    var line: Int
    var file: String
    var label: String
  }

  let rows: [Row]

  /// What people call such columns, letters and digits alone.
  private static let usualForFiles: Set = [
    "filename", "file", "filepath", "path", "image", "imageid", "imagename", "imagepath", "imagefile", "img", "imgid", "imgname", "imgpath",
    "id", "picture", "pictureid", "photo", "photoid", "name", "fname", "files", "images",
  ]
  private static let usualForLabels: Set = [
    "label", "labels", "class", "classes", "classname", "labelname", "category", "categoryname", "target", "targetname", "breed", "species",
    "variety", "diagnosis", "tag", "y", "groundtruth",
  ]

  /// - Parameters:
  ///   - table: the table.
  ///   - folder: where the pictures are, for messages.
  ///   - isPicture: whether a text names one of them.
  init(_ table: LabelTable, in folder: String, isPicture: (String) -> Bool) throws(DataError) {
    var records: [(line: Int, fields: [String])] = []
    do throws(FormatError) {
      var reader = try CSVReader(path: table.path, delimiter: try CSVReader.delimiter(path: table.path))
      while let fields = try reader.next() { records.append((reader.line, fields.map(Self.trimmed))) }
    } catch { throw .empty(what: "\(error)") }
    guard let first = records.first else {
      throw .empty(what: "\(table.path): it is empty, and a table of labels has a row for each picture")
    }
    // A header may be called as some picture, `name` as name.jpg.
    let hasHeader = !first.fields.contains { isPicture($0) && !Self.isUsual($0, Self.usualForFiles) }
    let names = hasHeader ? first.fields : first.fields.indices.map { "\($0 + 1)" }
    if hasHeader { records.removeFirst() }
    guard !records.isEmpty else { throw .empty(what: "\(table.path): it has no row but the header") }
    let columns = Columns(table: table, names: names, folder: folder)
    let file = try columns.file(records.prefix(1000).map(\.fields), isPicture)
    let label = try columns.label(beside: file)
    rows = records.map { Row(line: $0.line, file: $0.fields[file], label: $0.fields[label]) }
  }

  private struct Columns {
    let table: LabelTable
    let names: [String]
    let folder: String

    private func problem(_ text: String) -> DataError {
      .empty(what: "\(table.path): \(text); its columns are \(names.prefix(20).map { printable($0) }.joined(separator: ", "))")
    }

    private func isUsual(_ column: Int, _ usual: Set<String>) -> Bool {
      LabelColumns.isUsual(names[column], usual)
    }

    private func named(_ name: String) throws(DataError) -> Int {
      guard let place = names.firstIndex(of: name) else { throw problem("no column '\(printable(name))'") }
      return place
    }

    /// The column that names most pictures which are there.
    func file(_ records: [[String]], _ isPicture: (String) -> Bool) throws(DataError) -> Int {
      if let name = table.fileColumn { return try named(name) }
      let scores = names.indices.map { column in
        let found = records.reduce(0) { $0 + (isPicture($1[column]) ? 1 : 0) }
        let usual = isUsual(column, LabelColumns.usualForFiles) ? 0.5 : isUsual(column, LabelColumns.usualForLabels) ? -0.5 : 0
        return found == 0 ? -1 : Double(found) / Double(records.count) + usual
      }
      guard let best = scores.indices.max(by: { (scores[$0], -$0) < (scores[$1], -$1) }), scores[best] > -1 else {
        throw problem("no column names pictures in \(folder) (--file-column)")
      }
      return best
    }

    func label(beside file: Int) throws(DataError) -> Int {
      if let name = table.labelColumn { return try named(name) }
      let others = names.indices.filter { $0 != file }
      let usual = others.filter { isUsual($0, LabelColumns.usualForLabels) }
      if usual.count == 1 { return usual[0] }
      if usual.isEmpty, others.count == 1 { return others[0] }
      throw problem("which column has the classes has to be said (--label-column)")
    }
  }

  private static func isUsual(_ name: String, _ usual: Set<String>) -> Bool {
    usual.contains(name.lowercased().filter { $0.isLetter || $0.isNumber })
  }

  private static func trimmed(_ text: String) -> String {
    var scalars = text.unicodeScalars[...]
    while scalars.first == " " { scalars.removeFirst() }
    while scalars.last == " " { scalars.removeLast() }
    return String(scalars)
  }
}
