import ArgumentParser
import Glissade

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Arguments that make no sense: exit status 2.
struct Misuse: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// An unknown name, with the nearest known one.
  static func unknown(_ what: String, _ name: String, among known: [String]) -> Misuse {
    let list = known.joined(separator: ", ")
    if let nearest = Nearest.to(name, among: known) { return Misuse("unknown \(what) '\(name)'; did you mean '\(nearest)'? (\(list))") }
    return Misuse("unknown \(what) '\(name)'; there are \(list)")
  }
}

/// Something that went wrong although the arguments were right: exit status 1.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Ctrl-C, after everything was saved: exit status 130.
struct Interrupted: Error {}

/// How the command ends because of an error.
struct Ending {
  let status: Int32
  /// For standard output: help and version.
  var text: String?
  /// For standard error: one line.
  var complaint: String?

  init(of error: any Error) {
    switch error {
    case is Interrupted: status = Interruption.status
    case is Misuse, is ScheduleError, is OptimizerError, is SelectionError, is HeadError, is AugmentationError, TrainingError.batchSize,
      TrainingError.invalid:
      status = 2
      complaint = "\(error)"
    case let error as RecipeError:
      status = error.isOfArguments ? 2 : 1
      complaint = "\(error)"
    default:
      if RootCommand.exitCode(for: error) == .success {
        status = 0
        text = RootCommand.fullMessage(for: error)
      } else {
        status = 1
        complaint = "\(error)"
      }
    }
  }

  /// Says what there is to say, and ends the process.
  func conclude() -> Never {
    if let text {
      do throws(Failure) { try Terminal.print(text.hasSuffix("\n") ? text : text + "\n") } catch { Ending(of: error).conclude() }
    }
    if let complaint { Terminal.write("glissade: \(Text.line(complaint))\n", to: STDERR_FILENO) }
    exit(status)
  }
}
