import GlissadeFormats
import GlissadeReports
import GlissadeTraining
import TestSupport
import Testing

/// Runs on terminals, from what their folders hold.
struct RunScreenTests {
  private let folder: TemporaryFolder
  private var run: RunFolder { RunFolder(folder.path) }

  init() throws {
    folder = try TemporaryFolder()
    try put("recipe.yaml", "glissade: 1\nmodel: mlp\nlr: 0.1\nepochs: 5\n")
  }

  private func put(_ name: String, _ text: String) throws { _ = try folder.put(name, Array(text.utf8)) }

  private static let metrics =
    "epoch,step,learning_rate,train_loss,train_accuracy,validation_loss,validation_accuracy\n1,5,0.1,1.5,0.3,1.25,0.4\n2,10,0.05,0.75,0.7,0.5,0.8\n3,15,0.025,0.5,0.9,0.625,0.75\n"

  /// In epoch 4 of 5, step 20 of 40, written at 1000.
  private var progress: RunProgress {
    var progress = RunProgress()
    (progress.epoch, progress.epochs, progress.step, progress.stepsPerEpoch) = (4, 5, 20, 40)
    (progress.loss, progress.measure, progress.told, progress.learningRate) = (0.25, "accuracy", 0.925, 0.0125)
    (progress.samplesPerSecond, progress.secondsLeft, progress.time) = (1234.5, 3700, 1000)
    progress.curve = [.init(share: 0.25, loss: 0.3, told: 0.9), .init(share: 0.5, loss: 0.25, told: 0.925)]
    return progress
  }

  private func put(_ progress: RunProgress) throws { try put("progress.json", progress.json.text()) }

  private func state(at time: Double = 1001) throws -> RunState {
    var reader = RunReader(run)
    return try reader.read(at: time)
  }

  private func screen(_ state: RunState, _ width: Int, _ height: Int, isUnicode: Bool = true) -> [String] {
    RunScreen(state, width: width, height: height, isUnicode: isUnicode, hint: "q leaves").lines.map(\.text)
  }

  @Test func whatMattersIsThere() throws {
    try put("metrics.csv", Self.metrics)
    try put(progress)
    let lines = screen(try state(), 100, 40)
    let text = lines.joined(separator: "\n")
    for part in [
      "mlp on ", "epoch 4/5  ", "step 20/40", "loss 0.25", "accuracy 92.5 %", "rate 0.0125", "1,235 samples/s", "1:01:40 left",
      "validation: ends at 0.625", "training: ends at 0.25", "validation: ends at 0.75", "learning rate",
    ] { #expect(text.contains(part) || text.contains(part.replacing(",", with: "")), "\(part)\n\(text)") }
    #expect(lines.count == 40 && lines.last == "q leaves")
    // The bar is half full.
    let bar = lines[1]
    #expect(bar.count { $0 == "█" } == bar.count { $0 == "░" } && bar.contains("█"))
    // The last epochs stand below, each in a line of its own.
    #expect(
      lines.contains { $0.hasPrefix("    1") && $0.contains("1.25") } && lines.contains { $0.hasPrefix("    3") && $0.contains("0.625") })
  }

  @Test func hostileFilesDoNothingToTheTerminal() throws {
    try put("metrics.csv", "epoch,step,\"validation_\u{1B}]52;c;x\u{7}\n_loss\",seconds\n1,5,0.5,-1e300\n2,6,0.25,1e300\n")
    try put("summary.json", #"{"predictions": {"on": "\u001b[2J"}, "labels": {"mean_average_precision": 0.5}}"#)
    var progress = progress
    (progress.step, progress.stepsPerEpoch, progress.measure) = (Int.max - 7, Int.max - 7, "\u{1B}[2J")
    for isEnded in [false, true] {
      try put(progress)
      if isEnded { progress.time = 0 }
      let state = try state()
      var lines = RunLines()
      for text in screen(state, 100, 40) + lines.lines(of: state, at: 1001) {
        #expect(text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "\(text.debugDescription)")
      }
    }
  }

  @Test(arguments: [1, 2, 5, 10, 19, 20, 21, 37, 38, 39, 60, 76, 80, 120, 200, 500], [true, false])
  func everySizeIsKeptTo(_ width: Int, _ isUnicode: Bool) throws {
    try put("metrics.csv", Self.metrics)
    var progress = progress
    progress.notes = ["samples hold numbers up to 1e6, which is a long sentence that has to be broken somewhere", "雪雪雪🦊 and more"]
    for activity in [RunProgress.Activity.training, .features, .testing] {
      progress.activity = activity
      try put(progress)
      let state = try state()
      for height in [1, 2, 3, 5, 8, 12, 24, 25, 50, 100] {
        let lines = screen(state, width, height, isUnicode: isUnicode)
        #expect(lines.count <= height, "\(width) × \(height): \(lines.count)")
        for line in lines { #expect(TerminalColumns.width(of: line) <= width, "\(width) × \(height): \(line)") }
        #expect(lines[0].isEmpty == false)
        if !isUnicode {
          // Names are the user's; all else is ASCII.
          for line in lines where !line.contains("雪") { #expect(line.unicodeScalars.allSatisfy { $0.isASCII }, "\(line)") }
        }
      }
    }
  }

  @Test func twentyColumnsSayWhatMatters() throws {
    try put("metrics.csv", Self.metrics)
    try put(progress)
    let lines = screen(try state(), 20, 14)
    for part in ["epoch 4/5", "step 20/40", "loss 0.25", "accuracy 92.5 %", "rate 0.0125", "1:01:40 left"] {
      #expect(lines.contains { $0.contains(part) }, "\(part)\n\(lines.joined(separator: "\n"))")
    }
    // A long name gives way to what it is the name of.
    try put("metrics.csv", "epoch,step,train_loss,train_mean_absolute_error\n1,5,0.5,1.25\n2,10,0.25,1.125\n")
    #expect(screen(try state(), 20, 14).contains { $0.hasPrefix("mean absol") && $0.hasSuffix("… 0.925") })
    try put("metrics.csv", Self.metrics)
    // A curve in a line where a picture has no room.
    #expect(lines.contains { $0.hasPrefix("loss █") && $0.hasSuffix(" 0.625") }, "\(lines.joined(separator: "\n"))")
    #expect(!screen(try state(), 20, 14, isUnicode: false).contains { $0.contains("█") })
  }

  @Test func theFirstEpochHasACurveOfItsOwn() throws {
    var progress = progress
    progress.epoch = 1
    try put(progress)
    let text = screen(try state(), 100, 40).joined(separator: "\n")
    #expect(text.contains("0.25") && text.contains("x: epoch, y: loss") && text.contains("x: epoch, y: accuracy"), "\(text)")
  }

  @Test func whatItDoesIsTold() throws {
    #expect(screen(try state(), 80, 10).contains { $0.hasPrefix("stopped: no process trains here") })
    let lock = try run.lock()
    #expect(screen(try state(), 80, 10).contains("getting ready"))
    try put(progress)
    #expect(try state().activity == .training)
    #expect(try state(at: 1060).activity == .silent(seconds: 60))
    #expect(screen(try state(at: 1060), 80, 20).contains { $0.hasPrefix("nothing was heard for ") })
    var between = progress
    between.step = 40
    try put(between)
    #expect(screen(try state(), 80, 20).contains { $0.hasPrefix("validation  ") })
    var other = progress
    (other.activity, other.step, other.stepsPerEpoch) = (.features, 100, 400)
    try put(other)
    #expect(screen(try state(), 80, 20).contains { $0.hasPrefix("100/400 samples") })
    other.activity = .testing
    try put(other)
    #expect(screen(try state(), 80, 20).contains { $0.hasPrefix("measuring with the test data") })
    withExtendedLifetime(lock) {}
  }

  @Test func aRunThatIsOverSaysWhatCameOfIt() throws {
    try put("metrics.csv", Self.metrics)
    let summary: JSONValue = [
      "model": "mlp", "dataset": "d", "best_epoch": 2, "tested_epoch": 2, "test_loss": 0.5, "test_accuracy": 0.8125,
      "interruption": "by hand",
      "advice": ["try more"],
    ]
    try put("summary.json", summary.text())
    let state = try state()
    #expect(state.activity == .ended)
    let lines = screen(state, 100, 30)
    for part in ["test accuracy 81.25 %", "3/5 epochs", "It was stopped: by hand", "try more"] {
      #expect(lines.contains { $0.contains(part) }, "\(part)\n\(lines.joined(separator: "\n"))")
    }
  }

  @Test func onlyWhatHasChangedIsReadAndDamageIsTold() throws {
    try put("metrics.csv", Self.metrics)
    try put(progress)
    var reader = RunReader(run)
    #expect(try reader.read(at: 1001).epochs == 3)
    try put("metrics.csv", Self.metrics + "4,20,0.0125,0.25,0.95,0.5,0.9\n")
    #expect(try reader.read(at: 1002).epochs == 4)
    // Of what was whole before, the last good state stays.
    try put("metrics.csv", "epoch,step\n1,what\n")
    let state = try reader.read(at: 1003)
    #expect(state.epochs == 4 && state.problem?.contains("'what' is no number") == true)
    #expect(screen(state, 100, 30).contains { $0.contains("'what' is no number") })
    try put("metrics.csv", Self.metrics)
    #expect(try reader.read(at: 1004).problem == nil)
    try put("metrics.csv", "epoch,step\n1,what\n")
    #expect(throws: FormatError.self) { try self.state() }
    try put("metrics.csv", Self.metrics)
    try put("progress.json", "{")
    #expect(try self.state().problem?.contains("progress.json") == true)
  }

  @Test func healthIsShownWhereItIsLookedAt() throws {
    try put("metrics.csv", Self.metrics)
    try put(progress)
    try put(
      "health.csv", "epoch,step,layer,activation,gradient_norm\n2,10,conv1,relu,0.5\n3,15,conv1,relu,0.123456\n3,15,\u{1b}[31mfc,,nan\n")
    let lines = screen(try state(), 100, 50)
    #expect(lines.contains { $0.contains("layer") && $0.contains("gradient norm") })
    #expect(
      lines.contains { $0.contains("conv1") && $0.contains("0.1235") } && !lines.contains { $0.contains("0.5  ") && $0.contains("conv1") })
    #expect(lines.contains { $0.contains("\\u{1b}[31mfc") } && !lines.contains { $0.contains("\u{1b}") })
    // How norms went, in orders of magnitude; nothing of what has one epoch, and nothing where the terminal knows ASCII only.
    let head = "epoch,step,layer,activation,gradient_norm,weight_norm,update_ratio\n"
    let rows = (1...3).map { "\($0),\(5 * $0),conv1,relu,\([1e-4, 1e-2, 1][$0 - 1]),\($0),0.001\n\($0),\(5 * $0),fc,,1,1,0\n" }
    try put("health.csv", head + rows.joined())
    let drawn = screen(try state(), 120, 50)
    let layer = try #require(drawn.first { $0.contains("conv1") })
    #expect(layer.split(separator: " ").suffix(5) == ["1", "▁▅█", "3", "0.001", "▄▄▄"], "\(layer)")
    #expect(drawn.contains { $0.contains("gradient norm  by epoch  weight norm  update ratio  by epoch") }, "\(drawn)")
    #expect(drawn.contains { $0.contains("fc") && $0.contains("▄▄▄") })
    try put("health.csv", head + rows[0])
    #expect(!screen(try state(), 120, 50).contains { $0.contains("by epoch") })
    try put("health.csv", "what\nis,this\n")
    #expect(try !screen(state(), 100, 50).isEmpty)
  }

  @Test func plainLinesTellWhatIsNew() throws {
    try put("metrics.csv", Self.metrics)
    try put(progress)
    var (reader, lines) = (RunReader(run), RunLines())
    let first = try lines.lines(of: reader.read(at: 1001), at: 1001)
    #expect(
      first.count == 5 && first[0].hasPrefix("mlp on ") && first[1].hasPrefix("epoch 1  ") && first[3].contains("validation loss 0.625"))
    #expect(first[3].contains("train accuracy 90 %  ") && first[3].hasSuffix("validation accuracy 75 %"))
    #expect(
      first[4] == "epoch 4/5  step 20/40  loss 0.25  accuracy 92.5 %  1:01:40 left  1235 samples/s")
    #expect(try lines.lines(of: reader.read(at: 1002), at: 1002).isEmpty)
    var next = progress
    (next.step, next.time) = (30, 1004)
    try put(next)
    // Ten seconds lie between two lines of progress.
    #expect(try lines.lines(of: reader.read(at: 1005), at: 1005).isEmpty)
    #expect(try lines.lines(of: reader.read(at: 1012), at: 1012).count == 1)
    try put("metrics.csv", Self.metrics + "4,20,0.0125,0.25,0.95,0.5,0.9\n")
    try put("summary.json", #"{"best_epoch": 4, "failure": "no space"}"#)
    let last = try lines.lines(of: reader.read(at: 1013), at: 1013)
    #expect(last.first?.hasPrefix("epoch 4  ") == true && last.contains("The training failed: no space."))
  }

  @Test func figuresAreToldAsTrainTellsThem() throws {
    let table = "epoch,step,train_loss,train_mean_absolute_error,validation_loss,validation_r2\n1,5,1.5,0.3,1.25,0.75\n"
    try put("metrics.csv", table)
    var (reader, lines) = (RunReader(run), RunLines())
    let told = try lines.lines(of: reader.read(at: 1001), at: 1001)
    #expect(told.contains { $0.hasSuffix("train mean absolute error 0.3  validation loss 1.25  validation R² 0.75") }, "\(told)")
  }

  @Test func textIsFilledByColumns() {
    #expect(TerminalColumns.padded("🦊", to: 4) == "🦊  " && TerminalColumns.padded("雪", to: 4, atRight: true) == "  雪")
    #expect(TerminalColumns.padded("🦊🦊🦊", to: 4) == "🦊… " && TerminalColumns.padded("ab", to: 2) == "ab")
  }

  @Test(arguments: [
    ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("雪雪", 4, "雪雪"), ("雪雪", 3, "雪…"), ("雪", 1, "…"), ("", 0, ""), ("x", 0, ""),
    ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}"),
    ("🦊🦊🦊", 5, "🦊🦊…"),
  ])
  func textIsCutByColumns(_ text: String, _ columns: Int, _ expected: String) {
    #expect(TerminalColumns.clipped(text, to: columns) == expected)
  }
}
