import GlissadeFormats
import TestSupport
import Testing

struct CSVReaderTests {
  private func records(_ text: String) throws -> [[String]] {
    let folder = try TemporaryFolder()
    var reader = try CSVReader(path: try folder.put("a.csv", Array(text.utf8)))
    var records: [[String]] = []
    while let record = try reader.next() { records.append(record) }
    return records
  }

  private func refusal(_ bytes: [UInt8]) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.put("a.csv", bytes)
    do throws(FormatError) {
      var reader = try CSVReader(path: path)
      while try reader.next() != nil {}
      return "nothing"
    } catch { return String(error.description.dropFirst(path.count + 2)) }
  }

  @Test func fieldsAndRecords() throws {
    #expect(try records("a,b\n1,2\n") == [["a", "b"], ["1", "2"]])
    #expect(try records("a,b\r\n1,2") == [["a", "b"], ["1", "2"]])
    #expect(try records("\u{feff}a, b \n,\n") == [["a", " b "], ["", ""]])
    #expect(try records("a\n\n\r\n1\n") == [["a"], ["1"]])
    #expect(try records("") == [])
    #expect(try records("a,b,\n1,2,") == [["a", "b", ""], ["1", "2", ""]])
    #expect(try records("\"\"\n\"\"") == [[""], [""]])
    #expect(try records("\"a,\"\"b\"\"\",\"c\nd\r\ne\"\r\n\"\",é\n") == [["a,\"b\"", "c\nd\r\ne"], ["", "é"]])
  }

  @Test func whatIsWrittenIsRead() throws {
    let rows = [["plain", "with,comma"], ["with \"quotes\"", "two\nlines"], ["", "\r\n"], ["'", "ü"]]
    #expect(try records(rows.map(CSV.row).joined()) == rows)
  }

  @Test func refusals() throws {
    #expect(try refusal(Array("a,b\n1,2\n3\n".utf8)) == "line 3: 1 field where the first line has 2")
    #expect(try refusal(Array("a,b\n1,2,3\n".utf8)).hasPrefix("line 2: 3 fields where the first line has 2; a field that holds"))
    #expect(try refusal(Array("a\n\"x\ny\"\n\"z".utf8)) == "line 4: a quote that is never closed")
    #expect(try refusal(Array("a\nx\"y\n".utf8)) == "line 2: a quote within a field that does not begin with one")
    #expect(try refusal(Array("a\n\"x\"y\n".utf8)) == "line 2: text behind a closing quote")
    #expect(try refusal(Array("a\rb\n".utf8)).hasPrefix("line 1: a carriage return without a line feed; where all lines end so"))
    #expect(try refusal(Array("a,b\n1,".utf8) + [0xff, 0x0a]).hasPrefix("line 2: field 2: text that is not UTF-8; iconv -f WINDOWS-1252"))
    #expect(try refusal(Array("a\n\0\n".utf8)).hasPrefix("line 2: field 1: a zero byte"))
    #expect(try refusal([0xff, 0xfe] + Array("a".utf8) + [0]).hasPrefix("UTF-16 text, and tables are UTF-8"))
    #expect(try refusal([0x50, 0x4b, 3, 4, 20]).hasPrefix("a ZIP archive, as spreadsheets"))
    #expect(try refusal([UInt8](repeating: UInt8(ascii: ","), count: CSVReader.mostFields + 1)).contains("more than 65536 fields"))
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: CSVReader.longestField + 1)
    #expect(try refusal(long).contains("more than 1048576 bytes"))
    #expect(try refusal([UInt8(ascii: "\"")] + long).contains("more than 1048576 bytes"))
  }

  private func delimiter(_ text: String, preferring preferred: Unicode.Scalar? = nil) throws -> Unicode.Scalar {
    let folder = try TemporaryFolder()
    let path = try folder.put("a.csv", Array(text.utf8))
    return Unicode.Scalar(try CSVReader.delimiter(path: path, preferring: preferred.map { UInt8(ascii: $0) }))
  }

  @Test func delimitersAreFound() throws {
    #expect(try delimiter("a,b\n1,2\n") == ",")
    #expect(try delimiter("a;b\n1,5;2\n") == ";")
    #expect(try delimiter("a\tb\n1\t2,5\n") == "\t")
    #expect(try delimiter("a|b\n1|2\n") == "|")
    #expect(try delimiter("\"a;b;c\",d\n\"x;y\",1\n") == ",")
    // The lines are not alike by either, and the first tells.
    #expect(try delimiter("a;b\n1;2\n3\n") == ";")
    #expect(try delimiter("a b\n1 2\n") == "," && delimiter("") == ",")
    #expect(try delimiter("a:b\n1:2\n", preferring: ":") == ":" && delimiter("a,b\n1,2\n", preferring: ":") == ",")
    #expect(try delimiter("sep=;\r\na;b,c,d\n1;2,3,4\n") == ";")
    let folder = try TemporaryFolder()
    var reader = try CSVReader(path: try folder.put("a.csv", Array("sep=|\na|\"b|c\"\n".utf8)), delimiter: UInt8(ascii: "|"))
    #expect(try reader.next() == ["a", "b|c"] && reader.line == 2)
  }

  @Test func linesAreCounted() throws {
    let folder = try TemporaryFolder()
    var reader = try CSVReader(path: try folder.put("a.csv", Array("a\n\n\"x\ny\"\nz\n".utf8)))
    var lines: [Int] = []
    while try reader.next() != nil { lines.append(reader.line) }
    #expect(lines == [1, 3, 5])
    #expect(throws: FormatError.self) { try CSVReader(path: "/no/such/file") }
    #expect(throws: FormatError.self) { try CSVReader(path: "/tmp") }
  }
}
