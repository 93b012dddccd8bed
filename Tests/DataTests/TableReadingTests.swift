import GlissadeData
import TestSupport
import Testing

/// What the cells of tables are read as, and what is refused.
struct TableReadingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func path(_ text: String) throws -> String { try folder.put("t.csv", Array(text.utf8)) }

  private func refusal(_ body: () throws -> Void) throws -> String {
    do {
      try body()
      return "nothing"
    } catch { return "\(error)".replacing(folder.file("t.csv"), with: "t.csv") }
  }

  /// A column `x` of a line each beside a column of numbers.
  private func column(_ cells: [String], delimiter: String = ",") throws -> Table.Content {
    let text = "x\(delimiter)n\n" + cells.enumerated().map { "\($1)\(delimiter)\($0)\n" }.joined()
    return try #require(try Table(path: path(text)).column("x")).content
  }

  private func refusal(of cells: [String], delimiter: String = ",") throws -> String {
    try refusal { _ = try column(cells, delimiter: delimiter) }
  }

  @Test(arguments: [
    ("inf", "is infinite"), ("-Infinity", "is infinite"), ("1e400", "is beyond the range of numbers in double precision"),
    ("0x1F", "is a hexadecimal number"), ("\"1,234\"", "has a comma, for decimals or between thousands"),
    ("\"1,5\"", "has a comma for its decimals"), ("\"1,234,567.5\"", "has marks between its thousands"), ("12.5 %", "has a percent sign"),
    ("$4.50", "has a currency sign"), ("€ 1.234", "has a currency sign"), ("-£3", "has a currency sign"),
    ("12 kg", "is a number with a unit"),
    ("2024-02-29", "is a date"), ("#DIV/0!", "is a spreadsheet's error"), ("(12)", "is a number in brackets"), ("oops", "is no number"),
    ("−3", "has a minus sign that is no hyphen (U+2212)"), ("1.2.3", "is no number"), ("1 234", "has marks between its thousands"),
  ]) func aColumnIsNumbersButForACell(_ cell: String, _ objection: String) throws {
    let text = cell.replacing("\"", with: "")
    #expect(
      try refusal(of: ["1", "2.5", cell, "4"])
        == "t.csv: line 4: column 'x': '\(text)' \(objection), the only such value beside 3 numbers"
        + "\(cell.contains("\"") && !text.contains(".") ? "; others have a point, such as '2.5'" : "")"
        + "; write a plain number or nothing (a missing value), or --categorical x takes each value as a word, "
        + "or --ignore x leaves the column out")
  }

  @Test func oddCellsAreCounted() throws {
    #expect(
      try refusal(of: ["1", "2", "a", "3", "b"]).contains("line 4: column 'x': 'a' is no number, the first of 2 such values beside 3"))
    #expect(
      try refusal { _ = try Table(path: path("x,n,m\n1,1,a\n2,x,1\ny,2,2\n")) }.hasSuffix("leaves the column out; so it is with x, n"))
    // No plain number at all, but numbers all the same.
    #expect(try refusal(of: ["10%", "20%"]).contains("'10%' has a percent sign, the first of 2 such values; write"))
    #expect(
      try refusal { _ = try Table(path: path("x,y y\n1,2\n2,a\n3,4\n"), target: "y y") }.hasSuffix(
        "--categorical 'y y' takes each value as a word"))
  }

  @Test func wordsAmongWhichAreNumbers() throws {
    #expect(try column(["A12", "13", "B4"]) == .categories([0, 1, 2], words: ["A12", "13", "B4"]))
    #expect(
      try column(["S", "40", "M", "42"].flatMap { [$0, "L"] })
        == .categories([0, 1, 2, 1, 3, 1, 4, 1], words: ["S", "L", "40", "M", "42"]))
    // More different numbers than there may be classes are no words.
    let many = (0..<21).map { "\($0).5" } + [String](repeating: "pending", count: 30)
    #expect(try refusal(of: many).contains("line 23: column 'x': 'pending' is no number, the first of 30"))
    let declared = try Table(path: path("x,y\n1,1\n2,1\nb,2\n"), categorical: ["x"])
    #expect(declared.column("x")?.content == .categories([0, 1, 2], words: ["1", "2", "b"]))
  }

  @Test func missingValues() throws {
    let spellings = [
      "", " ", "NA", "n/a", "#N/A", "<NA>", "NaN", "nan", "-nan", "NULL", "null", "NaT", "\\N", "?", "None", "none", "nil", "missing", "-",
      "--",
      ".", "unknown", "1.#QNAN",
    ]
    guard case .numbers(let numbers) = try column(["1.5"] + spellings + ["2"]) else {
      Issue.record("no numbers")
      return
    }
    #expect(numbers.count { $0.isNaN } == spellings.count && numbers.first == 1.5 && numbers.last == 2)
    // Among words some of them are words.
    #expect(
      try column(["red", "none", "-", "NA", "None", "", "<NA>"]) == .categories([0, 1, 2, -1, -1, -1, -1], words: ["red", "none", "-"]))
    let declared = try Table(path: path("x,y\nNone,1\nred,2\nNA,1\n"), categorical: ["x"])
    #expect(declared.column("x")?.content == .categories([0, 1, -1], words: ["None", "red"]))
  }

  @Test(arguments: [
    "2024-01-31", "2024/1/31", "2024-01-31 12:30", "2024-01-31T12:30:05.25Z", "2024-01-31T12:30:05+01:00", "31.01.2024", "31/1/24",
    "01/31/2024",
    "12:30", "12:30:05", "5 Jan 2024", "Jan 5, 2024", "05-Jan-24", "March 2024", "Mon, 05 Jan 2024 12:00:00", "2024-01",
    "1/31/2024 3:05 PM",
  ]) func datesAreRefused(_ date: String) throws {
    let found = try refusal(of: ["\"\(date)\"", "\"\(date)\"", "NA"])
    #expect(found.hasPrefix("t.csv: line 2: column 'x': '\(date)' is a date, as 2 of 2 values are"))
    #expect(found.hasSuffix("or --categorical x takes each date as a word, or --ignore x leaves the column out"))
  }

  @Test(arguments: ["A2024-01-31", "1999-2000", "march", "12-345", "10:30:20:40", "may", "decline 5", "1.2.3.4"])
  func whatIsNoDate(_ word: String) throws { #expect(try column([word, word]) == .categories([0, 0], words: [word])) }

  @Test func aWordForEveryRowIsRefused() throws {
    let names = (0..<30).map { "Person \($0)" }
    #expect(
      try refusal(of: names)
        == "t.csv: line 2: column 'x': 30 different words in 30 rows, such as 'Person 0', say who a row is and nothing of "
        + "other rows; --ignore x leaves the column out; --categorical x takes them as categories all the same")
    #expect(
      try refusal(of: (0..<60).map { "\($0 / 2).5 kg" }).contains("'0.5 kg' and others are numbers with a unit: write the numbers alone"))
    #expect(try Table(path: path("x\n" + names.joined(separator: "\n") + "\n"), categorical: ["x"]).count == 30)
  }

  @Test func valuesKeepTheirDifferences() throws {
    guard case .numbers(let numbers) = try column(["1700000000", "1700000001", "16777217", "1e300"]) else {
      Issue.record("no numbers")
      return
    }
    #expect(numbers == [1_700_000_000, 1_700_000_001, 16_777_217, 1e300])
    let table = try Table(path: path("t,y\n" + (0..<8).map { "\(1_700_000_000 + $0),\(20_240_101 + $0).5\n" }.joined()))
    let (data, _) = try TableEncoding(of: table, rows: Array(0..<8), target: "y").samples(of: table)
    // Eight steps of the same size.
    let step = Float(1 / 5.25.squareRoot())
    for (index, pair) in zip(data.features, data.values).enumerated() {
      #expect(abs(pair.0 - (Float(index) - 3.5) * step) < 1e-6 && abs(pair.1 - pair.0) < 1e-6)
    }
  }

  @Test func classesKeepTheirText() throws {
    func classes(_ cells: [String]) throws -> [String]? {
      let table = try Table(path: path("x,y\n" + cells.enumerated().map { "\($0),\($1)\n" }.joined()), target: "y")
      let encoding = try TableEncoding(of: table, rows: Array(cells.indices), target: "y", task: .classification)
      if case .classes(_, let classes) = encoding.target { return classes }
      return nil
    }
    #expect(try classes(["20240102", "20240101", "20240103"]) == ["20240101", "20240102", "20240103"])
    #expect(try classes(["02", "1", "01", "2"]) == ["1", "02"])
    #expect(try classes(["1.0", "0.50", "1"]) == ["0.50", "1.0"])
    // Double precision takes the first two for the same.
    #expect(try classes(["9007199254740993", "9007199254740992", "5"]) == ["5", "9007199254740992", "9007199254740993"])
    // Another program writes the same number otherwise.
    let table = try Table(path: path("x,y\n1,01\n2,02\n"), target: "y")
    let encoding = try TableEncoding(of: table, rows: [0, 1], target: "y")
    let other = try Table(path: path("x,y\n1,2.0\n2,1\n"), kinds: encoding.kinds(), target: "y")
    #expect(try encoding.samples(of: other).data.labels == [1, 0])
  }

  @Test func largeIdentifiersAreNoNumbers() throws {
    let ids = (0..<30).map { "90071992547409\(93 + $0 % 2)\($0)" }
    #expect(try refusal(of: ids + ["9007199254740993", "9007199254740992"]).contains("whole numbers beyond 2^53"))
  }

  @Test func decimalCommas() throws {
    #expect(try column(["1,5", "2", "-0,25"], delimiter: ";") == .numbers([1.5, 2, -0.25]))
    // What 1,234 is, the file's other numbers say.
    let table = try Table(path: path("a;b\n1,234;0,5\n2,345;1,5\n"))
    #expect(table.hasDecimalCommas && table.column("a")?.content == .numbers([1.234, 2.345]))
    #expect(try refusal(of: ["1,234", "2,345"], delimiter: ";").contains("'1,234' has a comma, for decimals or between thousands"))
    #expect(try refusal(of: ["1.5", "2,5"], delimiter: ";").contains("line 3: column 'x': '2,5' has a comma for its decimals"))
    #expect(try refusal(of: ["1,5", "2,5", "x"], delimiter: ";").contains("line 4: column 'x': 'x' is no number"))
    // Nor is it known what 1.234 is in such a file.
    #expect(
      try refusal { _ = try Table(path: path("a;b\n1,5;1.234\n2,5;12.000\n")) }.contains(
        "'1.234' has a point, for decimals or between thousands"))
    #expect(try Table(path: path("a;b\n1,5;1.234\n2,5;0.5\n")).column("b")?.content == .numbers([1.234, 0.5]))
    let short = try Table(path: path("a;b\n1,234;2\n"), kinds: ["a": .numbers], prefersDecimalCommas: true)
    #expect(short.column("a")?.content == .numbers([1.234]))
  }

  @Test func columnsWithoutNames() throws {
    let pandas = try Table(path: path(",x,y\n7,1,a\n3,2,b\n0,3,a\n"))
    #expect(pandas.columns.map(\.name) == ["x", "y"] && pandas.remarks.count == 1 && pandas.remarks[0].contains("index=False"))
    let named = try Table(path: path(",x\na,1\nb,2\n"))
    #expect(named.columns.map(\.name) == ["column 1", "x"] && named.remarks[0].contains("--ignore 'column 1' leaves it out"))
    let trailing = try Table(path: path("x,y,\n1,2,\n3,4,\n"))
    #expect(trailing.columns.map(\.name) == ["x", "y"] && trailing.remarks == ["column 3 has neither a name nor values, and is left out"])
    #expect(try Table(path: path(",x\na,1\n"), ignored: ["column 1"]).columns.map(\.name) == ["x"])
  }

  @Test func firstLines() throws {
    func names(_ line: String) throws -> [String] {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map { _ in "a" }.joined(separator: ",")
      return try Table(path: path("\(line)\n\(cells)\n")).columns.map(\.name)
    }
    #expect(try names("0,1,2,label") == ["0", "1", "2", "label"])
    #expect(try Table(path: path(",0\na,1\n")).columns.map(\.name) == ["column 1", "0"])
    #expect(try names("country,1990,2000,2010") == ["country", "1990", "2000", "2010"])
    for line in ["5.1,3.5,1.4,0.2,Iris-setosa", "1,14.23,1.71", "63,1,yes", "3,5,yes", "1,2", "1e300,a", "-1e19,1e19", "1,male,yes", "0,a"]
    {
      #expect(try refusal { _ = try names(line) }.contains("line 1: the first line has to name the columns, and it holds numbers such as"))
    }
    #expect(try refusal { _ = try names("caf\u{e9},cafe\u{301}") }.contains("which only the composition of an accent tells apart"))
  }

  @Test func whatTheModelWasTrainedOnDecides() throws {
    let encoding = TableEncoding(
      inputs: [.number(name: "x", mean: 0, deviation: 1), .category(name: "k", words: ["1", "2"])],
      target: .classes(name: "y", classes: ["a", "b"]),
      missing: .refuse)
    let kinds = encoding.kinds(withTarget: false)
    #expect(kinds == ["x": .numbers, "k": .words])
    #expect(
      try refusal { _ = try Table(path: path("x,k\n0.18,1\n1.5,2\noops,1\nwrong,2\n"), kinds: kinds) }
        == "t.csv: line 4: column 'x': 'oops' is no number, and 1 more; the model was trained on numbers here")
    // What the model does not use may be anything.
    let table = try Table(path: path("when,x,k,y\n2024-01-01,1,1,\n2024-01-02,2,7,oops\n"), kinds: kinds)
    #expect(table.columns.map(\.name) == ["x", "k"])
    #expect(try encoding.features(of: table).features == [1, 1, 0, 2, 0, 0])
    #expect(
      encoding.losses(of: table, withTarget: false)
        == ["1 word that the training rows have not counts as no category, the first '7' in line 3 (column 'k')"])
    #expect(
      try refusal { _ = try encoding.features(of: Table(path: path("x,k\n1e39,1\n"), kinds: kinds)) }.contains("'x': 1e+39 is too far"))
  }

  @Test func whatBecameOfIt() throws {
    let rows = (0..<30).map { "\($0),\($0 % 3).5,\(["red", "blue"][$0 % 2]),1,\($0 == 4 ? "" : "1")\($0 % 2),c\($0 == 7 ? 9 : $0 % 2)\n" }
    let table = try Table(path: path("user_id,x,colour,same,z,y\n" + rows.joined()))
    let all = Array(0..<30)
    let encoding = try TableEncoding(of: table, rows: all, target: "y", missing: .drop)
    #expect(
      encoding.summary(ignored: ["a", "b"])
        == "columns: 4 of numbers (user_id, x, same, z); 1 of categories (colour 2); predicted is y, 3 classes (c0, c1, c9); left out: a, b"
    )
    let doubts = encoding.doubts(about: table, rows: all)
    #expect(doubts.count == 2)
    #expect(doubts.first?.hasPrefix("column 'user_id' has a whole number of its own in every row") == true)
    #expect(doubts.last == "column 'same' is the same in all rows that are trained on; --ignore same leaves it out")
    #expect(encoding.losses(of: table).isEmpty)
    #expect(encoding.rareClasses(in: table)?.hasSuffix("tested by nothing: c9") == true)
    let holes = try Table(path: path("x,k,y\n1,a,1.5\n,a,2.5\n3,,3.5\n"))
    let found = try TableEncoding(of: holes, rows: [0, 1, 2], target: "y", missing: .drop).losses(of: holes)
    #expect(found == ["2 of 3 rows lack a value and are left out, the first in line 3 (column 'x')"])
    let filled = try TableEncoding(of: holes, rows: [0, 1, 2], target: "y", missing: .mean).losses(of: holes)
    #expect(filled == ["2 missing values are filled with the mean, or no category, the first in line 3 (column 'x')"])
  }

  @Test func unitsBeyondSinglePrecisionAreTold() throws {
    let table = try Table(path: path("x,y\n1,1.5e300\n2,-2.5e300\n3,1e300\n"))
    let summary = try TableEncoding(of: table, rows: [0, 1], target: "y", task: .regression).summary()
    #expect(summary.hasSuffix("e+299, deviation 2e+300)"), "\(summary)")
  }

  @Test func valuesThatCrowdOthersAreNamed() throws {
    let table = try Table(
      path: path(
        "x,day,y\n" + (0..<40).map { "\($0 == 9 ? "1e39" : "\($0).5"),\(20_240_100 + $0 / 20 * 100 + $0 % 20 + 1),\($0 % 2)\n" }.joined()))
    let rows = Array(0..<40)
    let doubts = try TableEncoding(of: table, rows: rows, target: "y").doubts(about: table, rows: rows)
    #expect(
      doubts.contains { $0.hasPrefix("column 'x' has 1e+39 in line 11, beside which its other values are the same to single precision") })
    #expect(doubts.contains { $0.hasPrefix("column 'day' looks like dates written as 20240131") })
  }

  @Test func missingTargetsAreNamed() throws {
    let table = try Table(path: path("x,y\n1,a\n2,None\n3,b\n,a\n,b\n"))
    let rows = Array(0..<5)
    let found = try refusal { _ = try TableEncoding(of: table, rows: rows, target: "y", missing: .mean).samples(of: table) }
    #expect(
      found
        == "t.csv: line 3: column 'y': the value to be predicted is missing; --missing drop leaves such rows out of a training; --categorical y "
        + "takes 'None' as a word")
    let inputs = try refusal { _ = try TableEncoding(of: table, rows: [0, 2, 3, 4], target: "y").samples(of: table, rows: [0, 2, 3, 4]) }
    #expect(inputs.hasPrefix("t.csv: line 5: column 'x': a value is missing, and 1 more row lacks one; --missing drop leaves"))
    #expect(inputs.hasSuffix("--ignore x leaves the column out"))
  }

  @Test func everyClassIsTrainedOn() throws {
    // Class c has two rows, and one of them lacks a value; with each seed the other has to be among the training rows.
    var rows = (0..<40).map { "\($0),\($0 % 2 == 0 ? "a" : "b")" }
    rows += ["?,c", "7,c", "8,d"]
    let table = try Table(path: path("x,y\n" + rows.joined(separator: "\n") + "\n"))
    for seed in 0..<20 as Range<UInt64> {
      let split = try TableSplit(table, target: "y", validation: 0.3, seed: seed, missing: .drop)
      #expect(split.training.contains(41) && split.training.contains(42))
      #expect((split.training + split.validation + split.test).sorted() == Array(0..<43))
      #expect(split.training == split.training.sorted() && split.test == split.test.sorted())
      // What is for the test does not depend on what is held out besides.
      #expect(try TableSplit(table, target: "y", validation: 0, seed: seed, missing: .drop).test == split.test)
    }
    // Many numbers that are asked to be classes.
    let numbers = try Table(path: path("x,y\n" + (0..<50).map { "\($0),\($0 < 25 ? 0 : $0)\n" }.joined()))
    let split = try TableSplit(numbers, target: "y", validation: 0.2, seed: 1, task: .classification)
    #expect(Set(split.training).isSuperset(of: 25..<50))
    #expect(try !Set(TableSplit(numbers, target: "y", validation: 0.2, seed: 1, task: .regression).training).isSuperset(of: 25..<50))
  }
}
