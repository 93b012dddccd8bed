import GlissadeData
import GlissadeFormats

/// The rows of a table of labels, and which of its columns say what.
struct LabelColumns {
  struct Row {
    var line: Int
    var file: String
    /// The class.
    var label: String
    /// Where a picture has any number of labels, those that the row says.
    var labels: [String] = []
  }

  let rows: [Row]
  /// The labels, where each has a column of its own, in their order.
  private(set) var names: [String]?

  /// What people call such columns, letters and digits alone.
  fileprivate static let usualForFiles: Set = [
    "filename", "file", "filepath", "path", "image", "imageid", "imagename", "imagepath", "imagefile", "img", "imgid", "imgname", "imgpath",
    "id", "picture", "pictureid", "photo", "photoid", "name", "fname", "files", "images",
  ]
  fileprivate static let usualForLabels: Set = [
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
    guard !table.takesSeveral else {
      (rows, self.names) = try columns.marks(beside: file, records)
      return
    }
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
      guard let place = names.firstIndex(of: name) else {
        let areSeveral = !table.takesSeveral && (NameText.names(name) ?? []).allSatisfy(names.contains) && name.contains(",")
        throw problem(
          "no column '\(printable(name))'"
            + (areSeveral ? "; with --multi-label it names several labels, each with a column of 1 and 0" : ""))
      }
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

    /// Which labels each row says, and, where these have columns of their own, all of them.
    func marks(
      beside file: Int, _ records: [(line: Int, fields: [String])]
    ) throws(DataError) -> (rows: [Row], names: [String]?) {
      if let several = try severalColumns(beside: file, records) {
        var rows: [Row] = []
        for record in records {
          var row = Row(line: record.line, file: record.fields[file], label: "")
          for column in several {
            guard let mark = Self.mark(record.fields[column]) else {
              throw .empty(
                what:
                  "\(table.path): line \(record.line): column '\(printable(names[column]))': '\(printable(record.fields[column]))' is neither "
                  + "1 nor 0, and a label that has a column of its own is one of these")
            }
            if mark { row.labels.append(names[column]) }
          }
          rows.append(row)
        }
        return (rows, several.map { names[$0] })
      }
      let column = try label(beside: file)
      if !records.isEmpty, records.allSatisfy({ Self.mark($0.fields[column]) != nil }) {
        throw problem(
          "column '\(printable(names[column]))' has nothing but 1 and 0; labels that have a column each are named together, as in "
            + "--label-column cat,dog, and a list has the names of labels")
      }
      let bytes = table.separator.map { [$0] } ?? Array(";|,".utf8)
      let separator = bytes.first { byte in records.contains { $0.fields[column].utf8.contains(byte) } }
      let rows = records.map { record in
        let parts =
          separator.map { byte in record.fields[column].utf8.split(separator: byte).map { String($0) ?? "" } } ?? [record.fields[column]]
        return Row(
          line: record.line, file: record.fields[file], label: "", labels: parts.map(LabelColumns.trimmed).filter { !$0.isEmpty })
      }
      return (rows, nil)
    }

    /// The columns that labels have of their own, if they have any.
    private func severalColumns(beside file: Int, _ records: [(line: Int, fields: [String])]) throws(DataError) -> [Int]? {
      if let name = table.labelColumn {
        guard !names.contains(name), let several = NameText.names(name), several.count > 1 else { return nil }
        var columns: [Int] = []
        for name in several {
          let column = try named(name)
          guard column != file, !columns.contains(column) else {
            throw problem("'\(printable(name))' is named twice among labels and files")
          }
          columns.append(column)
        }
        return columns
      }
      let others = names.indices.filter { $0 != file }
      guard others.count > 1, !others.contains(where: { isUsual($0, LabelColumns.usualForLabels) }) else { return nil }
      guard records.allSatisfy({ record in others.allSatisfy { Self.mark(record.fields[$0]) != nil } }) else { return nil }
      for (place, column) in others.enumerated() {
        if names[column].isEmpty { throw problem("a column of labels has no name") }
        if others[..<place].contains(where: { names[$0] == names[column] }) {
          throw problem("two columns of labels are called '\(printable(names[column]))'")
        }
      }
      return others
    }

    private static func mark(_ text: String) -> Bool? {
      switch Double(text) {
      case 1: true
      case 0: false
      default: nil
      }
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

  fileprivate static func isUsual(_ name: String, _ usual: Set<String>) -> Bool {
    usual.contains(name.lowercased().filter { $0.isLetter || $0.isNumber })
  }

  fileprivate static func trimmed(_ text: String) -> String {
    var scalars = text.unicodeScalars[...]
    while scalars.first == " " { scalars.removeFirst() }
    while scalars.last == " " { scalars.removeLast() }
    return String(scalars)
  }
}
