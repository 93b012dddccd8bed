import Glissade
import Testing

/// What a session hands out and takes back, parameter by parameter.
@Suite struct SessionStateTests {
  private struct Pair: Layer {
    let first = Dense(6, 5)
    let second = Dense(5, 3)
    func forward(_ x: Tensor) -> Tensor { second(relu(first(x))) }
  }

  private let features = (0..<48).map { Float(($0 * 37) % 19) / 19 - 0.5 }
  private let labels: [Int32] = [0, 1, 2, 0, 1, 2, 0, 1]

  private func session(_ groups: [ParameterGroup]) throws -> TrainingSession {
    try TrainingSession(model: Pair(), sampleShape: [6], batchSize: 8, groups: groups, seed: 3, device: CPUDevice(threads: 1))
  }

  private func train(_ session: TrainingSession, steps: Int) throws {
    for _ in 0..<steps {
      try features.withUnsafeBufferPointer { features in
        try labels.withUnsafeBufferPointer { try session.train(features: features, labels: $0) { _ in 1e-2 } }
      }
    }
  }

  private func bits(_ state: ModelState) -> [[UInt32]] {
    state.parameters.map { $0.values.map(\.bitPattern) } + state.optimizer.flatMap { $0.slots.map { $0.values.map(\.bitPattern) } }
  }

  private let both = [ParameterGroup(AdamW(learningRate: 1e-2))]
  private let apart = [
    ParameterGroup(AdamW(learningRate: 1e-2), takes: { $0.hasPrefix("second") }), ParameterGroup(AdamW(learningRate: 1e-2)),
  ]

  @Test func everyParameterHasItsMemoryByName() throws {
    let session = try session(both)
    try train(session, steps: 2)
    let state = try session.state()
    #expect(state.steps == 2)
    #expect(state.optimizer.map(\.path) == ["first.weight", "first.bias", "second.weight", "second.bias"])
    for (entry, parameter) in zip(state.optimizer, state.parameters) {
      #expect(entry.steps == 2 && entry.slots.map(\.name) == ["exp_avg", "exp_avg_sq"])
      #expect(entry.slots.allSatisfy { $0.values.count == parameter.values.count && $0.values.contains { $0 != 0 } })
    }
  }

  /// Other groups are other arenas, and the same training.
  @Test func memorySurvivesAnotherGrouping() throws {
    let (whole, divided) = (try session(both), try session(apart))
    try train(whole, steps: 3)
    try divided.restore(try whole.state())
    try train(whole, steps: 3)
    try train(divided, steps: 3)
    #expect(try divided.state().steps == 6)
    #expect(try bits(divided.state()) == bits(whole.state()))
  }

  /// What begins later begins as a fresh optimizer does, bias corrections included, beside what goes on.
  @Test func aGroupThatBeginsLaterCountsFromThere() throws {
    let head = try session([apart[0]])
    try train(head, steps: 4)
    let frozen = try head.state()
    #expect(frozen.optimizer.map(\.path) == ["second.weight", "second.bias"])
    let all = try session(apart)
    try all.restore(frozen)
    #expect(all.groupSteps == [4, 0])
    try train(all, steps: 1)
    let state = try all.state()
    #expect(state.optimizer.map(\.steps) == [1, 1, 5, 5])
    // Adam's first step moves every parameter that has a gradient by the learning rate, after AdamW's decay by 1e-4 of itself.
    let (before, after) = (frozen.parameters[0].values, state.parameters[0].values)
    let gradient = try #require(try all.gradient(of: "first.weight"))
    #expect(gradient.contains { abs($0) > 1e-4 })
    for (index, value) in gradient.enumerated() where abs(value) > 1e-4 {
      #expect(abs(abs(after[index] - before[index] * (1 - 1e-4)) - 1e-2) < 1e-5)
    }
  }

  @Test func aGroupOfDifferentAgesTakesTheSmallest() throws {
    let head = try session([apart[0]])
    try train(head, steps: 4)
    let all = try session(both)
    try all.restore(try head.state())
    #expect(all.steps == 4 && all.groupSteps == [0])
    let state = try all.state()
    #expect(state.optimizer[0].slots.allSatisfy { $0.values.allSatisfy { $0 == 0 } })
    #expect(try state.optimizer[2].slots.map(\.values) == head.state().optimizer[0].slots.map(\.values))
  }

  @Test func memoryOfAnotherOptimizerIsLeftOut() throws {
    let adam = try session(both)
    try train(adam, steps: 2)
    let momentum = try session([ParameterGroup(SGD(learningRate: 0.1, momentum: 0.9))])
    try train(momentum, steps: 1)
    try momentum.restore(try adam.state())
    #expect(momentum.groupSteps == [0])
    #expect(try momentum.state().optimizer.allSatisfy { $0.slots.allSatisfy { $0.values.allSatisfy { $0 == 0 } } })
  }

  @Test func memoryOfAnotherSizeIsRefused() throws {
    let session = try session(both)
    try train(session, steps: 1)
    var state = try session.state()
    state.optimizer[1].slots[0].values.removeLast()
    let error = #expect(throws: StateError.self) { try session.restore(state) }
    #expect(error?.problems == ["exp_avg of first.bias has 4 numbers and the parameter 5"])
  }
}
