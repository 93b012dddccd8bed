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
  ]

  static let fixture = Result { try JSONValue.parse(Array(Data(contentsOf: URL(fileURLWithPath: "\(Fixture.folder)/schedules.json")))) }

  @Test("The learning rate of every step is PyTorch's", arguments: schedules) func rates(name: String, schedule: Schedule) throws {
    let fixture = try Self.fixture.get()
    let base = try #require(try fixture.member("base").doubleValue)
    let values = try fixture.member("schedules").member(name).member("values").doubles
    let steps = try #require(try fixture.member("steps").integerValue)
    #expect(values.count == steps)
    for (step, expected) in values.enumerated() {
      // Epochs of 10 steps: spans in epochs below have to mean the same.
      let found = schedule.learningRate(base: base, step: step, stepsPerEpoch: 10, totalSteps: steps)
      #expect(abs(found - expected) <= 1e-12 * expected, "step \(step): \(found), PyTorch \(expected)")
    }
  }

  @Test("Every schedule of the fixture is tested") func complete() throws {
    let names = try #require(try Self.fixture.get().member("schedules").members).map(\.key)
    #expect(Set(names) == Set(Self.schedules.map(\.name)))
  }

  @Test(
    "Text and spans in epochs give the same rates",
    arguments: [
      ("step", "step(every: 3 epochs, factor: 0.5)"), ("exponential", "exponential(factor: 0.98, per: 1 steps)"),
      ("cosine", "cosine(to: 1e-5)"), ("warmup-cosine", "warmup(2 epochs) then cosine(to: 1e-5)"),
      ("warmup-step", "warmup(20 steps) then step(every: 30 steps, factor: 0.5)"),
    ]) func text(name: String, text: String) throws
  { try rates(name: name, schedule: Schedule(text)) }
}
