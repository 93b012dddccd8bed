import Foundation
import GlissadeOptimizers
import Testing

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

  /// Spaces are free, and what a schedule calls itself is read back as itself.
  @Test(arguments: [
    "constant", "step(every: 30 steps, factor: 0.1)", "exponential(factor: 0.95, per: 1.0 epochs)", "cosine(to: 0.001, over: 7 steps)",
    "linear(to: 0.0)", "warmup(500 steps) then cosine(to: 1e-05)", "warmup(0.5 epochs) then warmup(3 steps) then constant",
  ])
  func descriptionIsReadBack(text: String) throws {
    let schedule = try Schedule(text)
    #expect(try Schedule(schedule.description) == schedule)
    #expect(try Schedule("  " + text.replacing("(", with: " (  ").replacing(",", with: " , ") + " ") == schedule)
  }

  @Test func composedInSwift() throws {
    #expect(try Schedule("warmup(500 steps) then cosine(to: 1e-5)") == Schedule.cosine(to: 1e-5, over: nil).warmingUp(over: .steps(500)))
  }

  /// Each message names the text, what was not understood, and what would be.
  @Test(arguments: [
    ("", ["there is no schedule ''", "constant, step, exponential, cosine, linear, warmup"]),
    ("cosin(to: 0)", ["there is no schedule 'cosin'", "cosine"]),
    ("cosine then constant", ["only warmup can come before 'then'", "'cosine'"]),
    ("warmup(5 steps) then", ["no closing parenthesis"]), ("warmup(5 steps) then  ", ["there is no schedule ''"]),
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
    ("warmup(many)", ["'many' in warmup", "'500 steps'"]),
    ("warmup(5 steps, fast)", ["warmup is given a second value, 'fast'"]), ("cosine(to: 0, to: 1)", ["cosine is given 'to' twice"]),
  ])
  func mistakes(text: String, parts: [String]) {
    let error = #expect(throws: ScheduleError.self) { try Schedule(text) }
    let message = error?.description ?? ""
    #expect(message.hasPrefix("schedule '\(text)': "))
    for part in parts { #expect(message.contains(part), "'\(message)' lacks '\(part)'") }
  }
}
