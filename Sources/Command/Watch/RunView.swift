import Glissade
import GlissadeReports

/// A run on a whole screen, as its folder has it, until somebody leaves.
struct RunView {
  /// Why it is over.
  enum End {
    /// Somebody pressed q.
    case left
    /// The process is to end.
    case interrupted
    /// Whoever runs the view wants no more of it.
    case stopped
  }

  private var reader: RunReader
  private let hint: (RunState) -> String
  /// How long reading and drawing may take of the time: one part in so many.
  private static let share = 50
  private static let interval = Duration.seconds(1)

  /// - Parameters:
  ///   - folder: the run's.
  ///   - hint: what the last line says.
  init(_ folder: RunFolder, hint: @escaping (RunState) -> String) { (reader, self.hint) = (RunReader(folder), hint) }

  /// Shows it.
  /// - Parameters:
  ///   - screen: the terminal, which is taken.
  ///   - leavesInBackground: whether it is over where the process goes on in the background.
  ///   - shouldStop: asked after each wait.
  /// - Returns: why it is over. The screen is still to be closed.
  /// - Throws: `FormatError` for a folder that cannot be read at first.
  mutating func show(on screen: FullScreen, leavesInBackground: Bool, shouldStop: () -> Bool) throws -> End {
    let clock = ContinuousClock()
    var isNew = true
    while true {
      let begin = clock.now
      let state = try reader.read()
      let extent = screen.extent
      let lines = RunScreen(state, width: extent.width, height: extent.height, isUnicode: Terminal.isUnicode, hint: hint(state)).lines
      guard screen.draw(lines.map(\.styled), extent, anew: isNew) else { return .interrupted }
      isNew = false
      // What takes long is done less often.
      let pause = max(Self.interval, begin.duration(to: clock.now) * Self.share)
      let deadline = clock.now + pause
      var mustDraw = false
      while !mustDraw, clock.now < deadline {
        let requests = screen.wait(milliseconds: Int32(clamping: max((deadline - clock.now) / .milliseconds(1), 1).rounded(.up).asInt))
        if shouldStop() { return .stopped }
        for request in requests {
          switch request {
          case .key(let key):
            if key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") { return .left }
            // Ctrl-L.
            if key == 12 { (mustDraw, isNew) = (true, true) }
          case .redraw: (mustDraw, isNew) = (true, true)
          case .end: return .interrupted
          case .suspend:
            guard screen.suspend(leavesInBackground: leavesInBackground) else { return .left }
            (mustDraw, isNew) = (true, true)
          }
        }
      }
    }
  }
}

extension Double {
  fileprivate var asInt: Int { Int(self) }
}

extension RunScreen.Line {
  /// With what a terminal needs to show how it is meant.
  fileprivate var styled: String {
    switch style {
    case .plain: text
    case .strong: text.isEmpty ? text : "\u{1B}[1m\(text)"
    case .faint: text.isEmpty ? text : "\u{1B}[2m\(text)"
    case .warning: text.isEmpty ? text : "\u{1B}[33m\(text)"
    }
  }
}
