import Foundation
import GlissadeFormats
import Testing

/// Runs that are stopped in the middle and go on.
struct ResumeTests {
  let data: PictureFolder
  let folder: TemporaryFolder

  init() throws {
    data = try PictureFolder()
    folder = try TemporaryFolder()
  }

  private func train(_ out: String, _ more: String..., model: String = "mlp") -> [String] {
    ["train", "--data", data.path, "--model", model, "--device", "cpu", "--batch-size", "32", "--out", folder.path(out)] + more
  }

  private func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path(name))) }

  /// The table of epochs without its times, which are its last two columns.
  private func metrics(_ run: String) throws -> [[Substring]] {
    try String(contentsOfFile: folder.path("\(run)/metrics.csv"), encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).dropLast(2)
    }
  }

  private func expectTheSame(_ a: String, _ b: String) throws {
    #expect(try bytes("\(a)/model.safetensors") == bytes("\(b)/model.safetensors"))
    #expect(try bytes("\(a)/best.safetensors") == bytes("\(b)/best.safetensors"))
    #expect(try metrics(a) == metrics(b))
    let summaries = try [a, b].map { try JSONValue.read(path: folder.path("\($0)/summary.json")) }
    for key in ["test_accuracy", "test_loss", "train_loss", "best_epoch"] { #expect(summaries[0][key] == summaries[1][key], "\(key)") }
  }

  @Test func aStoppedRunGoesOnWhereItWas() throws {
    #expect(try glissade(train("whole", "--epochs", "40", "--momentum", "0.9", "--optimizer", "sgd", "--lr", "0.01")).status == 0)
    let command = try Command(train("stopped", "--epochs", "40", "--momentum", "0.9", "--optimizer", "sgd", "--lr", "0.01"))
    try command.waitForOutput("epoch 2 ")
    command.send(SIGINT)
    #expect(try command.finish().status == 130)
    let outcome = try glissade("train", "--resume", folder.path("stopped"))
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.output.contains("going on with \(folder.path("stopped")) after "), "\(outcome)")
    try expectTheSame("whole", "stopped")
    // Whoever asks again is told that there is nothing to do.
    let again = try glissade("train", "--resume", folder.path("stopped"))
    #expect(again.status == 0 && again.output.hasSuffix("is finished: all 40 epochs are done; a larger --epochs goes on\n"), "\(again)")
  }

  @Test func aFinishedRunGoesOnWithMoreEpochs() throws {
    #expect(try glissade(train("long", "--epochs", "4")).status == 0)
    #expect(try glissade(train("short", "--epochs", "2", "--quiet")).status == 0)
    let outcome = try glissade("train", "--resume", folder.path("short"), "--epochs", "4")
    #expect(outcome.status == 0 && outcome.output.contains("after 2 epochs of 4"), "\(outcome)")
    try expectTheSame("long", "short")
    expectComplaint(
      try glissade("train", "--resume", folder.path("short"), "--epochs", "3"), status: 2,
      "--epochs is 3, and 4 epochs are done already"
    )
  }

  @Test func otherOptionsAreMisuse() throws {
    #expect(try glissade(train("run", "--epochs", "1")).status == 0)
    let run = folder.path("run")
    expectComplaint(
      try glissade("train", "--resume", run, "--epochs", "2", "--lr", "0.5", "--seed", "9"), status: 2,
      "--lr is 0.5, and the run has 0.001",
      "--seed is 9, and the run has 1", "but for --epochs")
    expectComplaint(try glissade("train", "--resume", run, "--out", folder.path("other")), status: 2, "--out cannot be given with --resume")
    expectComplaint(try glissade("train", "--resume", folder.path("none")), status: 1, "none: no such run folder")
    expectComplaint(try glissade("train", "--resume", folder.path), status: 1, "holds a run: \(run); name it")
    // What the run has may be said again.
    #expect(try glissade("train", "--resume", run, "--epochs", "2", "--lr", "1e-3", "--batch-size", "32").status == 0)
  }

  @Test func anExactRunStaysExact() throws {
    #expect(try glissade(train("exact", "--exact", "--epochs", "1", model: "lenet")).status == 0)
    #expect(try glissade(train("usual", "--epochs", "1", model: "lenet")).status == 0)
    #expect(try runOptions(folder.path("exact"))["exact"] == true)
    #expect(try bytes("exact/model.safetensors") != bytes("usual/model.safetensors"))
    for run in ["exact", "usual"] {
      let test = try glissade("evaluate", "--run", folder.path(run), "--json", "--device", "cpu")
      let summary = try JSONValue.read(path: folder.path("\(run)/summary.json"))
      #expect(try JSONValue.parse(Array(test.output.utf8))["loss"] == summary["test_loss"], "\(run)")
    }
    expectComplaint(
      try glissade("train", "--resume", folder.path("usual"), "--epochs", "2", "--exact"), status: 2,
      "--exact is true, and the run has false")
    #expect(try glissade("train", "--resume", folder.path("exact"), "--epochs", "2").status == 0)
    #expect(try glissade(train("long", "--exact", "--epochs", "2", model: "lenet")).status == 0)
    try expectTheSame("exact", "long")
    let plans = try ["--explain", "--exact"].indices.map {
      try glissade(train("none", model: "lenet") + ["--explain", "--exact"].prefix($0 + 1))
    }
    #expect(plans[0].output.contains("conv2 mixes the pixels") && plans[0].output.contains("--exact does without"), "\(plans[0])")
    #expect(plans[0].output.contains("in the first step conv2 reads numbers up to "), "\(plans[0])")
    #expect(plans[1].status == 0 && !plans[1].output.contains("winograd"), "\(plans[1])")
  }

  @Test func otherDataIsNamed() throws {
    #expect(try glissade(train("run", "--epochs", "1")).status == 0)
    let resume = ["train", "--resume", folder.path("run"), "--epochs", "2"]
    let labels = try data.get("train-labels-idx1-ubyte.gz")
    // Two classes change places in the training labels.
    let swapped = (0..<300).map { UInt8([1, 0, 2, 3, 4, 5, 6, 7, 8, 9][$0 % 10]) }
    try data.put("train-labels-idx1-ubyte.gz", PictureFolder.gzip(PictureFolder.idx([300], swapped)))
    expectComplaint(
      try glissade(resume), status: 1, "the training cannot go on where it stopped: the training data has other labels or values")
    try data.put("train-labels-idx1-ubyte.gz", labels)
    var images = try data.get("train-images-idx3-ubyte")
    for index in 16..<images.count { images[index] = images[index] / 2 }
    try data.put("train-images-idx3-ubyte", images)
    expectComplaint(try glissade(resume), status: 1, "the data of the run has changed: mean is ")
    // Nothing of the run was touched.
    #expect(try JSONValue.read(path: folder.path("run/summary.json"))["failure"] == .null)
  }

  @Test func aDamagedCheckpointGivesWayToTheOneBefore() throws {
    #expect(try glissade(train("whole", "--epochs", "3")).status == 0)
    #expect(try glissade(train("run", "--epochs", "3")).status == 0)
    #expect(folder.names("run").filter { $0.hasPrefix("checkpoint") } == ["checkpoint-18.safetensors", "checkpoint-27.safetensors"])
    let newest = folder.path("run/checkpoint-27.safetensors")
    var content = try bytes("run/checkpoint-27.safetensors")
    content[content.count / 2] ^= 4
    try content.write(to: URL(fileURLWithPath: newest))
    try FileManager.default.removeItem(atPath: folder.path("run/summary.json"))
    try Data("half of a che".utf8).write(to: URL(fileURLWithPath: folder.path("run/.glissade-12ab.tmp")))
    let outcome = try glissade("train", "--resume", folder.path("run"))
    #expect(outcome.status == 0 && outcome.errorLines.count == 1, "\(outcome)")
    #expect(outcome.errors.contains("checkpoint-27.safetensors: its content does not match its checksum; it is left out"), "\(outcome)")
    #expect(outcome.output.contains("after 2 epochs of 3"), "\(outcome)")
    try expectTheSame("whole", "run")
    #expect(
      folder.names("run").filter { $0.contains("checkpoint") } == [
        "checkpoint-18.safetensors", "checkpoint-27.safetensors", "checkpoint-27.safetensors.damaged",
      ])
    #expect(!folder.names("run").contains { $0.hasSuffix(".tmp") })
  }

  @Test func numbersOfCheckpoints() throws {
    #expect(try glissade(train("run", "--epochs", "2", "--checkpoint-every", "4", "--keep", "3")).status == 0)
    // After steps 4 and 8 of an epoch of 9, and at its end; then after 12, 16 and 18.
    #expect(folder.names("run").filter { $0.hasPrefix("checkpoint") } == [12, 16, 18].map { "checkpoint-\($0).safetensors" })
    expectComplaint(try glissade(train("x", "--checkpoint-every", "0")), status: 2, "--checkpoint-every is 0")
    expectComplaint(try glissade(train("x", "--keep", "0")), status: 2, "--keep is 0")
  }

  // MARK: Kills

  /// When a run is killed. None of them is a time after which something must have happened.
  private enum Instant: CaseIterable {
    /// Anywhere in the beginning.
    case early
    /// While a file is being written.
    case writing
    /// After some checkpoints.
    case checkpoint
    /// Right after an epoch was written down.
    case epoch
  }

  @Test(arguments: ["cpu", "opencl"]) func aRunThatIsKilledTwentyTimesEndsWithTheSameBytes(device: String) throws {
    let pictures = try PictureFolder(side: 28, training: 150, test: 30)
    let environment = device == "cpu" ? [:] : ["GLISSADE_OPENCL_LIBRARY": ""]
    // However fast the machine is, this run does not come to its end by itself.
    func arguments(_ out: String, epochs: Int) -> [String] {
      [
        "train", "--data", pictures.path, "--model", "lenet", "--device", device, "--batch-size", "24", "--epochs", "\(epochs)",
        "--checkpoint-every", "3", "--clip-norm", "1", "--schedule", "warmup(5 steps) then step(every: 3 epochs, factor: 0.8)", "--out",
        folder.path(out),
      ]
    }

    var generator = Generator(state: device == "cpu" ? 5 : 6)
    var kills = 0
    while kills < 20 {
      let hasBegun = FileManager.default.fileExists(atPath: folder.path("killed/recipe.yaml"))
      let command = try Command(
        hasBegun ? ["train", "--resume", folder.path("killed")] : arguments("killed", epochs: 100_000), environment: environment)
      let instant = Instant.allCases[Int(generator.next(4))]
      let steps = newestStep
      let wanted = steps + 3 * Int(1 + generator.next(3))
      let rows = (try? metrics("killed").count) ?? 0
      let beginning = useconds_t(generator.next(300_000))
      if instant == .early { usleep(beginning) }
      while command.isRunning {
        let isTime =
          switch instant {
          case .early: true
          case .writing: newestStep > steps && folder.names("killed").contains { $0.hasSuffix(".tmp") }
          case .checkpoint: newestStep >= wanted
          case .epoch: ((try? metrics("killed").count) ?? 0) > rows
          }
        if isTime { break }
        usleep(100)
      }
      command.send(SIGKILL)
      let outcome = try command.finish()
      try #require(outcome.status == 128 + SIGKILL, "after \(kills) kills, at step \(newestStep): \(outcome)")
      kills += 1
    }
    #expect(newestStep >= 30)
    // An epoch has 6 steps.
    let epochs = newestStep / 6 + 2
    let outcome = try glissade(["train", "--resume", folder.path("killed"), "--epochs", "\(epochs)"], environment: environment)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(try glissade(arguments("whole", epochs: epochs), environment: environment).status == 0)
    try expectTheSame("whole", "killed")
    #expect(!folder.names("killed").contains { $0.hasSuffix(".tmp") || $0.hasSuffix(".damaged") })
  }

  /// The step of the newest checkpoint.
  private var newestStep: Int {
    folder.names("killed").compactMap { name in
      name.hasPrefix("checkpoint-") ? Int(name.dropFirst("checkpoint-".count).dropLast(".safetensors".count)) : nil
    }.max() ?? 0
  }

  private struct Generator {
    var state: UInt64

    mutating func next(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
  }
}
