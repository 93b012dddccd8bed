import ArgumentParser
import Glissade

/// The options that every training has with one meaning and one default.
struct RunOptions: ParsableArguments {
  @Option(help: "The run folder. (default: runs/<date>-<time>-<model>)")
  var out: String?

  @Flag(help: "Put this run in the place of the one that --out names: the files of that run are removed.")
  var replace = false

  @Option(help: "Learning rate over the run, as in 'warmup(500 steps) then cosine(to: 1e-5)'; also step, exponential, linear.")
  var schedule = "constant"

  @Option(parsing: .unconditional, help: "Clip the global norm of the gradients to this.")
  var clipNorm: Float?

  @Option(parsing: .unconditional, help: "Share of each label that is spread over all classes.")
  var labelSmoothing: Float = 0

  @Flag(help: "No convolution mixes pixels beyond its filter's reach: outliers stay where they are. Takes longer on CPUs.")
  var exact = false

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  /// - Throws: `Misuse` for a number outside its range, or a folder without a name.
  func check() throws(Misuse) {
    try Misuse.check("--label-smoothing", labelSmoothing, labelSmoothing >= 0 && labelSmoothing < 1, "at least 0 and below 1")
    if let clipNorm { try Misuse.check("--clip-norm", clipNorm, clipNorm > 0 && clipNorm.isFinite, "a number above 0") }
    if let out, out.isEmpty { throw Misuse("--out is empty, and it has to name a folder") }
  }
}

extension Misuse {
  /// - Throws: unless an option's value is right, what it has to be.
  static func check(_ name: String, _ value: some CustomStringConvertible, _ isRight: Bool, _ requirement: String) throws(Misuse) {
    if !isRight { throw Misuse("\(name) is \(value), and it has to be \(requirement)") }
  }
}
