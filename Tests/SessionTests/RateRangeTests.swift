import Foundation
import Glissade
import TestSupport
import Testing

/// Range tests of learning rates: what is tried, and what is made of the curve.
struct RateRangeTests {
  /// A curve as of a usual test: flat, falling around one rate, lowest at another, then up.
  private func curve(fall: Double, lowest: Double, noise: Double = 0, count: Int = 100) -> RateRange {
    let options = RateRange.Options()
    var state: UInt64 = 1
    func random() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53 * 2 - 1
    }
    return RateRange(
      (0..<count).map { step in
        let rate = options.rate(step)
        let down = 1 / (1 + exp(4 * log10(rate / fall)))
        let up = exp(3 * log10(rate / lowest) - 3)
        return (rate, 0.5 + 2 * down + up + noise * random())
      })
  }

  @Test func theRuleIsHalfWay() throws {
    for (fall, lowest) in [(1e-3, 1e-2), (1e-4, 1e-2), (1e-2, 0.3)] {
      let clean = try #require(curve(fall: fall, lowest: lowest).suggestion)
      #expect(abs(log(clean.steepest / fall)) < log(1.5), "\(clean)")
      #expect(clean.lowest > clean.steepest && clean.rate == (clean.steepest * clean.lowest).squareRoot())
      let noisy = try #require(curve(fall: fall, lowest: lowest, noise: 0.1).suggestion)
      #expect(abs(log(noisy.rate / clean.rate)) < log(2), "\(noisy) \(clean)")
      #expect(clean.reason.hasPrefix("half-way between ") && clean.reason.hasSuffix(", where it is lowest"))
    }
    let points = curve(fall: 1e-3, lowest: 1e-2).points
    let place = try #require(curve(fall: 1e-3, lowest: 1e-2).suggestion?.place)
    let rate = try #require(curve(fall: 1e-3, lowest: 1e-2).suggestion?.rate)
    #expect(points.allSatisfy { abs(log($0.rate / rate)) >= abs(log(points[place].rate / rate)) })
  }

  @Test func whatDoesNotFallHasNoSuggestion() {
    let options = RateRange.Options()
    let flat = RateRange((0..<100).map { (options.rate($0), 2.3 + ($0 % 2 == 0 ? 0.1 : -0.1)) })
    #expect(flat.suggestion == nil && flat.objection.contains("the loss falls at none of the rates"))
    let rising = RateRange((0..<100).map { (options.rate($0), 1 + Double($0)) })
    #expect(rising.suggestion == nil)
    let short = RateRange((0..<5).map { (options.rate($0), 1 - Double($0) * 0.1) })
    #expect(short.suggestion == nil && short.objection.contains("explodes within 6 steps"))
    #expect(RateRange([]).suggestion == nil)
  }

  private func trainer(_ optimizer: any Optimizer = Adam(), seed: UInt64 = 1) throws -> (Trainer, SyntheticClassification) {
    let data = try SyntheticClassification(count: 200, sampleShape: [8], classCount: 3, separation: 2)
    var options = TrainingOptions(groups: [ParameterGroup(optimizer, schedule: try Schedule("warmup(50 steps) then constant"))])
    (options.batchSize, options.seed, options.epochs) = (32, seed, 2)
    return (Trainer(model: MLP([8, 16, 3]), options: options), data)
  }

  @Test func ratesGrowUntilTheLossExplodes() throws {
    let (trainer, data) = try trainer()
    let device = try CPUDevice(threads: 1)
    let before = try trainer.fit(data, on: DeviceSelection(device: device, reason: "", mayFallBack: false))
    var seen = 0
    let found = try trainer.rateRange(data, on: device, observe: { _ in seen += 1 })
    #expect(seen == found.points.count && (50...100).contains(seen))
    for (step, point) in found.points.enumerated() { #expect(abs(point.rate / RateRange.Options().rate(step) - 1) < 1e-12) }
    // Nothing happens at the lowest rates, and the first loss is that of the model as it begins.
    #expect(found.points[0].rate == 1e-7 && abs(found.points[20].loss - found.points[0].loss) < 0.5)
    let suggestion = try #require(found.suggestion)
    #expect((1e-4...1).contains(suggestion.rate), "\(suggestion)")
    // The same again, and nothing of it is left.
    #expect(try trainer.rateRange(data, on: device).points == found.points)
    let after = try trainer.fit(data, on: DeviceSelection(device: device, reason: "", mayFallBack: false))
    #expect(after.state.parameters.map(\.values) == before.state.parameters.map(\.values))
    // From other parameters it begins with their loss.
    let trained = try trainer.rateRange(data, on: device, from: before.state)
    #expect(trained.points[0].loss < found.points[0].loss)
  }

  @Test func explosionsEndIt() throws {
    let (trainer, data) = try trainer(SGD(momentum: 0.9))
    var options = RateRange.Options()
    (options.lowest, options.highest, options.steps) = (1e-3, 1e9, 60)
    let found = try trainer.rateRange(data, on: try CPUDevice(threads: 1), options: options)
    #expect(found.points.count < 60 && found.end != nil)
    #expect(found.points.allSatisfy { $0.loss.isFinite && $0.smoothed.isFinite })
  }

  @Test func whatMakesNoSense() throws {
    let (trainer, data) = try trainer()
    let device = try CPUDevice(threads: 1)
    for change: (inout RateRange.Options) -> Void in [
      { $0.lowest = 0 }, { $0.highest = 1e-8 }, { $0.steps = 9 }, { $0.explosion = 1 }, { $0.highest = .infinity },
    ] {
      var options = RateRange.Options()
      change(&options)
      #expect(throws: TrainingError.self) { try trainer.rateRange(data, on: device, options: options) }
    }
    var whole = trainer.options
    (whole.groups, whole.batchSize) = ([ParameterGroup(LBFGS())], 200)
    let error = #expect(throws: TrainingError.self) { try Trainer(model: trainer.model, options: whole).rateRange(data, on: device) }
    #expect(error?.description.contains("a line search finds its steps") == true)
  }
}
