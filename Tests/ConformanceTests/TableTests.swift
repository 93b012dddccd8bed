import Foundation
import TestSupport
import Testing

/// The table in `docs/conformance.md`, from results as the conformance program and `Scripts/implementations.sh` leave them.
struct TableTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  private static let begin = "<!-- made by make conformance-table -->\n"
  private static let end = "<!-- until here -->\n"

  private static func device(_ name: String, _ style: String, failed: Int) -> String {
    """
    {"device": "opencl:0.0", "name": "\(name)", "kind": "cpu", "platform": "P", "driver": "3.1", "style": "\(style)", "cases": 610,
     "failed": \(failed), "seconds": 61.4}
    """
  }

  private func written(_ files: [String: String], page: String) throws -> (status: Int32, page: String) {
    let folder = try TemporaryFolder()
    for (name, text) in files { _ = try folder.put(name, Array(text.utf8)) }
    _ = try folder.put("page.md", Array(page.utf8))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", Self.root + "/Scripts/conformance-table.py", folder.path, folder.file("page.md")]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: try folder.get("page.md"), as: UTF8.self))
  }

  private func results(devices: [String], notTested: String = "", isComplete: Bool = true) -> String {
    #"{"complete": \#(isComplete), "devices": [\#(devices.joined(separator: ", "))], "not_tested": [\#(notTested)]}"#
  }

  @Test func rowsSayWhatPassedAndTheTextAroundThemStays() throws {
    let outcome = try written(
      [
        "pocl.json": results(devices: [Self.device("A|B", "cpu", failed: 0), Self.device("A|B", "gpu", failed: 2)]),
        "pocl.cpu.lenet": "2.0 2.0 1.25 3.5\n", "pocl.gpu.lenet": "2.0 failed: no memory\n",
        "intel.json": results(devices: [], notTested: #""opencl:0.0 (X): too small""#, isComplete: false),
      ], page: "before\n\(Self.begin)old\n\(Self.end)after\n")
    #expect(outcome.status == 0)
    #expect(outcome.page.hasPrefix("before\n\(Self.begin)") && outcome.page.hasSuffix("\(Self.end)after\n"))
    #expect(!outcome.page.contains("old"))
    let rows = outcome.page.split(separator: "\n").filter { $0.hasPrefix("| PoCL") || $0.hasPrefix("| Intel") }
    #expect(
      rows == [
        #"| PoCL | 3.1 | A\|B | CPU | 610 | none | 61 s | the same | 1.2 s | 3.5 ms |"#,
        #"| PoCL | 3.1 | A\|B | GPU | 608 | 2 | 61 s | failed: no memory |  |  |"#,
        "| Intel's runtime for processors |  | opencl:0.0 (X): too small |  | 0 | refused |  |  |  |  |",
        "| Intel's runtime for processors |  | the run ended before all was tested |  |  |  |  |  |  |  |",
      ], "\(outcome.page)")
  }

  @Test func withoutResultsThePageStays() throws {
    let page = "\(Self.begin)old\n\(Self.end)"
    let outcome = try written([:], page: page)
    #expect(outcome.status != 0 && outcome.page == page)
  }

  @Test func thePageHasItsTable() throws {
    let page = try String(contentsOfFile: Self.root + "/docs/conformance.md", encoding: .utf8)
    #expect(page.contains(Self.begin) && page.contains(Self.end))
  }
}
