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
      better where. The folder of an ensemble, or of folds, stands for all its runs.
      """)

  @Argument(help: ArgumentHelp("Folders of runs, of ensembles, or of folds.", valueName: "run"), completion: .run)
  var runs: [String]

  @Option(
    help: ArgumentHelp("The file to write. (default: report.html in the folder that is named; several need it)", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var out: String?

  func run() throws {
    if let out { try DrawnFile.page.check(out, "--out") }
    let folders = try runs.flatMap(Self.folders)
    for (place, folder) in folders.enumerated() where folders[..<place].contains(where: { isSameFile($0.path, folder.path) }) {
      throw Misuse("\(folder.path) is given twice, and runs are compared with others")
    }
    guard let path = out ?? (runs.count == 1 ? runs.first.map { RunFolder($0).reportPath } : nil) else {
      throw Misuse("\(runs.count) runs are given, and --out has to name the file that compares them")
    }
    if let first = folders.first, folders.count == 1 {
      try RunReport(of: first).write(to: path)
    } else {
      try RunComparison(of: folders).write(to: path)
    }
    try Terminal.print("saved in \(printable(path))\n")
  }

  /// The runs that a folder stands for: its own, or those of an ensemble, or of folds.
  /// - Throws: `Failure` for a folder that holds neither.
  private static func folders(_ path: String) throws(Failure) -> [RunFolder] {
    guard !RunFolder(path).isRun, let series = TrainingSeries.Kind.found(in: path) else {
      return [try RunFolder.existing(path, orSeveral: true)]
    }
    return series.folders(in: path).filter(\.isRun)
  }
}
