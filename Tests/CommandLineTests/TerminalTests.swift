import Foundation
import Testing

/// What goes to a terminal, and what does not. util-linux's `script` plays the terminal.
struct TerminalTests {
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script")), arguments: [40, 80, 120])
  func aTerminalShowsABarThatFits(_ width: Int) throws {
    let data = try PictureFolder()
    let folder = try TemporaryFolder()
    let command =
      "stty cols \(width); '\(Command.path)' train --data '\(data.path)' --model mlp --batch-size 8 --out '\(folder.path("run"))'"
    let outcome = try Command(["-qec", command, "/dev/null"], executable: "/usr/bin/script", environment: ["TERM": "xterm"]).finish()
    #expect(outcome.status == 0, "\(outcome)")
    let bars = outcome.output.split(separator: "\r").filter { $0.contains("epoch 1/5") }
    #expect(!bars.isEmpty, "\(outcome)")
    for bar in bars {
      let text = try #require(bar.range(of: "\u{1B}[K")).lowerBound
      #expect(bar[..<text].count < width, "\(bar)")
      if width == 120 { #expect(bar.contains("loss ") && bar.contains("accuracy ") && bar.contains("samples/s") && bar.contains("left")) }
    }
    // The bar is gone when a line is printed and at the end.
    #expect(outcome.output.contains("\r\u{1B}[Kbest epoch: "), "\(outcome)")
    #expect(outcome.output.hasSuffix("saved in \(folder.path("run"))\r\n"))
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"))) func quietShowsNothingThere() throws {
    let data = try PictureFolder()
    let folder = try TemporaryFolder()
    let command = "'\(Command.path)' train --quiet --data '\(data.path)' --model mlp --batch-size 32 --out '\(folder.path("run"))'"
    let outcome = try Command(["-qec", command, "/dev/null"], executable: "/usr/bin/script", environment: ["TERM": "xterm"]).finish()
    #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome)")
  }
}
