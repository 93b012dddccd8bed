import GlissadeData
import GlissadeDevices
import GlissadeLayers
import GlissadeModels
import GlissadeOptimizers
import GlissadeTraining
import Testing

@Suite("Learning")
struct LearningTests {
  @Test("A small network learns to tell blobs apart", arguments: DeviceUnderTest.best) func blobs(on under: DeviceUnderTest) throws {
    func part(_ number: UInt32, _ count: Int) throws -> SyntheticClassification {
      try SyntheticClassification(count: count, sampleShape: [6, 6, 2], classCount: 8, separation: 0.7, seed: 3, part: number)
    }
    let network = Sequential(
      Conv2D(2, 12, kernel: 3, padding: 1, bias: false), BatchNorm(12), ReLU(), MaxPool2D(2), Flatten(), Dropout(0.1), Dense(3 * 3 * 12, 8))
    var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 5e-3), schedule: .cosine(to: 1e-4, over: nil))])
    options.epochs = 5
    options.batchSize = 50
    options.seed = 1
    var epochs: [EpochRecord] = []
    let result = try Trainer(model: network, options: options).fit(
      part(0, 1610), validation: part(1, 400), test: part(2, 400), on: under.selection(),
      observe: { event in if case .epoch(let row) = event { epochs.append(row) } })
    #expect(result.failure == nil)
    let last = try #require(result.record.epochs.last)
    #expect(epochs.count == 5 && result.record.epochs.count == 5)
    #expect(last.trainAccuracy > 0.95)
    #expect(last.validationAccuracy > 0.95)
    #expect(result.record.testAccuracy > 0.95)
    #expect(last.validationLoss < epochs[0].validationLoss)

    // The state that comes back is the one that was just evaluated.
    let again = try Trainer(model: network, options: options).evaluate(part(2, 400), state: result.state, on: under.device)
    #expect(again.accuracy == result.record.testAccuracy)
  }
}
