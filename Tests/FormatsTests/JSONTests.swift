import GlissadeFormats
import TestSupport
import Testing

@Suite struct JSONTests {
  private func parse(_ text: String) throws(JSONError) -> JSONValue { try JSONValue.parse(Array(text.utf8)) }

  @Test func parsesEveryKind() throws {
    let value = try parse(" {\"a\": [1, -2.5e3, true, false, null], \"b\\u00e9\\ud83d\\ude00\\n\": {} , \"c\": \"\"} ")
    #expect(value == ["a": [1, -2500.0, true, false, nil], "bé😀\n": [:], "c": ""])
    #expect(value["a"]?.arrayValue?.first?.integerValue == 1)
    #expect(value["d"] == nil)
    #expect(try parse("9223372036854775807") == .integer(.max))
    #expect(try parse("9223372036854775808") == .number(9_223_372_036_854_775_808))
    #expect(try parse("-0").doubleValue?.sign == .minus)
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "nul", "NaN", "-", "-NaN", "Infinity", "01",
    "1.",
    ".5", "1e", "1e+", "+1", "0x1", "1e999", "\"", "\"\\", "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"",
    "\"a\nb\"", "{} {}", "[]]", "{\"a\":1,\"a\":2}", "// no\n1", "'a'",
  ])
  func refuses(text: String) {
    #expect(throws: JSONError.self) { try parse(text) }
  }

  @Test func refusesBadEncodingAndDepth() throws {
    #expect(throws: JSONError.self) { try JSONValue.parse([0x22, 0xff, 0x22]) }
    #expect(throws: JSONError.self) { try JSONValue.parse([0x22, 0xed, 0xa0, 0x80, 0x22]) }
    #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    #expect(throws: JSONError.self) { try parse(String(repeating: "{\"a\":", count: 1_000_000)) }
    _ = try parse(String(repeating: "[", count: 100) + String(repeating: "]", count: 100))
  }

  @Test func saysWhere() {
    #expect(throws: JSONError.self) { try parse("[1, x]") }
    let error = #expect(throws: JSONError.self) { try parse("[1, x]") }
    #expect(error?.offset == 4)
  }

  @Test func writesStableText() {
    let value: JSONValue = ["z": 1, "a": [1.5, "q\"\\\u{1}\n", nil, [], [:]], "m": ["k": true]]
    #expect(value.text() == #"{"z":1,"a":[1.5,"q\"\\\u0001\n",null,[],{}],"m":{"k":true}}"#)
    #expect(
      value.text(pretty: true) == """
        {
          "z": 1,
          "a": [
            1.5,
            "q\\"\\\\\\u0001\\n",
            null,
            [],
            {}
          ],
          "m": {
            "k": true
          }
        }

        """)
  }

  @Test func numbersRoundTrip() throws {
    var state: UInt64 = 1
    for _ in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let double = Double(bitPattern: state)
      if double.isFinite {
        let read = try parse(JSONValue.number(double).text()).doubleValue
        #expect(read?.bitPattern == double.bitPattern)
      }
      let float = Float(bitPattern: UInt32(truncatingIfNeeded: state >> 32))
      if float.isFinite {
        let read = try parse(JSONValue.float(float).text()).doubleValue.map { Float($0) }
        #expect(read?.bitPattern == float.bitPattern)
      }
    }
    #expect(JSONValue.float(0.1).text() == "0.1")
  }

  @Test func nonFiniteNumbersRoundTrip() throws {
    let text = JSONValue.array([.number(.nan), .number(.infinity), .float(-.infinity)]).text()
    #expect(text == #"["NaN","Infinity","-Infinity"]"#)
    let read = try #require(try parse(text).arrayValue)
    #expect(read[0].doubleValue?.isNaN == true)
    #expect(read[1].doubleValue == .infinity && read[2].doubleValue == -.infinity)
  }

  @Test func files() throws {
    let folder = try TemporaryFolder()
    let value: JSONValue = ["loss": 0.25, "name": "größe"]
    try value.write(path: folder.file("a.json"))
    #expect(try JSONValue.read(path: folder.file("a.json")) == value)
    let path = try folder.put("bad.json", Array("{".utf8))
    let error = #expect(throws: FormatError.self) { try JSONValue.read(path: path) }
    #expect(error?.description.hasPrefix(path) == true)
    #expect(throws: FormatError(path: path, reason: .tooLong(bytes: 1, limit: 0))) { try JSONValue.read(path: path, limit: 0) }
    #expect(throws: FormatError.self) { try JSONValue.read(path: folder.path) }
  }
}
