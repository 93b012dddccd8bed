import ArgumentParser
import Glissade
import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `glissade convert`.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Copy weights into a file of another format, or a run's model into one for other programs.",
    discussion: """
      OUT's extension says which: .safetensors, or .pth, .pt or .bin for what PyTorch's load accepts. Order, names, types and values stay \
      as they are. Of a checkpoint with more than a model's weights in it, the weights are taken, under their names in the model.

      A run's model is written in PyTorch's layouts: torchvision's class of that name takes it as its state_dict. With .onnx it is \
      written as a whole network, for pictures of [batch, channels, height, width] that were normalised as in training, or for rows of a \
      table's own numbers, whose standardisation is part of it.
      """)

  @Argument(
    help: ArgumentHelp("A safetensors file, a PyTorch checkpoint, or the folder of a run.", valueName: "in"),
    completion: .file())
  var input: String

  @Argument(help: ArgumentHelp("The file to write.", valueName: "out"), completion: .file())
  var output: String

  @OptionGroup var tensors: WeightsChoice

  @OptionGroup var choice: ModelChoice

  @Flag(help: "ONNX of classes: give probabilities, by softmax, in place of logits.")
  var probabilities = false

  @Flag(help: "Replace OUT if it is there.")
  var force = false

  /// What can be written.
  private enum Target {
    case safetensors
    case pyTorch
    case onnx

    init(_ path: String) throws(Misuse) {
      let name = path.split(separator: "/").last ?? ""
      switch name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last?.lowercased() {
      case "safetensors": self = .safetensors
      case "pth", "pt", "bin": self = .pyTorch
      case "onnx": self = .onnx
      default: throw Misuse("\(path) has to end in .safetensors, in .pth, .pt or .bin for PyTorch, or in .onnx")
      }
    }
  }

  func run() throws {
    let target = try Target(output)
    if probabilities, target != .onnx { throw Misuse("--probabilities is for .onnx, and \(output) is none") }
    try checkInputStays()
    try choice.check()
    if exists(output), !force { throw Failure("\(output) is there already; --force replaces it") }
    if TrainingSeries.Kind.found(in: input) == .members, !RunFolder(input).isRun {
      throw Failure(
        "\(input) holds the members of an ensemble, and a file holds one model: name one of them, as \(input)/member-1")
    }
    if !tensors.isGiven, let export = try RunExport(input, choice) { return try write(export, target) }
    if let flag = choice.given { throw Misuse("\(flag) is for the folder of a run, and \(input) is none") }
    let all = try WeightsFile(path: weightsPath(input))
    let file = try weights(of: all)
    switch target {
    case .safetensors:
      // What other programs look for in files that come from PyTorch.
      let metadata = all.format == .safetensors ? all.metadata : ["format": "pt"]
      try SafetensorsWriter.write(path: output, file.entries, metadata: metadata)
    case .pyTorch: try PyTorchWriter.write(path: output, file.entries)
    case .onnx: throw Failure("\(input) holds weights alone, and only a run's model can be written as ONNX: name the run's folder")
    }
    let rest = all.tensors.count - file.tensors.count
    let omitted = rest > 0 ? "; left out: \(rest) tensors beside the model's weights" : ""
    try Terminal.print("\(printable(output)): \(Inspection.summary(file))\(omitted)\n")
    if target == .pyTorch, all.metadata["format"] == "glissade" {
      Terminal.write(
        "glissade: note: the weights are in this library's layouts (channels last), which PyTorch's models do not expect\n",
        to: STDERR_FILENO)
    }
  }

  /// - Throws: `Misuse` where OUT is what is read, or a file of the run that is read.
  private func checkInputStays() throws(Misuse) {
    // A file of weights may be its own source where that is what is written; a link to it may be a mistake.
    if input != output, isSameFile((try? weightsPath(input)) ?? input, output) {
      throw Misuse("\(output) is the file that is read; name another one")
    }
    let run = RunFolder(isFolder(input) ? input : input.folderPath)
    if run.holdsRun, run.owns(output) {
      throw Misuse("\(output) is a file of the run that is read; name another one")
    }
  }

  private func write(_ export: RunExport, _ target: Target) throws {
    switch target {
    case .safetensors: try SafetensorsWriter.write(path: output, export.entries(), metadata: ["format": "pt"])
    case .pyTorch: try PyTorchWriter.write(path: output, export.entries())
    case .onnx:
      let (model, kind) = try export.onnx(probabilities: probabilities)
      try ONNXWriter.write(path: output, model)
      let bytes = model.initializers.reduce(0) { $0 + $1.byteCount }
      let text = "\(model.nodes.count) operators, \(model.initializers.count) tensors, \(Text.bytes(UInt64(bytes)))"
      let meaning =
        switch kind {
        case .logits: "its outputs are logits; softmax makes probabilities of them, and --probabilities writes it into the network"
        case .probabilities: "its outputs are probabilities"
        case .value: "its output is in the table's own units"
        case .marks: "its outputs are the probabilities of each label"
        }
      let input = export.isOfTable ? "takes the table's own numbers, as float64; " : ""
      let lines = [
        "\(printable(output)): \(text) (ONNX, operator set \(ONNXModel.operatorSet))", "\(printable(output)): \(input)\(meaning)",
      ]
      return try Terminal.print(lines.joined(separator: "\n") + "\n")
    }
    let file = try WeightsFile(path: output)
    try Terminal.print("\(printable(output)): \(Inspection.summary(file)), in PyTorch's layouts\n")
    if export.isOfTable {
      let note =
        "the weights are the network's alone: it takes standardised columns and \(export.outputOfNetwork); .onnx has both ends in it"
      Terminal.write("glissade: note: \(note)\n", to: STDERR_FILENO)
    }
  }

  private func weights(of file: WeightsFile) throws -> WeightsFile {
    if tensors.isGiven { return try tensors.chosen(of: file) }
    do { return try file.stateDictionary() } catch { throw Failure("\(error) with --key") }
  }
}
