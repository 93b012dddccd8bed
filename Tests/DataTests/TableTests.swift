import GlissadeData
import TestSupport
import Testing

struct TableTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func path(_ text: String) throws -> String { try folder.put("t.csv", Array(text.utf8)) }

  private func table(_ text: String, categorical: Set<String> = [], ignored: Set<String> = []) throws -> Table {
    try Table(path: path(text), categorical: categorical, ignored: ignored)
  }

  private let separators = "columns are separated by commas, semicolons, tabs, vertical bars, or what --delimiter says"

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing"
    } catch { return "\(error)".replacingPrefix(folder.file("t.csv"), with: "t.csv") }
  }

  @Test func columns() throws {
    let table = try table("size, colour ,code\n1.5,red,7\n-2e1, blue,8\n\n?,red,NA\n", categorical: ["code"])
    #expect(table.count == 3)
    #expect(table.columns.map(\.name) == ["size", "colour", "code"])
    guard case .numbers(let sizes) = table.columns[0].content else {
      Issue.record("size is not numeric")
      return
    }
    #expect(sizes.prefix(2) == [1.5, -20] && sizes[2].isNaN)
    #expect(table.columns[1].content == .categories([0, 1, 0], words: ["red", "blue"]))
    #expect(table.columns[2].content == .categories([0, 1, -1], words: ["7", "8"]))
    #expect(table.lines == [2, 3, 5])
    #expect(try self.table("a,b\n1,x\n", ignored: ["b"]).columns.map(\.name) == ["a"])
    #expect(try self.table("a,b\n1e99,1\n2,1\n").columns[0].content == .numbers([1e99, 2]))
  }

  /// Lines are no names: what identifies samples goes by those, and they would be others after a line put in front.
  @Test func samplesAreFoundByTheirLines() throws {
    let table = try table("a,y\n1,2.5\n\n3,\n4,7.5\n")
    let data = try TableEncoding(of: table, rows: [0, 2], target: "y", missing: .drop).samples(of: table).data
    #expect(data.place(ofSample: 0) == "\(table.path):2" && data.place(ofSample: 1) == "\(table.path):5")
    #expect(data.place(ofSample: 2) == nil && data.name(ofSample: 0) == nil)
    #expect(try data.subset([1]).place(ofSample: 0) == "\(table.path):5")
    #expect(throws: DataError.wrongSize(what: "lines of x", found: 1, expected: 2)) { try data.placed(in: "x", lines: [2]) }
  }

  @Test func refusedTables() throws {
    #expect(message { _ = try table("") } == "t.csv: an empty file, which is no table")
    #expect(message { _ = try table("a,b\n") } == "t.csv: a table without rows")
    #expect(message { _ = try table("a,a\n1,2\n") } == "t.csv: line 1: column 'a': columns 1 and 2 have this name")
    #expect(
      message { _ = try table("1,2\n3,4\n") } == "t.csv: line 1: the first line has to name the columns, and it holds numbers such as '1'")
    #expect(message { _ = try table("a,b\n1,2\n3\n") } == "t.csv: cannot be read: line 3: 1 field where the first line has 2")
    #expect(message { _ = try table("a\n1\n", ignored: ["c"]) } == "t.csv: column 'c': there is no such column; there are a; \(separators)")
    var limits = Table.Limits()
    limits.words = 2
    #expect(
      message { _ = try Table(path: path("a\nx\ny\nx\nz\n"), limits: limits) }
        == "t.csv: line 5: column 'a': more than 2 different words; --ignore a leaves the column out")
    limits.values = 3
    #expect(message { _ = try Table(path: path("a,b\n1,2\n3,4\n"), limits: limits) }.contains("more than 3 values"))
  }

  @Test func encodings() throws {
    let table = try table("x,kind,y\n1,b,10\n3,a,20.5\n5,b,30\n100,c,1000\n")
    // The last row is not trained on: it moves no mean, and its word is unknown.
    let encoding = try TableEncoding(of: table, rows: [0, 1, 2], target: "y")
    let deviation = (8.0 / 3).squareRoot()
    #expect(
      encoding.inputs == [.number(name: "x", mean: 3, deviation: deviation), .category(name: "kind", words: ["a", "b"])])
    #expect(encoding.target.name == "y" && encoding.width == 3)
    let (data, rows) = try encoding.samples(of: table)
    #expect(rows == [0, 1, 2, 3] && data.sampleShape == [3] && data.targets == .values(names: ["y"]))
    #expect(data.features == ([-2 / deviation, 0, 1, 0, 1, 0, 2 / deviation, 0, 1, 97 / deviation, 0, 0] as [Double]).map { Float($0) })
    guard case .value(_, let mean, let spread) = encoding.target else {
      Issue.record("no regression")
      return
    }
    #expect(abs(mean - 20.166666) < 1e-5)
    #expect(zip(data.values, [10, 20.5, 30, 1000] as [Double]).allSatisfy { abs(Double($0) * spread + mean - $1) < 1e-3 })
  }

  @Test func tasksFollowFromTargets() throws {
    let table = try table("x,n,f,w\n1,2,0.5,no\n2,10,1.5,yes\n3,2,2.5,no\n")
    let rows = [0, 1, 2]
    #expect(try TableEncoding(of: table, rows: rows, target: "n").target == .classes(name: "n", classes: ["2", "10"]))
    #expect(try TableEncoding(of: table, rows: rows, target: "w").target == .classes(name: "w", classes: ["no", "yes"]))
    if case .classes = try TableEncoding(of: table, rows: rows, target: "f").target { Issue.record("fractions as classes") }
    if case .classes = try TableEncoding(of: table, rows: rows, target: "n", task: .regression).target { Issue.record("not asked for") }
    let data = try TableEncoding(of: table, rows: rows, target: "n").samples(of: table).data
    #expect(data.labels == [0, 1, 0] && data.classNames == ["2", "10"])
    #expect(
      message { _ = try TableEncoding(of: table, rows: rows, target: "w", task: .regression) }
        == "t.csv: column 'w': it holds words such as 'no', and regression needs numbers")
    #expect(message { _ = try TableEncoding(of: table, rows: rows, target: "z") }.contains("there are x, n, f, w"))
    #expect(message { _ = try TableEncoding(of: table, rows: [0, 2], target: "w") }.contains("it has 1 class, and"))
    let same = try self.table("x,y\n1,2.5\n2,2.5\n3,4.5\n")
    #expect(
      message { _ = try TableEncoding(of: same, rows: [0, 1], target: "y") }
        == "t.csv: column 'y': it is the same in all rows that are trained on, so nothing is to be learnt")
    let only = try self.table("a\n1\n2\n")
    #expect(message { _ = try TableEncoding(of: only, rows: [0, 1], target: "a") }.contains("it is the only column"))
  }

  @Test func missingValues() throws {
    let table = try table("x,k,y\n1,a,p\n,b,q\n3,,p\n5,b,q\n")
    let all = [0, 1, 2, 3]
    let refusing = try TableEncoding(of: table, rows: all, target: "y")
    #expect(message { _ = try refusing.samples(of: table) }.hasPrefix("t.csv: line 3: column 'x': a value is missing"))
    let dropping = try TableEncoding(of: table, rows: all, target: "y", missing: .drop).samples(of: table)
    #expect(dropping.rows == [0, 3] && dropping.data.labels == [0, 1])
    let filling = try TableEncoding(of: table, rows: all, target: "y", missing: .mean).samples(of: table)
    #expect(filling.rows == all)
    // The mean is 0 when standardised, and a missing word is none of the words.
    #expect(filling.data.features[3] == 0 && filling.data.features[7...8] == [0, 0])
    let holes = try self.table("x,y\n1,p\n2,q\n3,\n")
    let encoding = try TableEncoding(of: holes, rows: [0, 1, 2], target: "y", missing: .mean)
    #expect(
      message { _ = try encoding.samples(of: holes) }
        == "t.csv: line 4: column 'y': the value to be predicted is missing; --missing drop leaves such rows out of a "
        + "training")
    let empty = try self.table("x,y\n,p\n,q\n")
    #expect(message { _ = try TableEncoding(of: empty, rows: [0, 1], target: "y") }.contains("'x': it has no values in the rows"))
  }

  @Test func otherTables() throws {
    let encoding = try TableEncoding(of: try table("x,k,y\n1,a,p\n2,b,q\n"), rows: [0, 1], target: "y")
    #expect(try encoding.samples(of: try table("y,more,k,x\nq,1,b,2\n")).data.labels == [1])
    // To predict, the target need not be there; values that a model needs do.
    let (features, rows) = try encoding.features(of: try table("k,x\nb,2\na,1\n"))
    #expect(features == [1, 0, 1, -1, 1, 0] && rows == [0, 1])
    #expect(
      message { _ = try encoding.features(of: try table("k,x\nb,2\na,\n")) }.hasPrefix("t.csv: line 3: column 'x': a value is missing"))
    #expect(
      message { _ = try encoding.samples(of: try table("y,k\nq,b\n")) }
        == "t.csv: column 'x': the model needs this column, and it is not there")
    #expect(
      message { _ = try encoding.samples(of: try table("x,k,y\n1,a,r\n")) }
        == "t.csv: line 2: column 'y': the class 'r' is not among those that were trained on: p, q")
    #expect(
      message { _ = try encoding.samples(of: try table("x,k,y\nw,a,p\n")) }
        .contains("line 2: column 'x': the model was trained on numbers"))
  }

  @Test func aChangedLineEndsNothing() throws {
    // Line breaks in a name must not break the message's line.
    #expect(!message { _ = try table("\"a\nb\",\"a\nb\"\n1,2\n") }.contains("\n"))
  }
}

extension String {
  fileprivate func replacingPrefix(_ prefix: String, with other: String) -> String {
    hasPrefix(prefix) ? other + dropFirst(prefix.count) : self
  }
}
