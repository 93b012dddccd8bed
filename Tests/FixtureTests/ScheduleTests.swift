import Foundation
import GlissadeFormats
import GlissadeOptimizers
import Testing

@Suite("Schedules against PyTorch")
struct ScheduleTests {
  static let schedules: [(name: String, schedule: Schedule)] = [
    ("constant", .constant),
    ("step", .step(every: .steps(30), factor: 0.5)),
    ("exponential", .exponential(factor: 0.98, per: .steps(1))),
    ("cosine", .cosine(to: 1e-5, over: nil)),
    ("warmup-constant", .constant.warmingUp(over: .steps(20))),
    ("warmup-cosine", .cosine(to: 1e-5, over: nil).warmingUp(over: .steps(20))),
    ("warmup-step", .step(every: .steps(30), factor: 0.5).warmingUp(over: .steps(20))),
    ("linear", .linear(to: 0.01)),
    ("multistep", .multiStep(at: [.steps(100), .epochs(35), .steps(700)], factor: 0.3)),
    ("polynomial", .polynomial(power: 0.9)),
    ("cosine-restarts", .cosineRestarts(period: .epochs(7), multiplier: 2, to: 1e-5)),
    ("inverse-sqrt", .inverseSquareRoot(timescale: .steps(50))),
    ("one-cycle", .oneCycle(momentum: (0.85, 0.95))),
    ("one-cycle-linear", .oneCycle(curve: .linear, momentum: (0.85, 0.95))),
    ("cyclic", .cyclic(from: 1e-5, up: .steps(40), down: .steps(60), momentum: (0.8, 0.9))),
    ("cyclic-triangular2", .cyclic(from: 1e-5, up: .steps(40), down: .steps(60), mode: .triangular2, momentum: (0.8, 0.9))),
    ("cyclic-exp-range", .cyclic(from: 1e-5, up: .steps(40), down: .steps(60), mode: .expRange, gamma: 0.997, momentum: (0.8, 0.9))),
    ("warmup-exponential", .warmup(.steps(20), curve: .exponential, then: .constant)),
    ("sequence", sequence),
  ]

  static let sequence = Schedule(StepDecay(every: .steps(30), factor: 0.5), over: .epochs(20))
    .then(.cosine(to: 1e-5, over: .steps(300))).then(.constant(at: 0.1 / 3))

  static let plateaus: [(name: String, rule: Plateau)] = [
    ("plateau-loss", Plateau(factor: 0.5, patience: 3)),
    ("plateau-cooldown", Plateau(factor: 0.3, patience: 2, threshold: 0.02, cooldown: 4, minimum: 1e-3)),
    ("plateau-accuracy", Plateau(factor: 0.1, patience: 0, threshold: 1e-3, measure: .validationAccuracy)),
  ]

  static let fixture = Result { try JSONValue.parse(Array(Data(contentsOf: URL(fileURLWithPath: "\(Fixture.folder)/schedules.json")))) }

  @Test("The learning rate of every step is PyTorch's", arguments: schedules) func rates(name: String, schedule: Schedule) throws {
    let fixture = try Self.fixture.get()
    let base = try #require(try fixture.member("base").doubleValue)
    let values = try fixture.member("schedules").member(name).member("values").doubles
    let steps = try #require(try fixture.member("steps").integerValue)
    #expect(values.count == steps)
    let momenta = try fixture.member("schedules").member(name).membersOrNone("momentum")
    for (step, expected) in values.enumerated() {
      // Epochs of 10 steps: spans in epochs below have to mean the same.
      let found = schedule.learningRate(base: base, step: step, stepsPerEpoch: 10, totalSteps: steps)
      #expect(abs(found - expected) <= 1e-12 * max(expected, 1e-2 * base), "step \(step): \(found), PyTorch \(expected)")
      let momentum = schedule.momentum(step: step, stepsPerEpoch: 10, totalSteps: steps)
      #expect((momentum == nil) == (momenta == nil))
      if let momentum, let expected = momenta?[step] { #expect(abs(momentum - expected) < 1e-12, "step \(step)") }
    }
  }

  @Test(
    "What is taken up again in the middle goes on as PyTorch's: a run that is resumed knows a schedule's text and its step",
    arguments: schedules)
  func resumed(name: String, schedule: Schedule) throws {
    let fixture = try Self.fixture.get()
    let base = try #require(try fixture.member("base").doubleValue)
    let values = try fixture.member("schedules").member(name).member("values").doubles
    let again = try Schedule("\(schedule)")
    for step in values.indices.dropFirst(values.count / 2) {
      let found = again.learningRate(base: base, step: step, stepsPerEpoch: 10, totalSteps: values.count)
      #expect(abs(found - values[step]) <= 1e-6 * max(values[step], 1e-2 * base), "step \(step): \(found), PyTorch \(values[step])")
    }
  }

  @Test("Plateaus reduce the rate when PyTorch's do, and the same after they were put down and taken up again", arguments: plateaus)
  func reductions(name: String, rule: Plateau) throws {
    let fixture = try Self.fixture.get()
    let base = try #require(try fixture.member("base").doubleValue)
    let entry = try fixture.member("schedules").member(name)
    let (measured, values) = (try entry.member("measured").doubles, try entry.member("values").doubles)
    let schedule = Schedule(rule)
    var state = PlateauState()
    for (epoch, expected) in values.enumerated() {
      let found = schedule.learningRate(
        base: base, step: 10 * epoch, stepsPerEpoch: 10, totalSteps: 10 * values.count, reduction: state.factor)
      #expect(abs(found - expected) <= 1e-12 * base, "epoch \(epoch): \(found), PyTorch \(expected)")
      // A training that goes on knows what was measured before, and nothing else.
      var again = PlateauState()
      for value in measured[..<epoch] { again.note(value, by: rule, base: base) }
      #expect(again.factor == state.factor)
      state.note(measured[epoch], by: rule, base: base)
    }
  }

  @Test("Every schedule of the fixture is tested") func complete() throws {
    let names = try #require(try Self.fixture.get().member("schedules").members).map(\.key)
    #expect(Set(names) == Set(Self.schedules.map(\.name) + Self.plateaus.map(\.name)))
  }

  @Test(
    "Text and spans in epochs give the same rates",
    arguments: [
      ("step", "step(every: 3 epochs, factor: 0.5)"), ("exponential", "exponential(factor: 0.98, per: 1 steps)"),
      ("cosine", "cosine(to: 1e-5)"), ("warmup-cosine", "warmup(2 epochs) then cosine(to: 1e-5)"),
      ("warmup-step", "warmup(20 steps) then step(every: 30 steps, factor: 0.5)"),
      ("multistep", "multistep(at: 10, 35, 70 epochs, factor: 0.3)"),
      ("cosine-restarts", "cosine-restarts(period: 7 epochs, multiplier: 2, to: 1e-5)"),
      ("one-cycle", "one-cycle(high-momentum: 0.95, low-momentum: 0.85)"),
      (
        "cyclic-exp-range",
        "cyclic(from: 1e-5, up: 4 epochs, down: 60 steps, mode: exp-range, gamma: 0.997, high-momentum: 0.9, low-momentum: 0.8)"
      ),
      ("warmup-exponential", "warmup(2 epochs, curve: exponential)"),
      (
        "sequence",
        "step(every: 3 epochs, factor: 0.5, over: 200 steps) then cosine(to: 1e-5, over: 30 epochs) then constant(at: 0.03333333333333333)"
      ),
    ]) func text(name: String, text: String) throws
  { try rates(name: name, schedule: Schedule(text)) }
}

extension JSONValue {
  /// A list of numbers that may be missing.
  fileprivate func membersOrNone(_ key: String) throws -> [Double]? {
    members?.contains { $0.key == key } == true ? try member(key).doubles : nil
  }
}
