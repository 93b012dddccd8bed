import Glissade
@testable import GlissadeTraining
import TestSupport
import Testing

/// Where a run stands, in a file of its folder.
struct RunProgressTests {
  private let folder: TemporaryFolder
  private var run: RunFolder { RunFolder(folder.path) }

  init() throws { folder = try TemporaryFolder() }

  private func event(epoch: Int = 1, step: Int, loss: Double = 0.5) -> TrainingEvent {
    .progress(
      .init(
        epoch: epoch, epochs: 3, step: step, stepsPerEpoch: 1000, loss: loss, accuracy: 0.75,
        metrics: [MetricValue(name: "f1", training: 0.25)],
        samplesPerSecond: 100, secondsLeft: 12, learningRate: 0.01))
  }

  @Test func itIsReadBack() throws {
    #expect(try RunProgress(of: run) == nil)
    let file = RunProgressFile(run)
    file.note(
      .started(
        .init(
          device: "d", reason: "r", parameters: 1, stepsPerEpoch: 10, trainingSamples: 1, validationSamples: 1, measure: .meanAbsoluteError)
      ))
    file.note(.note("something"))
    // Nothing is written before a step: the folder may still be another run's.
    #expect(folder.names.isEmpty)
    file.note(event(step: 3))
    #expect(folder.names == ["progress.json"])
    let progress = try #require(try RunProgress(of: run))
    #expect(progress.epoch == 1 && progress.step == 3 && progress.stepsPerEpoch == 1000 && progress.loss == 0.5 && progress.told == 0.75)
    #expect(progress.measure == "mean_absolute_error" && progress.metrics.map(\.name) == ["f1"] && progress.metrics[0].training == 0.25)
    #expect(progress.notes == ["something"] && progress.curve == [.init(share: 0.003, loss: 0.5, told: 0.75)] && progress.time > 1.7e9)
    #expect(try #require(RunProgress(json: progress.json)).step == 3)
    file.remove()
    #expect(folder.names.isEmpty)
  }

  @Test func itIsWrittenSeldom() throws {
    let file = RunProgressFile(run, interval: .seconds(1000))
    for step in 1...50 { file.note(event(step: step)) }
    #expect(try RunProgress(of: run)?.step == 1)
    // But when it does something else.
    file.note(.testing)
    #expect(try RunProgress(of: run)?.activity == .testing)
  }

  @Test func itsCurveHasABoundAndBeginsAnewWithTheEpoch() throws {
    let file = RunProgressFile(run, interval: .zero)
    for step in 1...1000 { file.note(event(step: step, loss: Double(step))) }
    let curve = try #require(try RunProgress(of: run)).curve
    #expect((100...240).contains(curve.count) && curve.first?.share == 0.001 && curve.last?.share == 1)
    #expect(zip(curve, curve.dropFirst()).allSatisfy { $0.share < $1.share } && curve.allSatisfy { abs($0.loss - 1000 * $0.share) < 1e-6 })
    file.note(event(epoch: 2, step: 1))
    #expect(try RunProgress(of: run)?.curve.count == 1)
  }

  @Test func noRoomIsNoReasonToStop() throws {
    let file = RunProgressFile(RunFolder(folder.path + "/none"))
    file.note(event(step: 1))
    file.remove()
    #expect(folder.names.isEmpty)
  }

  @Test(arguments: ["", "{", "[]", #"{"epoch": 1}"#, #"{"activity":"dancing","epoch":1,"epochs":1,"step":1,"steps_per_epoch":1,"time":1}"#])
  func damageIsTold(_ text: String) throws {
    _ = try folder.put("progress.json", Array(text.utf8))
    let error = #expect(throws: FormatError.self) { try RunProgress(of: run) }
    #expect(error?.description.contains("progress.json") == true)
  }

  @Test func aFolderThatIsInUseIsKnown() throws {
    #expect(!run.isInUse)
    var lock: RunFolderLock? = try run.lock()
    #expect(run.isInUse)
    lock = nil
    _ = lock
    #expect(!run.isInUse && !RunFolder(folder.path + "/none").isInUse)
    // Looking takes nothing away.
    #expect(throws: Never.self) { try run.lock() }
  }
}
