import Glissade
import TestSupport
import Testing

/// Which convolutions mix pixels beyond their filter's reach, and who is told.
struct ExactnessTests {
  private let model = Sequential(
    Conv2D(32, 32, kernel: 3, padding: 1), ReLU(), Conv2D(32, 32, kernel: 3, padding: 1), Flatten(), Dense(16 * 16 * 32, 3))

  private func session(isExact: Bool) throws -> TrainingSession {
    try TrainingSession(
      model: model, sampleShape: [16, 16, 32], batchSize: 4, groups: [ParameterGroup(SGD())], device: try CPUDevice(), isExact: isExact)
  }

  /// Noise, with one number among it.
  private func data(_ number: Float) throws -> ArrayDataset {
    var features = (0..<65536).map { index -> Float in Float(index * 7919 % 1000) / 500 - 1 }
    features[1234] = number
    return try ArrayDataset(
      features: features, sampleShape: [16, 16, 32], labels: (0..<8).map { Int32($0 % 3) }, classNames: ["a", "b", "c"])
  }

  private func notes(_ number: Float, isExact: Bool) throws -> [String] {
    var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: 1e-6))])
    (options.epochs, options.batchSize, options.isExact) = (2, 4, isExact)
    var notes: [String] = []
    let result = try Trainer(model: model, options: options).fit(
      try data(number), on: DeviceSelection(device: try CPUDevice(), reason: "test", mayFallBack: false),
      observe: { if case .note(let text) = $0 { notes.append(text) } })
    #expect(result.failure == nil)
    return notes
  }

  @Test func exactPlansMixNothing() throws {
    for isTraining in [true, false] {
      #expect(try session(isExact: false).plan(batchSize: 4, isTraining: isTraining).mixingLayers == ["0", "2"])
      let exact = try session(isExact: true).plan(batchSize: 4, isTraining: isTraining)
      #expect(exact.mixingLayers == [] && exact.mixingNote == nil)
    }
    let note = try #require(try session(isExact: false).plan(batchSize: 4, isTraining: true).mixingNote)
    #expect(note.hasPrefix("2 layers, 0 to 2, mix the pixels") && note.contains("--exact"))
  }

  @Test func samplesThatSpreadAreNoted() throws {
    #expect(try notes(1, isExact: false) == [])
    #expect(try notes(500, isExact: false) == [])
    #expect(try notes(1e5, isExact: true) == [])
    let notes = try notes(1e5, isExact: false)
    #expect(notes.count == 1)
    #expect(notes.first?.contains("100000.0") == true && notes.first?.contains("--exact") == true)
  }

  /// What an outlier among the samples becomes behind a convolution is one among the activations.
  @Test func whatMixingLayersReadIsMeasured() throws {
    func spreads(_ number: Float, isExact: Bool = false) throws -> [(layer: String, spread: Spread)] {
      var options = TrainingOptions(groups: [ParameterGroup(SGD())])
      (options.batchSize, options.isExact) = (8, isExact)
      return try Trainer(model: model, options: options).spreads(in: try data(number), on: try CPUDevice())
    }
    let (wide, usual) = (try spreads(1e5), try spreads(1))
    #expect(wide.map(\.layer) == ["0", "2"] && wide.allSatisfy(\.spread.isWide), "\(wide)")
    #expect(wide.first?.spread.largest == 1e5)
    #expect(usual.map(\.layer) == ["0", "2"] && !usual.contains(where: \.spread.isWide), "\(usual)")
    #expect(usual.first?.spread.largest == 1)
    #expect(try spreads(1e5, isExact: true).isEmpty)
  }
}
