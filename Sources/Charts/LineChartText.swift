extension LineChart {
  /// The chart in characters. Several curves share the dots; the legend below names them with where they end.
  /// - Parameters:
  ///   - columns: the width, at least 30.
  ///   - rows: of the curves, without axis and legend; at least 4.
  ///   - isUnicode: whether there may be more than ASCII: then a character has eight dots.
  public func text(columns: Int = 80, rows: Int = 16, isUnicode: Bool = true) -> String {
    let scales = scales(marks: (max(columns / 14, 2), max(rows / 3, 2)))
    let labels = scales.y.marks.map { ChartNumber.text($0) }
    let margin = (labels.map(\.count).max() ?? 0) + 1
    let width = max(columns, 30) - margin - 1
    let height = max(rows, 4)
    var dots = Dots(columns: width, rows: height, isUnicode: isUnicode)
    for each in series { for piece in pieces(each, scales) { dots.draw(piece) } }

    var lines = title.isEmpty ? [] : [title]
    var labelOfRow: [Int: String] = [:]
    for (mark, label) in zip(scales.y.marks, labels) {
      if let place = scales.y.place(mark) { labelOfRow[Int(((1 - place) * Double(height - 1)).rounded())] = label }
    }
    let wall = isUnicode ? ("│", "┤", "└", "─", "┬") : ("|", "+", "+", "-", "+")
    for row in 0..<height {
      let label = labelOfRow[row] ?? ""
      lines.append(String(repeating: " ", count: margin - label.count) + label + (label.isEmpty ? wall.0 : wall.1) + dots.line(row))
    }
    var (axis, under) = ([String](repeating: wall.3, count: width), [Character](repeating: " ", count: margin + 1 + width))
    for mark in scales.x.marks {
      guard let place = scales.x.place(mark) else { continue }
      let column = Int((place * Double(width - 1)).rounded())
      axis[column] = wall.4
      let text = ChartNumber.text(mark)
      let start = min(max(margin + 1 + column - text.count / 2, 0), under.count - text.count)
      // Marks that would touch are left out.
      guard start >= 0, under[max(start - 1, 0)..<min(start + text.count + 1, under.count)].allSatisfy({ $0 == " " }) else { continue }
      for (offset, character) in text.enumerated() { under[start + offset] = character }
    }
    lines.append(String(repeating: " ", count: margin) + wall.2 + axis.joined())
    lines.append(String(under))
    lines.append(String(repeating: " ", count: margin + 1) + "x: \(x.label), y: \(y.label)")
    if series.count > 1 {
      for each in series {
        let last = each.points.last { $0.y.isFinite }
        lines.append(
          String(repeating: " ", count: margin + 1) + each.name + (last.map { ": ends at \(ChartNumber.text($0.y))" } ?? ": no values"))
      }
    }
    return lines.map { line in
      var line = line
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n") + "\n"
  }
}

/// Dots in a grid of characters: braille has two by four in each.
private struct Dots {
  private let (columns, rows, isUnicode): (Int, Int, Bool)
  private let (across, down): (Int, Int)
  private var cells: [UInt8]

  init(columns: Int, rows: Int, isUnicode: Bool) {
    (self.columns, self.rows, self.isUnicode) = (columns, rows, isUnicode)
    (across, down) = isUnicode ? (2, 4) : (1, 1)
    cells = [UInt8](repeating: 0, count: columns * rows)
  }

  private mutating func set(_ x: Int, _ y: Int) {
    let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
    let cell = y / down * columns + x / across
    if cells.indices.contains(cell) { cells[cell] |= bits[y % down][x % across] }
  }

  /// Joins points by straight lines.
  mutating func draw(_ points: [(x: Double, y: Double)]) {
    let (width, height) = (Double(columns * across - 1), Double(rows * down - 1))
    var last: (x: Double, y: Double)?
    for point in points {
      let here = (x: point.x * width, y: (1 - point.y) * height)
      let from = last ?? here
      let count = max(Int(max(abs(here.x - from.x), abs(here.y - from.y)).rounded(.up)), 1)
      for step in 0...count {
        let share = Double(step) / Double(count)
        set(Int((from.x + (here.x - from.x) * share).rounded()), Int((from.y + (here.y - from.y) * share).rounded()))
      }
      last = here
    }
  }

  func line(_ row: Int) -> String {
    String(
      String.UnicodeScalarView(
        cells[row * columns..<(row + 1) * columns].map { cell in
          cell == 0 ? " " : isUnicode ? Unicode.Scalar(0x2800 + UInt16(cell)) ?? "*" : "*"
        }))
  }
}
