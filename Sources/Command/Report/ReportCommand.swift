import ArgumentParser
import Glissade
import GlissadeFormats
import GlissadeReports

/// `glissade report`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Write a page about a run, or about several.",
    discussion: """
      One file of HTML that opens without a network. Every training leaves one in its folder, report.html; this writes it anew from what is in \
      the folder, also while the run goes on. Several runs become one page: curves over each other, what differs in their recipes, and which is \
      better where.
      """)

  @Argument(help: ArgumentHelp("Folders of runs.", valueName: "run"), completion: .run)
  var runs: [String]

  @Option(
    help: ArgumentHelp("The file to write. (default: report.html in the run's folder; several runs need it)", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var out: String?

  func run() throws {
    if let out, out.isEmpty { throw Misuse("--out is empty, and it has to name a file") }
    let folders = try runs.map(RunFolder.existing)
    let path: String
    if let first = folders.first, folders.count == 1 {
      path = out ?? first.reportPath
      try RunReport(of: first).write(to: path)
    } else {
      guard let out else { throw Misuse("\(folders.count) runs are given, and --out has to name the file that compares them") }
      path = out
      try RunComparison(of: folders).write(to: path)
    }
    try Terminal.print("saved in \(printable(path))\n")
  }
}
