import ArgumentParser
import Glissade
import GlissadeCharts
import GlissadeFormats
import GlissadeLandscapes

/// `glissade landscape`.
struct LandscapeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "landscape", abstract: "Draw the paths of optimizers over a known function.",
    discussion: """
      Nothing is read or trained but two numbers, by the same optimizers that train networks. Without a function, lists what there is. Each \
      optimizer takes the learning rate, of 1, 2 and 5 times the powers of ten, that gets it lowest by the last step, unless --lr says another.
      """)

  @Argument(help: "The function.", completion: .list(Landscape.all.map(\.name)))
  var function: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("The learning rate of all.", valueName: "rate"))
  var lr: Double?

  @Option(
    help: ArgumentHelp("Optimizers, separated by commas, or all.", valueName: "names"),
    completion: .words(["all"] + Self.ofNumbers))
  var optimizer = "sgd,momentum,nesterov,adagrad,rmsprop,adam"

  @Option(parsing: .unconditional, help: ArgumentHelp("Steps of each.", valueName: "n"))
  var steps = 200

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Where they begin, as in -1.2,1. (default: the function's own start)", valueName: "x,y"))
  var start: String?

  @Option(help: ArgumentHelp("Write the paths to this file as an SVG picture.", valueName: "file"), completion: .file(extensions: ["svg"]))
  var out: String?

  /// The optimizers of numbers rather than matrices.
  private static let ofNumbers = Optimizers.all.filter { !($0.rule is any MatrixOptimizer) }.map(\.name)

  func run() throws {
    guard let function else {
      for (name, isGiven) in [("--out", out != nil), ("--lr", lr != nil), ("--start", start != nil)] where isGiven {
        throw Misuse("\(name) is for a function, and none is given; there are \(Landscape.all.map(\.name).joined(separator: ", "))")
      }
      return try Terminal.print(Self.list)
    }
    guard let landscape = Landscape.named(function) else {
      throw Misuse.unknown("function", function, among: Landscape.all.map(\.name))
    }
    guard (1...100_000).contains(steps) else { throw Misuse("--steps is \(steps), and it has to be from 1 to 100000") }
    if let lr, !(lr > 0 && lr.isFinite) { throw Misuse("--lr is \(lr), and it has to be a number above 0") }
    let names = optimizer == "all" ? Self.ofNumbers : optimizer.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let chosen = try names.map { name in
      guard let entry = Optimizers.named(name) else { throw Misuse.unknown("optimizer", name, among: Self.ofNumbers) }
      if entry.rule is any MatrixOptimizer {
        throw Misuse("\(name) is for matrices, and a landscape has two numbers; there are \(Self.ofNumbers.joined(separator: ", "))")
      }
      return entry
    }
    if let out { try DrawnFile.picture.check(out, "--out") }
    let walker = try LandscapeWalker(landscape, start: try place(), steps: steps)
    let descents = try chosen.map { try walker.descend($0.rule, named: $0.name, learningRate: lr) }
    if let out { try DrawnFile.write(try walker.map(of: descents).svg(), to: out) }
    try Terminal.print(
      "\(landscape.name): \(landscape.formula)\n\(landscape.about)\n\n"
        + Terminal.text(of: walker.curves(of: descents)) + "\n"
        + Self.table(descents, landscape))
  }

  private func place() throws(Misuse) -> LandscapePoint? {
    guard let start else { return nil }
    let numbers = start.split(separator: ",").compactMap { Double($0.trimmed) }
    guard numbers.count == 2, numbers.allSatisfy({ abs($0) < 1e6 }) else {
      throw Misuse("--start is '\(printable(start))', and it has to be two numbers, as in -1.2,1")
    }
    return LandscapePoint(numbers[0], numbers[1])
  }

  private static var list: String {
    let width = Landscape.all.map(\.name.count).max() ?? 0
    return Landscape.all.map { each in
      "\(each.name.padded(to: width))  \(each.formula)\n\("".padded(to: width))  \(each.about); from (\(each.start.x), \(each.start.y))\n"
    }.joined()
  }

  private static func table(_ descents: [Descent], _ landscape: Landscape) -> String {
    let rows =
      [["OPTIMIZER", "RATE", "ENDS AT", "HEIGHT", "BELOW 1E-4 AFTER"]]
      + descents.map { descent in
        let end = descent.points.last.map { "(\(number($0.x)), \(number($0.y)))" } ?? ""
        let steps = descent.firstStep(within: 1e-4, of: landscape).map { "\($0) steps" } ?? "-"
        return [descent.optimizer, "\(descent.learningRate)", end, number((descent.heights.last ?? .nan) - landscape.lowest), steps]
      }
    let widths = (0..<5).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { $0.padded(to: $1) }.joined(separator: "  ").trimmedAtEnd + "\n"
    }.joined()
  }

  private static func number(_ value: Double) -> String {
    if value.isFinite, abs(value) >= 1e-3, abs(value) < 1e5 || value == 0 { return "\((value * 1000).rounded() / 1000)" }
    guard value.isFinite, value != 0 else { return "\(value)" }
    return String(describing: Float(value))
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(width - count, 0)) }
  fileprivate var trimmedAtEnd: String { String(reversed().drop { $0 == " " }.reversed()) }
}

extension Substring {
  fileprivate var trimmed: Substring { drop { $0 == " " } }
}
