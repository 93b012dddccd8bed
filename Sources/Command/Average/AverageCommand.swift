import ArgumentParser
import Glissade

/// `glissade average`.
struct AverageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "average", abstract: "Make one run of several: of the average of their weights, or of their predictions.",
    discussion: """
      The runs have to be of one model, of the same classes and data in the same form. The average of weights (a soup) is one model, and is \
      of use where the runs began with the same weights, as fine-tunings of one --seed do, by which new heads are drawn. Others, as the members \
      of an ensemble, are refused unless --of weights is given. Running statistics of batch norms are averaged like weights. The average of predictions is all the models side by side, whose \
      probabilities are averaged whenever it is used. Nothing is trained, and nothing can go on there.
      """)

  @Argument(help: "The folders of runs, or of ensembles.", completion: .run)
  var runs: [String]

  @Option(
    help: ArgumentHelp(
      "What is averaged: \(RunAverage.Kind.allCases.map(\.rawValue).joined(separator: " or ")). (default: weights)", valueName: "what"),
    completion: .list(RunAverage.Kind.allCases.map(\.rawValue)))
  var of: String?

  @Option(help: "The folder of the new run. (default: runs/<date>-<time>-<model>-average)", completion: .directory)
  var out: String?

  @Flag(help: "Put it in the place of the run that --out names.")
  var replace = false

  @OptionGroup var choice: ModelChoice

  func run() throws {
    try choice.check()
    guard let kind = RunAverage.Kind(rawValue: of ?? RunAverage.Kind.weights.rawValue) else {
      throw Misuse.unknown("average", of ?? "", among: RunAverage.Kind.allCases.map(\.rawValue))
    }
    if replace, out == nil { throw Misuse("--replace is for the folder that --out names") }
    if let out, out.isEmpty { throw Misuse("--out is empty, and it has to name a folder") }
    let (folder, count) = try RunAverage(kind, of: runs, wanted: choice.wanted).make(
      out: out, replaces: replace, insists: of != nil, note: Terminal.note)
    try Terminal.print("the average of the \(kind.rawValue) of \(count) models is in \(folder.path)\n")
  }
}
