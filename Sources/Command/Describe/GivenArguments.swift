import Glissade

/// What a run was started with: the subcommand and its arguments, so that `--resume` can give them again.
struct GivenArguments {
  var name = ""
  var arguments: [String] = []

  init() {}

  /// - Parameter arguments: all of the process, the subcommand first.
  init(_ arguments: [String]) {
    name = arguments.first ?? ""
    self.arguments = Self.removing(
      ["--out", "--resume"], flags: ["--quiet", "--explain", "--replace"], from: Array(arguments.dropFirst()))
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
    // The folder of several trainings has no options of its own: those of the first fold are all folds', but for which one it is.
    let first = FoldTraining.folder(1, in: folder).optionsPath
    let isOfFolds = !exists(RunFolder(folder).optionsPath) && exists(first)
    let path = isOfFolds ? first : try RunFolder.existing(folder).optionsPath
    let options = try JSONValue.read(path: path)
    guard let name = options["command"]?.stringValue, resumable.contains(name),
      let earlier = options["arguments"]?.arrayValue?.map(\.stringValue),
      !earlier.contains(nil)
    else { throw Failure("\(path): 'command' or 'arguments' is missing or of the wrong kind, so the run cannot go on") }
    let given = earlier.compactMap { $0 }
    let before = [name] + (isOfFolds ? removing(["--fold"], flags: [], from: given) : given)
    let now = Array(arguments.dropFirst())
    namedAnew = Set(KeptPath.keys.filter { value(of: KeptPath.option($0), in: now) != nil })
    ofProcess = before + now
    let run = isOfFolds ? FoldTraining.folder(1, in: folder) : RunFolder(folder)
    return before + (try places(in: options, of: run)) + now
  }

  /// What names anew, beside `--resume`, where something lies that the run was made from, by its key in `options.json`.
  nonisolated(unsafe) private(set) static var namedAnew: Set<String> = []

  /// The options that name what the run was made from, where that lies somewhere else than the run's arguments say, seen from here.
  /// - Throws: `Failure` where the data is nowhere and is not named anew.
  private static func places(in options: JSONValue, of run: RunFolder) throws(Failure) -> [String] {
    var result: [String] = []
    for key in KeptPath.keys where !namedAnew.contains(key) {
      guard let kept = KeptPath(key, in: options) else { continue }
      let found = kept.found(from: run.path)
      if key == "data", found == nil { throw kept.absence(of: "the run's data", key) }
      // Whether weights are needed at all is not known yet.
      let place = found ?? kept.absolute ?? kept.given
      if place != kept.given { result += [KeptPath.option(key), place] }
    }
    return result
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
