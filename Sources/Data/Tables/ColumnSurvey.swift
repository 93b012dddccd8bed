import GlissadeFormats

/// What is in a column, counted while a file is read for the first time, and what the column is to be read as because of it.
struct ColumnSurvey {
  /// A cell that stands out.
  struct Find {
    let line: Int
    let text: String
    let cell: TableCell

    init(line: Int, text: String, cell: TableCell) {
      (self.line, self.cell) = (line, cell)
      // A message is to have room for what to do about it.
      self.text = printable(text, limit: 50)
    }
  }

  let name: String
  /// What was asked for; `nil` to decide by what is there.
  let wanted: Table.Kind?
  let isIgnored: Bool
  /// Whether it is what is to be predicted.
  let isTarget: Bool

  private(set) var numbers = 0
  private var pointed = 0
  /// Of those, such as cannot have a point between thousands.
  private var clearPoints = 0
  private var commas = 0
  private(set) var clearCommas = 0
  private var missing = 0
  private var missingNumbers = 0
  /// All else; how many of them were looked at closely, and what those were.
  private var others = 0
  private var lookedAt = 0
  private var oddNumbers = 0
  private var dates = 0
  private(set) var quantities = 0

  private var firstPointed: Find?
  private var firstComma: Find?
  private var firstOther: Find?
  /// Up to one more than may be classes.
  private var different: Set<Double> = []
  /// Whole numbers beyond 2⁵³ by their values in double precision, as digits; and where two have the same value.
  private var large: [Double: String] = [:]
  private(set) var collision: Find?

  /// Texts that were looked at closely.
  private var known: [String: TableCell] = [:]
  private static let mostKnown = 1000
  private static let mostLarge = 1 << 20

  init(name: String, wanted: Table.Kind?, isIgnored: Bool, isTarget: Bool) {
    self.isTarget = isTarget
    self.name = name
    self.wanted = wanted
    self.isIgnored = isIgnored
  }

  /// Values that are there, whatever they are.
  var present: Int { numbers + commas + others }
  var isEmpty: Bool { present + missingNumbers == 0 }
  var isPointed: Bool { pointed > 0 }

  mutating func add(_ field: String, line: Int) {
    if isIgnored || wanted == .words || wanted == .categories { return }
    let text = TableCell.trimmed(field)
    switch TableCell.plain(text) {
    case .number(let value)?:
      numbers += 1
      if text.utf8.contains(UInt8(ascii: ".")) {
        pointed += 1
        if !TableCell.isGroupedByPoints(text) { clearPoints += 1 }
        if firstPointed == nil { firstPointed = Find(line: line, text: text, cell: .number(value)) }
      }
      if different.count <= TableEncoding.mostNumericClasses { different.insert(value) }
      if value.magnitude >= 9_007_199_254_740_992, collision == nil { compare(value, text, line) }
    case .missing?: missing += 1
    case .missingNumber?: missingNumbers += 1
    case .commaNumber(let value, let isAmbiguous)?:
      commas += 1
      if !isAmbiguous { clearCommas += 1 }
      if firstComma == nil { firstComma = Find(line: line, text: text, cell: .commaNumber(value, isAmbiguous: isAmbiguous)) }
    default: look(at: text, line)
    }
  }

  private mutating func look(at text: String, _ line: Int) {
    others += 1
    guard let cell = known[text] ?? (known.count < Self.mostKnown ? TableCell.odd(text) : nil) else { return }
    known[text] = cell
    lookedAt += 1
    switch cell {
    case .oddNumber: oddNumbers += 1
    case .date: dates += 1
    case .quantity: quantities += 1
    default: break
    }
    if firstOther == nil { firstOther = Find(line: line, text: text, cell: cell) }
  }

  private mutating func compare(_ value: Double, _ text: String, _ line: Int) {
    guard large.count < Self.mostLarge, text.utf8.allSatisfy({ $0 != UInt8(ascii: ".") && $0 | 0x20 != UInt8(ascii: "e") }) else { return }
    let digits = String(text.drop { $0 == "+" || $0 == "-" || $0 == "0" })
    if let before = large.updateValue(digits, forKey: value), before != digits {
      collision = Find(line: line, text: text, cell: .number(value))
    }
  }

  // MARK: The decision

  /// What a column is read as.
  enum Reading: Equatable {
    case numbers(hasCommas: Bool)
    /// As it is written; `None` is a word where the column was declared.
    case words(isDeclared: Bool)
    case ignored
  }

  /// - Parameter fileHasCommas: whether the file's numbers have a comma for their decimals.
  /// - Returns: the reading, or the cell because of which there is none, with what to say of it.
  func reading(fileHasCommas: Bool) -> (reading: Reading?, fault: (find: Find, problem: String)?) {
    if isIgnored { return (.ignored, nil) }
    switch wanted {
    case .categories: return (.words(isDeclared: true), nil)
    case .words: return (.words(isDeclared: false), nil)
    case .numbers, nil: break
    }
    let hasCommas = fileHasCommas && commas > 0 && pointed == 0
    let (plain, odd) = (numbers + (hasCommas ? commas : 0), others + (hasCommas ? 0 : commas))
    if fileHasCommas, pointed > 0, clearPoints == 0, let first = firstPointed {
      let problem = "'\(first.text)' has a point, for decimals or between thousands, and other numbers of the file have decimal commas; "
      return (nil, (first, problem + "write a plain number, or \(remedy("each value"))"))
    }
    if odd == 0 {
      if wanted == nil, collision != nil { return (.words(isDeclared: false), nil) }
      return (.numbers(hasCommas: hasCommas), nil)
    }
    let finds = [hasCommas ? nil : firstComma, firstOther].compactMap { $0 }
    guard let first = finds.min(by: { $0.line < $1.line }) else { return (.words(isDeclared: false), nil) }
    if wanted == .numbers {
      let more = odd > 1 ? ", and \(odd - 1) more" : ""
      return (nil, (first, "'\(first.text)' \(first.cell.objection)\(more); the model was trained on numbers here"))
    }
    // What was not looked at is taken to be as what was.
    func likely(_ count: Int) -> Int { lookedAt == others ? count : Int(Double(count) / Double(max(lookedAt, 1)) * Double(others)) }
    if likely(dates) * 2 > present { return (nil, (first, dateProblem(likely(dates), first))) }
    let numberLike = plain + odd - others + likely(oddNumbers)
    let areNumbers = numberLike * 2 > present || different.count > TableEncoding.mostNumericClasses
    guard areNumbers else { return (.words(isDeclared: false), nil) }
    return (nil, (first, numberProblem(first, plain: plain, odd: odd)))
  }

  private func dateProblem(_ count: Int, _ first: Find) -> String {
    "'\(first.text)' \(first.cell.objection), as \(count) of \(present) values are, and dates are no numbers: "
      + "put what matters of them into columns of numbers (year, month, weekday, days since …), "
      + "or \(remedy("each date"))"
  }

  private func numberProblem(_ first: Find, plain: Int, odd: Int) -> String {
    let count = odd == 1 ? "the only such value" : "the first of \(odd) such values"
    let mixed = firstComma != nil && isPointed ? "; others have a point, such as '\(firstPointed?.text ?? "")'" : ""
    let beside = plain > 0 ? " beside \(plain) number\(plain == 1 ? "" : "s")" : ""
    return "'\(first.text)' \(first.cell.objection), \(count)\(beside)\(mixed); write a plain number or nothing (a missing value), "
      + "or \(remedy("each value"))"
  }

  private func remedy(_ what: String) -> String {
    "\(Table.option("--categorical", name)) takes \(what) as a word"
      + (isTarget ? "" : ", or \(Table.option("--ignore", name)) leaves the column out")
  }
}
