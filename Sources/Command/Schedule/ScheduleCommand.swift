import ArgumentParser
import Glissade
import GlissadeFormats
import GlissadeCharts

/// `glissade schedule`.
struct ScheduleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule", abstract: "Draw how a schedule moves the learning rate, and momentum where it moves that.",
    discussion: "Nothing is trained. Without a schedule, lists what there is, with formulas.")

  @Argument(help: "A schedule, as --schedule of 'glissade train' takes it.", completion: .of("schedule"))
  var schedule: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("Epochs of the run.", valueName: "n"))
  var epochs = 10

  @Option(parsing: .unconditional, help: ArgumentHelp("Steps of an epoch.", valueName: "n"))
  var stepsPerEpoch = 100

  @Option(parsing: .unconditional, help: ArgumentHelp("The base learning rate.", valueName: "rate"))
  var lr = 1e-3

  @Flag(help: "Draw the rate on a logarithmic axis.")
  var log = false

  @Option(help: ArgumentHelp("Write the curve to this file as an SVG picture.", valueName: "file"), completion: .file(extensions: ["svg"]))
  var svg: String?

  func run() throws {
    guard let schedule else {
      if svg != nil { throw Misuse("--svg is for the curve of a schedule, and none is given") }
      return try Terminal.print(Schedules.help + "\n")
    }
    let parsed: Schedule
    do throws(ScheduleError) { parsed = try Schedule(schedule) } catch { throw Misuse("\(error)") }
    guard (1...1_000_000).contains(epochs) else { throw Misuse("--epochs is \(epochs), and it has to be from 1 to 1000000") }
    guard (1...100_000_000).contains(stepsPerEpoch), epochs * stepsPerEpoch <= 1_000_000_000 else {
      throw Misuse("--steps-per-epoch is \(stepsPerEpoch), and all epochs have to have from 1 to 1000000000 steps")
    }
    guard lr > 0, lr.isFinite else { throw Misuse("--lr is \(lr), and it has to be a number above 0") }
    if let svg { try DrawnFile.picture.check(svg, "--svg") }
    let total = epochs * stepsPerEpoch
    let charts = charts(parsed, total)
    if let svg { try DrawnFile.write(LineChart.svg(charts), to: svg) }
    try Terminal.print(
      charts.map(Terminal.text).joined(separator: "\n")
        + (parsed.followsMeasurements ? "plateau: shown as if every epoch were better than the last\n" : ""))
  }

  /// The rate, and momentum where the schedule moves that, on a grid that shows every turn a picture can.
  private func charts(_ schedule: Schedule, _ total: Int) -> [LineChart] {
    let steps = Array(stride(from: 0, to: total, by: max(total / 4000, 1))) + [total - 1]
    func series(_ name: String, _ value: (Int) -> Double) -> [LineChart.Series] {
      [LineChart.Series(name, steps.map { (Double($0) / Double(stepsPerEpoch), value($0)) })]
    }
    let rates = series("learning rate") { schedule.learningRate(base: lr, step: $0, stepsPerEpoch: stepsPerEpoch, totalSteps: total) }
    let rate = LineChart("\(schedule)", x: .epoch, y: Axis("learning rate", isLogarithmic: log, includes: log ? [] : [0]), rates)
    guard schedule.movesMomentum else { return [rate] }
    // Where a stretch leaves momentum to the optimizer there is no curve.
    let momentum = series("momentum") { schedule.momentum(step: $0, stepsPerEpoch: stepsPerEpoch, totalSteps: total) ?? .nan }
    return [rate, LineChart("momentum, where the schedule moves it", x: .epoch, y: Axis("momentum"), momentum)]
  }
}
