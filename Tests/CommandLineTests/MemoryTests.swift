import Foundation
import Testing

/// Too little memory is an error with numbers, and never the end of the process.
struct MemoryTests {
  @Test func everyLimitIsAnErrorOrEnough() throws {
    let data = try PictureFolder(side: 28, training: 60, test: 10)
    let folder = try TemporaryFolder()
    let earlier = try Command([
      "train", "--data", data.path, "--model", "mlp", "--epochs", "1", "--limit", "32", "--device", "cpu", "--quiet", "--out",
      folder.path("run"),
    ]).finish()
    #expect(earlier.status == 0, "\(earlier)")
    let model = try Data(contentsOf: URL(fileURLWithPath: folder.path("run/model.safetensors")))
    var statuses = Set<Int32>()
    // In KiB. Below the first the system's own loader gives up.
    for limit in stride(from: 150_000, through: 900_000, by: 150_000) {
      let arguments =
        [
          "-c", "ulimit -v \(limit); exec \"$0\" \"$@\"", Command.path, "train", "--data", data.path, "--model", "resnet18", "--epochs",
          "1",
        ]
        + [
          "--batch-size", "32", "--device", "cpu", "--validation", "0", "--limit", "32", "--replace", "--quiet", "--out",
          folder.path("run"),
        ]
      let outcome = try Command(arguments, executable: "/bin/sh").finish()
      statuses.insert(outcome.status)
      guard outcome.status != 0 else { break }
      expectComplaint(outcome, status: 1, "too little memory: ", " MiB, and ", "ulimit -v")
      // What was to be replaced stays where nothing takes its place.
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("run/model.safetensors"))) == model)
    }
    #expect(statuses.contains(1))
  }

  /// The host works out a parameter's first values in memory of its own, beside the device's: a large one has a gap for that to fail in.
  @Test func aLargeParameterHasRoomForItsFirstValues() throws {
    let data = try PictureFolder(side: 28, training: 60, test: 10)
    let folder = try TemporaryFolder()
    // Of one model, and of several, which have a folder around theirs.
    for (limit, count) in stride(from: 700_000, through: 1_000_000, by: 50_000).map({ ($0, []) }) + [(800_000, ["--ensemble", "2"])] {
      let outcome = try Command(
        [
          "-c", "ulimit -v \(limit); exec \"$0\" \"$@\"", Command.path, "train", "--data", data.path, "--layers", "flatten, dense(50000)",
          "--epochs", "1",
          "--batch-size", "32", "--device", "cpu", "--quiet", "--out", folder.path("run"),
        ] + count, executable: "/bin/sh"
      ).finish()
      expectComplaint(outcome, status: 1, "too little memory: ", "ulimit -v")
      // Nothing has begun.
      #expect(folder.names().isEmpty)
    }
  }

  /// Drivers that run on processors end the process where they cannot start their threads.
  @Test(arguments: [200_000, 285_000, 300_000, 315_000]) func driversAreNotLoadedWithoutRoomForThem(limit: Int) throws {
    let script = "ulimit -v \(limit); exec \"$0\" devices"
    let outcome = try Command(["-c", script, Command.path], executable: "/bin/sh").finish()
    #expect(outcome.status == 0 && outcome.output.contains("too little memory: OpenCL's drivers need"), "\(outcome)")
  }
}
