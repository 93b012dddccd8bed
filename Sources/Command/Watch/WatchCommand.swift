import ArgumentParser
import Glissade
import GlissadeReports

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `glissade watch`.
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Show a run on the whole screen: curves so far, rate, speed, what is left.",
    discussion: """
      From what is in the run's folder alone, so that the run may be in another terminal or on another machine, and may have ended. q leaves, \
      and training goes on. Where there is no terminal, or with NO_COLOR or TERM=dumb, prints plain lines, until the run ends.
      """)

  @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"), completion: .run)
  var folder: String

  @Flag(help: "Print what the run has come to in plain lines, and end.")
  var once = false

  func run() throws {
    let folder = try Self.run(in: folder)
    if once { return try Terminal.print(Self.text(RunLines(), RunReader(folder))) }
    guard FullScreen.isPossible else { return try follow(folder) }
    // What cannot be read is told on the terminal as it is.
    var reader = RunReader(folder)
    _ = try reader.read()
    var view = RunView(folder) { $0.activity == .ended ? "q leaves" : "q leaves; training goes on" }
    let screen = FullScreen(signals: .end)
    defer { screen.close() }
    if try view.show(on: screen, leavesInBackground: false, shouldStop: { false }) == .interrupted { throw Interrupted() }
  }

  /// The run's folder; of several trainings in one, that of the last one that has begun.
  private static func run(in path: String) throws -> RunFolder {
    guard !RunFolder(path).isRun, let kind = TrainingSeries.Kind.found(in: path), let last = kind.folders(in: path).last(where: \.isRun)
    else {
      return try RunFolder.existing(path)
    }
    return last
  }

  private static func text(_ lines: RunLines, _ reader: RunReader) throws -> String {
    var (lines, reader) = (lines, reader)
    return try lines.lines(of: reader.read()).joined(separator: "\n") + "\n"
  }

  /// Prints what is new, until the run ends.
  private func follow(_ folder: RunFolder) throws {
    var (reader, lines) = (RunReader(folder), RunLines())
    while true {
      let state = try reader.read()
      let new = lines.lines(of: state)
      if !new.isEmpty { try Terminal.print(new.joined(separator: "\n") + "\n") }
      if state.activity == .ended || state.activity == .left { return }
      usleep(1_000_000)
    }
  }
}
