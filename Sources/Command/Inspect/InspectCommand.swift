import ArgumentParser
import Glissade

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `glissade inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "List the tensors in a file of weights or in a run.",
    discussion: """
      Reads safetensors and PyTorch checkpoints of both forms. Nothing in a checkpoint is run. Says which run it is of, which models it fits, \
      or what keeps it from fitting the one that it is nearest to. Of a checkpoint, says in which of its dictionaries the weights are, what \
      stands in front of their names, and what else it holds.
      """)

  @Argument(help: "A safetensors file, a PyTorch checkpoint, or the folder of a run.", completion: .file())
  var file: String

  @OptionGroup var tensors: WeightsChoice

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let inspection = try Inspection(tensors.open(file))
    try Terminal.print(json ? inspection.json.text(pretty: true) : inspection.listing)
  }
}
