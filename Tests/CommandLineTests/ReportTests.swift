import Foundation
import GlissadeFormats
import Testing

/// The page that trainings leave, and `glissade report`.
struct ReportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func text(_ name: String) throws -> String { try String(contentsOfFile: folder.path(name), encoding: .utf8) }

  @Test func trainingsLeaveAPageAndItIsMadeAnew() throws {
    let data = try PictureFolder()
    for (name, rate) in [("a", "1e-5"), ("b", "1e-2")] {
      let outcome = try glissade(
        "train", "--data", data.path, "--model", "mlp", "--epochs", "1", "--device", "cpu", "--lr", rate, "--out", folder.path(name))
      #expect(outcome.status == 0, "\(outcome)")
    }
    let page = try text("a/report.html")
    #expect(page.contains("mlp on") && page.contains("test accuracy"))
    // Mistakes of images are pictures.
    #expect(page.contains("data:image/jpeg;base64,/9j/"))
    #expect(try JSONValue.read(path: folder.path("a/summary.json"))["report"]?["calibration"]?["brier"]?.doubleValue != nil)

    try FileManager.default.removeItem(atPath: folder.path("a/report.html"))
    #expect(try glissade("report", folder.path("a")).status == 0)
    #expect(try text("a/report.html") == page)

    let several = try glissade("report", folder.path("a"), folder.path("b"), "--out", folder.path("c.html"))
    #expect(several.status == 0 && several.output == "saved in \(folder.path("c.html"))\n")
    #expect(try text("c.html").contains("<td>lr</td><td class=\"t\"><bdi>1e-05</bdi></td><td class=\"t\"><bdi>0.01</bdi></td>"))
    expectComplaint(try glissade("report", folder.path("a"), folder.path("b")), status: 2, "--out has to name the file")
    // A page takes a page's place, and no other file's.
    #expect(try glissade("report", folder.path("a"), "--out", folder.path("c.html")).status == 0)
    let model = try Data(contentsOf: URL(fileURLWithPath: folder.path("a/model.safetensors")))
    expectComplaint(
      try glissade("report", folder.path("a"), "--out", folder.path("a/model.safetensors")), status: 2, "is there and is no page")
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("a/model.safetensors"))) == model)
    expectComplaint(
      try glissade("report", folder.path("a"), "--out", folder.path("a.pdf")), status: 2, "what is written is HTML, no PDF; take ")
  }

  @Test func aRegressionIsDrawn() throws {
    let rows = (0..<60).map { "\($0),\($0 * 7 % 13),\(2 * $0)\n" }
    try ("a,b,y\n" + rows.joined()).write(toFile: folder.path("t.csv"), atomically: true, encoding: .utf8)
    let outcome = try glissade(
      "train", "--data", folder.path("t.csv"), "--target", "y", "--epochs", "2", "--device", "cpu", "--out", folder.path("run"))
    #expect(outcome.status == 0, "\(outcome)")
    let values = try JSONValue.read(path: folder.path("run/summary.json"))["predictions"]?["values"]?["y"]
    // In the table's own units, and by their lines.
    #expect(values?["points"]?.arrayValue?.allSatisfy { (-0.01...118.01).contains($0.arrayValue?.first?.doubleValue ?? -1) } == true)
    #expect(values?["worst"]?.arrayValue?.first?["place"]?.stringValue?.contains("t.csv:") == true)
    let page = try text("run/report.html")
    #expect(page.contains("Predictions of <bdi>y</bdi>") && page.contains("t.csv:") && page.contains("residuals"))
  }

  /// Emoji take two columns each.
  @Test func tablesOfClassesAreStraight() throws {
    let rows = (0..<60).map { "\($0),\($0 % 2 == 0 ? "🦊🦊" : "down")\n" }
    try ("a,y\n" + rows.joined()).write(toFile: folder.path("t.csv"), atomically: true, encoding: .utf8)
    let outcome = try glissade(
      "train", "--data", folder.path("t.csv"), "--target", "y", "--epochs", "1", "--device", "cpu", "--out", folder.path("run"))
    #expect(outcome.status == 0, "\(outcome)")
    let lines = outcome.output.split(separator: "\n").drop { !$0.hasPrefix("CLASS") }.prefix(3)
    let widths = lines.map { line in line.count + line.filter { $0 == "🦊" }.count }
    #expect(lines.count == 3 && Set(widths).count == 1, "\(lines)")
  }

  @Test func whatIsNoRun() throws {
    expectComplaint(try glissade("report", folder.path("none")), status: 1, "no such run folder")
    expectComplaint(try glissade("report", folder.path), status: 1, "is no run's folder")
  }
}
