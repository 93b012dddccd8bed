import ArgumentParser
import Glissade

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

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
    case is Misuse, is ScheduleError, is OptimizerError, is SelectionError, is HeadError, is LayerListError, is AugmentationError,
      is SearchSpaceError,
      TrainingError.batchSize,
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
