import Foundation
import Testing

@testable import GlissadeOptimizers

/// The learning rates of schedules, and the text they are read from.
struct ScheduleTests {
  /// Steps of an epoch and of a run in these tests.
  static let (epoch, total) = (10, 100)

  private func rate(_ text: String, at step: Int) throws -> Double {
    try Schedule(text).learningRate(base: 0.5, step: step, stepsPerEpoch: Self.epoch, totalSteps: Self.total)
  }

  private func expect(_ text: String, _ rates: [Int: Double]) throws {
    for (step, rate) in rates {
      let got = try self.rate(text, at: step)
      #expect(abs(got - rate) < 1e-12, "\(text) at step \(step) is \(got) instead of \(rate)")
    }
  }

  @Test func whatHasNoTurnIsTold() throws {
    func told(_ text: String, _ total: Int = 20, base: Double = 0.1) throws -> String? {
      try Schedule(text).idleness(base: base, stepsPerEpoch: 10, totalSteps: total)
    }
    #expect(
      try told("warmup(20 steps) then cosine(over: 1 epochs) then constant")
        == "the schedule does not come to 'cosine(to: 0.0, over: 1.0 epochs) then constant': the run has 20 steps, and what is before it "
        + "takes them all")
    let long = "warmup(1 epochs) then cosine(over: 500 epochs) then constant(at: 0.1)"
    #expect(try told(long)?.contains("come to 'constant(at: 0.1)'") == true)
    #expect(
      try told("step(every: 2 epochs)")
        == "the schedule '\(Schedule("step(every: 2 epochs)"))' leaves the learning rate as it is in all 20 steps of the run")
    #expect(try told("multistep(at: 30, 60 epochs)")?.contains("in all 20 steps") == true)
    for text in [
      "constant", "constant(at: 0.5)", "cosine", "plateau", "step(every: 1 epochs)", "warmup(19 steps) then cosine", "one-cycle",
    ] {
      #expect(try told(text) == nil, "\(text)")
    }
    // What it ends at is a rate, and no share of one.
    for text in ["linear(to: 1)", "cosine(to: 1)"] {
      #expect(try told(text) == nil)
      #expect(try told(text, base: 1)?.contains("leaves the learning rate as it is") == true)
    }
    // A single step is what the first one is.
    #expect(try told("cosine", 1) == nil)
  }

  @Test func constant() throws { try expect("constant", [0: 0.5, 7: 0.5, 99: 0.5, 1000: 0.5]) }

  @Test func step() throws {
    try expect("step(every: 30 steps, factor: 0.1)", [0: 0.5, 29: 0.5, 30: 0.05, 59: 0.05, 60: 0.005, 90: 0.0005])
    try expect("step(every: 2 epochs)", [19: 0.5, 20: 0.05, 40: 0.005])
    try expect("step(every: 0.5 epochs, factor: 2)", [4: 0.5, 5: 1, 10: 2])
  }

  @Test func exponential() throws {
    try expect("exponential(factor: 0.9)", [0: 0.5, 9: 0.5, 10: 0.45, 25: 0.5 * 0.81])
    try expect("exponential(factor: 0.9, per: 1 step)", [0: 0.5, 1: 0.45, 3: 0.5 * 0.729])
  }

  @Test func cosine() throws {
    try expect("cosine", [0: 0.5, 50: 0.25, 100: 0, 150: 0])
    try expect("cosine(to: 0.1)", [0: 0.5, 25: 0.1 + 0.4 * (1 + cos(Double.pi / 4)) / 2, 50: 0.3, 100: 0.1])
    try expect("cosine(to: 0.1, over: 20 steps)", [0: 0.5, 10: 0.3, 20: 0.1, 60: 0.1])
    try expect("cosine(to: 0.1, over: 4 epochs)", [20: 0.3, 40: 0.1])
  }

  @Test func linear() throws {
    try expect("linear(to: 0.1)", [0: 0.5, 25: 0.4, 50: 0.3, 100: 0.1, 200: 0.1])
    try expect("linear(over: 10 steps)", [0: 0.5, 5: 0.25, 10: 0, 11: 0])
  }

  /// The first step already has a rate above 0, the last of the warm-up has the base rate, and the rest starts there.
  @Test func warmup() throws {
    try expect("warmup(4 steps)", [0: 0.125, 1: 0.25, 3: 0.5, 4: 0.5, 50: 0.5])
    try expect("warmup(20 steps) then cosine(to: 1e-5)", [0: 0.025, 19: 0.5, 20: 0.5, 60: 1e-5 + (0.5 - 1e-5) / 2, 100: 1e-5])
    try expect("warmup(over: 1 epoch) then step(every: 5 steps, factor: 0.5)", [9: 0.5, 10: 0.5, 14: 0.5, 15: 0.25, 20: 0.125])
    try expect(
      "warmup(2 steps) then warmup(2 steps) then linear(over: 4 steps)", [0: 0.25, 1: 0.5, 2: 0.25, 3: 0.5, 4: 0.5, 6: 0.25, 8: 0])
  }

  /// A shape before 'then' lasts as long as it says, and the next begins at its own step 0 and at the base rate.
  @Test func oneAfterAnother() throws {
    try expect(
      "constant(over: 10 steps) then step(every: 5 steps, over: 1 epoch) then linear(over: 10 steps)",
      [0: 0.5, 9: 0.5, 10: 0.5, 15: 0.05, 20: 0.5, 25: 0.25, 30: 0])
    // The last goes to the end of the run: 80 steps are left for it.
    try expect("constant(at: 0.2, over: 20 steps) then cosine", [19: 0.2, 20: 0.5, 60: 0.25, 100: 0])
    try expect("warmup(4 steps, start: 0.5)", [0: 0.3125, 3: 0.5, 9: 0.5])
  }

  @Test func multistep() throws {
    try expect("multistep(at: 3, 6 epochs, factor: 0.5)", [29: 0.5, 30: 0.25, 59: 0.25, 60: 0.125])
    try expect("multistep(at: 5 steps, 1 epochs)", [4: 0.5, 5: 0.05, 10: 0.005])
  }

  /// It reduces after more than 'patience' epochs without getting better, counts none while it cools down, and stops at the lowest rate. (What it
  /// has seen is put down and taken up again in the tests against PyTorch, and in those of checkpoints.)
  @Test func plateauReducesCoolsDownAndEnds() throws {
    let rule = Plateau(factor: 0.5, patience: 1, cooldown: 1, minimum: 0.1)
    var state = PlateauState()
    var factors: [Double] = []
    for loss in [1, 0.5, 0.5, .nan, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.4] {
      state.note(loss, by: rule, base: 0.5)
      factors.append(state.factor)
    }
    #expect(factors == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2])
    #expect(try rate("plateau(patience: 1, minimum: 0.1)", at: 50) == 0.5)
    #expect(
      try Schedule("plateau").learningRate(base: 0.5, step: 3, stepsPerEpoch: 1, totalSteps: 9, reduction: 0.25) == 0.125)
    #expect(try Schedule("warmup(3 steps) then plateau").followsMeasurements)
    #expect(try !Schedule("cosine").followsMeasurements)
  }

  /// Every shape explains itself, and what it says of its defaults can be read.
  @Test func shapesAreWhole() throws {
    #expect(Set(Schedules.all.map { $0.name }).count == Schedules.all.count)
    for shape in Schedules.all {
      #expect(Schedules.help.contains("\n\(shape.name)(") || Schedules.help.hasPrefix("\(shape.name)("))
      #expect(!shape.summary.isEmpty)
    }
    #expect(Schedules.help.contains("\nover: SPAN\n") && Schedules.help.contains("\nA then B\n"))
  }

  /// Spaces are free, and what a schedule calls itself is read back as itself.
  @Test(arguments: [
    "constant", "step(every: 30 steps, factor: 0.1)", "exponential(factor: 0.95, per: 1.0 epochs)", "cosine(to: 0.001, over: 7 steps)",
    "linear(to: 0.0)", "warmup(500 steps) then cosine(to: 1e-05)", "warmup(0.5 epochs) then warmup(3 steps) then constant",
    "multistep(at: 30.0 epochs, 60.0 epochs, factor: 0.1)", "cosine-restarts(period: 10.0 epochs, multiplier: 2.0, to: 1e-05)",
    "polynomial(power: 0.9, to: 0.0)", "inverse-sqrt(timescale: 400 steps)",
    "plateau(factor: 0.5, patience: 3.0, metric: validation_accuracy)",
    "one-cycle(peak: 0.3, start: 0.04, end: 4e-06, curve: linear, high-momentum: 0.95, low-momentum: 0.85, over: 7 steps)",
    "cyclic(from: 0.001, up: 20 steps, mode: exp-range, gamma: 0.99)",
    "warmup(30 steps, curve: exponential, start: 0.01) then cosine(to: 0.0)",
    "constant(at: 0.01, over: 5 steps) then step(every: 3 steps, factor: 0.1, over: 1.0 epochs) then linear(to: 0.0, over: 9 steps)",
  ])
  func descriptionIsReadBack(text: String) throws {
    let schedule = try Schedule(text)
    #expect(try Schedule(schedule.description) == schedule)
    #expect(try Schedule("  " + text.replacing("(", with: " (  ").replacing(",", with: " , ") + " ") == schedule)
  }

  /// Metrics are called as in metrics.csv and by --early-stop; other spellings of the same are read.
  @Test(arguments: [
    ("validation-loss", Plateau.Measure.validationLoss), ("validation_accuracy", .validationAccuracy),
    ("validation-accuracy", .validationAccuracy), ("train_loss", .trainingLoss), ("train-loss", .trainingLoss),
    ("training_loss", .trainingLoss), ("training-loss", .trainingLoss),
  ])
  func spellingsOfMetrics(text: String, measure: Plateau.Measure) throws {
    #expect(try Schedule("plateau(metric: \(text))") == .plateau(measure: measure))
  }

  @Test func composedInSwift() throws {
    #expect(try Schedule("warmup(500 steps) then cosine(to: 1e-5)") == Schedule.cosine(to: 1e-5, over: nil).warmingUp(over: .steps(500)))
  }

  /// Each message names the text, what was not understood, and what would be.
  @Test(arguments: [
    ("", ["there is no schedule ''", "constant, step, multistep, exponential, cosine"]),
    ("cosin(to: 0)", ["there is no schedule 'cosin'", "did you mean 'cosine'?"]),
    ("cosine then constant", ["'cosine' stands before 'then'", "over: 10 epochs"]),
    ("warmup(5 steps) then", ["'then' stands between two schedules"]), ("warmup(5 steps) then  ", ["'then' stands between two schedules"]),
    ("then cosine", ["'then' stands between two schedules"]), ("warmup(5 steps) then then cosine", ["'then' stands between two schedules"]),
    ("cosine(to: 0", ["no closing parenthesis"]),
    ("cosine(to: -1)", ["'-1'", "at least 0"]),
    ("cosine(to: nan)", ["'nan'", "number"]),
    ("cosine(from: 1)", ["cosine has no 'from'", "to, over"]),
    ("constant(3)", ["constant has no '3'"]),
    ("exponential", ["exponential needs factor"]),
    ("exponential(factor: 0)", ["'0'", "above 0"]),
    ("exponential(factor: x)", ["'x'", "number above 0"]),
    ("step(factor: 0.1)", ["step needs a span", "'500 steps'"]),
    ("step(every: 10)", ["'10' in step", "'500 steps' or '2 epochs'"]),
    ("step(every: 0 steps)", ["'0 steps'"]),
    ("step(every: -3 epochs)", ["'-3 epochs'"]),
    ("step(every: 1.5 steps)", ["steps are whole"]),
    ("step(every: 3 days)", ["'days'", "'steps' or 'epochs'"]),
    ("step(every: inf epochs)", ["'inf epochs'"]),
    ("warmup", ["warmup needs a span"]),
    ("warmup(0 steps) then cosine", ["'0 steps' in warmup", "a number above 0"]),
    ("multistep(at: -1 epochs)", ["'-1 epochs' in multistep", "a number above 0"]),
    ("cosine(over: inf epochs)", ["'inf epochs' in cosine", "below 1e12"]), ("warmup(many)", ["'many' in warmup", "'500 steps'"]),
    ("warmup(5 steps, fast)", ["warmup is given a second value, 'fast'"]), ("cosine(to: 0, to: 1)", ["cosine is given 'to' twice"]),
    ("plateau(patients: 3)", ["plateau has no 'patients'", "did you mean 'patience'?"]),
    ("plateau(factor: 1)", ["'1' in plateau", "above 0"]), ("plateau(patience: 1.5)", ["patience of plateau", "whole"]),
    ("plateau(metric: accuracy)", ["'accuracy' in plateau", "validation_accuracy"]),
    ("multistep(factor: 0.1)", ["multistep needs spans"]), ("multistep(at: 3, 4)", ["'3' in multistep", "'500 steps'"]),
    ("cyclic(up: 3 steps)", ["cyclic needs from"]), ("cosine-restarts(period: 3 steps, multiplier: 0.5)", ["'0.5'", "at least 1"]),
    ("one-cycle(high-momentum: 0.9)", ["high-momentum and low-momentum"]),
    ("one-cycle(high-momentum: 0.8, low-momentum: 0.9)", ["low-momentum ≤ high-momentum"]),
    ("cyclic(from: 0, up: 3 steps, low-momentum: 0.9)", ["cyclic takes high-momentum and low-momentum, or neither"]),
    ("warmup(3 steps, start: 1)", ["start of warmup", "below 1"]),
    ("warmup(3 steps, curve: exponential, start: 0)", ["above 0 where it rises exponentially"]),
  ])
  func mistakes(text: String, parts: [String]) {
    let error = #expect(throws: ScheduleError.self) { try Schedule(text) }
    let message = error?.description ?? ""
    #expect(message.hasPrefix("schedule '\(text)': "))
    for part in parts { #expect(message.contains(part), "'\(message)' lacks '\(part)'") }
  }

  @Test func cyclesEndWhereTheRateBeginsAgain() throws {
    func ends(_ text: String, total: Int = 100) throws -> [Int] {
      let schedule = try Schedule(text)
      var found: [Int] = []
      while let next = schedule.nextRestart(after: found.last ?? 0, stepsPerEpoch: 10, totalSteps: total) { found.append(next) }
      return found
    }
    #expect(try ends("cosine-restarts(period: 3 epochs)") == [30, 60, 90])
    #expect(try ends("cosine-restarts(period: 10 steps, multiplier: 2)") == [10, 30, 70])
    #expect(try ends("cosine-restarts(period: 10 steps, multiplier: 1.5)") == [10, 25, 48, 82])
    #expect(try ends("cyclic(from: 1e-4, up: 2 epochs, down: 30 steps)") == [50, 100])
    #expect(try ends("warmup(7 steps) then cosine-restarts(period: 2 epochs)") == [27, 47, 67, 87])
    // The end of a stretch in the middle of a cycle is none.
    #expect(try ends("cosine-restarts(period: 20 steps, over: 50 steps) then cyclic(from: 0, up: 10 steps)") == [20, 40, 70, 90])
    #expect(try ends("cosine-restarts(period: 101 steps)").isEmpty)
    #expect(try ends("constant").isEmpty && Schedule("cosine").restarts == false)
    #expect(try Schedule("warmup(5 steps) then cyclic(from: 0, up: 1 epoch)").restarts)
    // The rate is at its lowest before, and at its highest after; asked from anywhere, the next one is found.
    let schedule = try Schedule("cosine-restarts(period: 10 steps, multiplier: 1.5)")
    func rate(_ step: Int) -> Double { schedule.learningRate(base: 1, step: step, stepsPerEpoch: 10, totalSteps: 100) }
    for end in [10, 25, 48, 82] {
      #expect(rate(end - 1) < 0.05 && rate(end) > 0.9, "\(end)")
      for step in 0..<100 {
        let next = schedule.nextRestart(after: step, stepsPerEpoch: 10, totalSteps: 100)
        #expect(next == [10, 25, 48, 82].first { $0 > step })
      }
    }
  }
}
