import ArgumentParser
import Glissade
import GlissadeDevices

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `glissade`: finds the subcommand, runs it, and turns what comes of it into an exit status and at most one line on standard error.
@main
struct RootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "glissade", abstract: "Train neural networks on any OpenCL GPU, and on the CPU.",
    discussion: "Without options, 'glissade train' trains a small convolutional network on Fashion-MNIST.", version: Version.number,
    subcommands: [
      // One in a line, since many come along.
      TrainCommand.self,
      FinetuneCommand.self,
      RecipeCommand.self,
      LearningRateCommand.self,
      SweepCommand.self,
      ScheduleCommand.self,
      LayersCommand.self,
      LandscapeCommand.self,
      EvaluateCommand.self,
      PredictCommand.self,
      AverageCommand.self,
      PreviewCommand.self,
      WatchCommand.self,
      ReportCommand.self,
      DevicesCommand.self,
      TuneCommand.self,
      BenchCommand.self,
      InspectCommand.self,
      ConvertCommand.self,
      WeightsCommand.self,
    ])

  static func main() {
    StandardFiles.occupy()
    _ = ProcessStart.instant
    // A write past the limit on file sizes is an error like a full disk, not the end of the process.
    signal(SIGXFSZ, SIG_IGN)
    HostMemory.keepHeapSmallIfLimited()
    DriverOutput.isKeptFromStandardOutput = true
    do {
      let arguments = try ProcessArguments.all()
      try checkShell(arguments)
      try checkSubcommand(arguments)
      var command = try parse(arguments)
      try command.run()
    } catch {
      Ending(of: error).conclude()
    }
  }

  /// Parses; what is wrong with the arguments becomes one line.
  private static func parse(_ arguments: [String]) throws -> any ParsableCommand {
    do { return try parseAsRoot(arguments) } catch {
      // Help and the version come as errors, too.
      if exitCode(for: error) == .success { throw error }
      throw Misuse(Text.sentence(message(for: error)) + (ProcessArguments.hint(arguments, message(for: error)) ?? ""))
    }
  }

  /// The parser says in three lines which shells there are.
  private static func checkShell(_ arguments: [String]) throws(Misuse) {
    let option = "--generate-completion-script"
    let shells = CompletionShell.allCases.map(\.rawValue).sorted()
    switch arguments.first {
    case option where arguments.count > 1:
      if !shells.contains(arguments[1]) { throw .unknown("shell", arguments[1], among: shells) }
    case option:
      if CompletionShell.autodetected() == nil { throw Misuse("\(option) has to name a shell: \(shells.joined(separator: ", "))") }
    case let first? where first.hasPrefix(option + "="):
      let name = String(first.dropFirst(option.count + 1))
      if !shells.contains(name) { throw .unknown("shell", name, among: shells) }
    default: break
    }
  }

  /// The parser would call a misspelt subcommand an unexpected argument.
  private static func checkSubcommand(_ arguments: [String]) throws(Misuse) {
    let names = configuration.subcommands.compactMap { $0.configuration.commandName }
    guard let first = arguments.first, !first.hasPrefix("-"), first != "help", !names.contains(first) else { return }
    throw .unknown("command", first, among: names)
  }
}

/// When the process began, as far as it can tell.
enum ProcessStart {
  static let instant = ContinuousClock.now
}
