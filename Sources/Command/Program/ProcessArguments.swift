import Glissade
import GlissadeFormats

/// The arguments of the process, their bytes as they are.
enum ProcessArguments {
  /// All but the command's own name.
  ///
  /// Swift would replace what is no UTF-8, so that another file or folder is meant. Files to predict are read by the bytes of their names;
  /// elsewhere such names are refused.
  /// - Throws: `Misuse` for an argument that is not UTF-8.
  static func all() throws(Misuse) -> [String] {
    var arguments: [String] = []
    for index in 1..<max(Int(CommandLine.argc), 1) {
      guard let argument = CommandLine.unsafeArgv[index] else { break }
      let text = PathBytes.text(UnsafeBufferPointer(start: argument, count: length(argument)).map { UInt8(bitPattern: $0) })
      let isFile = arguments.first == PredictCommand.configuration.commandName && !text.hasPrefix("-") && !takesValue(arguments.last)
      if !isFile, PathBytes.isEscaped(text) {
        let place = arguments.last.flatMap { $0.hasPrefix("--") ? "the value of \($0)" : nil } ?? "argument \(index)"
        throw Misuse("\(place) is not UTF-8: '\(printable(text))'; give the file or folder another name, or a link with such a name")
      }
      arguments.append(text)
    }
    return arguments
  }

  /// What may have been meant by an argument that is not expected: the data.
  static func hint(_ arguments: [String], _ message: String) -> String? {
    guard let command = arguments.first, ["train", "finetune", "evaluate"].contains(command),
      message.lowercased().contains("unexpected argument"), !arguments.contains("--data"),
      let path = arguments.dropFirst().first(where: { message.contains("'\($0)'") && (exists($0) || DataSource.knownNames.contains($0)) })
    else { return nil }
    return "; did you mean --data \(path)?"
  }

  private static func length(_ text: UnsafePointer<CChar>) -> Int {
    var count = 0
    while text[count] != 0 { count += 1 }
    return count
  }

  /// Whether the argument before is an option of `predict` with a value, which is no file to predict.
  private static func takesValue(_ argument: String?) -> Bool {
    guard let argument, argument.hasPrefix("--"), argument != "--", !argument.contains("=") else { return false }
    return !["--json", "--best", "--last"].contains(argument)
  }
}
