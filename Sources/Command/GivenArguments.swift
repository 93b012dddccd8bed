import Glissade

/// What a run was started with: the subcommand and its arguments, so that `--resume` can give them again.
struct GivenArguments {
  var name = ""
  var arguments: [String] = []

  init() {}

  /// - Parameter arguments: all of the process, the subcommand first.
  init(_ arguments: [String]) {
    name = arguments.first ?? ""
    let kept = Self.removing(
      ["--out", "--resume"], flags: ["--quiet", "--explain", "--replace"], from: Array(arguments.dropFirst()))
    // Found again from wherever the run goes on.
    self.arguments = kept.indices.map { $0 > 0 && kept[$0 - 1] == "--labels" ? absolutePath(kept[$0]) : kept[$0] }.map {
      $0.hasPrefix("--labels=") ? "--labels=" + absolutePath(String($0.dropFirst("--labels=".count))) : $0
    }
  }

  /// Those of this process.
  static var current: GivenArguments { GivenArguments(ofProcess) }

  /// Set once, before any command runs. What the process was given, after `--resume` was replaced by what it stands for.
  nonisolated(unsafe) private static var ofProcess: [String] = []

  /// The subcommands that train, and so can go on.
  private static let resumable: Set<String> = ["train", "finetune"]

  /// Where `--resume` is given: the arguments that the run began with, and then those that are given now, which go before them.
  /// - Parameter arguments: all of the process, the subcommand first.
  /// - Throws: `Failure` for a folder that holds no run, `FormatError` for options that cannot be read.
  static func resolved(_ arguments: [String]) throws -> [String] {
    ofProcess = arguments
    guard resumable.contains(arguments.first ?? ""), let folder = value(of: "--resume", in: arguments),
      !arguments.contains("--help"), !arguments.contains("-h")
    else { return arguments }
    if folder.isEmpty { throw Misuse("--resume is empty, and it has to name the folder of a run") }
    guard isFolder(folder) else { throw Failure("\(folder): no such run folder") }
    // The folder of several trainings has no options of its own: those of the first fold are all folds', but for which one it is.
    let first = FoldTraining.folder(1, in: folder).optionsPath
    let isOfFolds = !exists(RunFolder(folder).optionsPath) && exists(first)
    let path = isOfFolds ? first : RunFolder(folder).optionsPath
    let options = try JSONValue.read(path: path)
    guard let name = options["command"]?.stringValue, resumable.contains(name),
      let earlier = options["arguments"]?.arrayValue?.map(\.stringValue),
      !earlier.contains(nil)
    else { throw Failure("\(path): 'command' or 'arguments' is missing or of the wrong kind, so the run cannot go on") }
    let given = earlier.compactMap { $0 }
    ofProcess = [name] + (isOfFolds ? removing(["--fold"], flags: [], from: given) : given) + arguments.dropFirst()
    return ofProcess
  }

  private static func value(of option: String, in arguments: [String]) -> String? {
    var result: String?
    for (index, argument) in arguments.enumerated() {
      if argument == option, index + 1 < arguments.count { result = arguments[index + 1] }
      if argument.hasPrefix(option + "=") { result = String(argument.dropFirst(option.count + 1)) }
    }
    return result
  }

  private static func removing(_ options: [String], flags: [String], from arguments: [String]) -> [String] {
    var result: [String] = []
    var skips = false
    for argument in arguments {
      if skips {
        skips = false
      } else if options.contains(argument) {
        skips = true
      } else if !flags.contains(argument), !options.contains(where: { argument.hasPrefix($0 + "=") }) {
        result.append(argument)
      }
    }
    return result
  }
}
