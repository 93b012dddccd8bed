import ArgumentParser
import Glissade
import GlissadeDevices
import GlissadeBenchmarks

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `glissade bench`.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure a device: its limits, every kernel, the optimizers, training steps.",
    discussion: """
      The limits are what kernels that do nothing else reach on the same device: multiply-adds in registers, and copies of as many bytes as \
      the row counts. A row's share of its limit is measured with the limit by turns. --compare ends with status 1 if anything is slower than \
      it was by more than the threshold.
      """)

  @Argument(
    help: "kernels, optimizers or train. (default: all three)",
    completion: .list(BenchmarkResult.Suite.allCases.map(\.rawValue)))
  var suite: String?

  @Option(
    help: "train: mlp, lenet, resnet18 or efficientnet-lite0; may be given several times. (default: all)",
    completion: .list(Benchmark.names(of: .train)))
  var model: [String] = []

  @Option(parsing: .unconditional, help: "train: samples in a step. (default: mlp and lenet 128, resnet18 64, efficientnet-lite0 16)")
  var batchSize: Int?

  @OptionGroup var device: DeviceOptions

  @Option(help: "Only what has this in its name.")
  var filter: String?

  @Option(parsing: .unconditional, help: "Seconds for each row. (default: kernels 0.15, optimizers 0.5, train 5)")
  var seconds: Double?

  @Flag(help: "train: no convolution mixes pixels beyond its filter's reach, as in 'glissade train --exact'.")
  var exact = false

  @Option(parsing: .unconditional, help: "train: how many of a step's launches to list, the longest first.")
  var launches = 0

  @OptionGroup var published: PublishedDeviceOption

  @Option(
    help: "Write the results to this file, again after each of them: whatever ends the command, they are there.",
    completion: .file(extensions: ["json"]))
  var json: String?

  @Option(help: "Compare with the results in this file.", completion: .file(extensions: ["json"]))
  var compare: String?

  @Option(
    parsing: .unconditional, help: "With --compare: how much slower, as a factor, is still as good. (default: \(Self.usualThreshold))")
  var threshold: Double?

  private static let usualThreshold = 1.1

  func run() throws {
    if let json, let compare, isSameFile(json, compare) {
      throw Misuse("--json would replace \(compare), the results that --compare reads; name another file")
    }
    let suites = try chosenSuites()
    let options = try chosenOptions(suites)
    if let published = try published.device() { return try predict(suites, options, as: published) }
    _ = try device.request()
    let baseline = try compare.map { path in
      do throws(BenchmarkBaseline.Unreadable) { return try BenchmarkBaseline(contentsOf: path) } catch { throw Misuse(error.description) }
    }
    let selection = try device.open()
    let benchmark = Benchmark(on: selection.device)
    let table = BenchTable(device: selection.device, launches: launches)
    try Terminal.print(selection.line + "\n")
    // Training by itself goes first: its first step is to be the process's first, too.
    if suites != [.train] { try Terminal.print(BenchTable.text(of: try benchmark.limits())) }
    var results: [BenchmarkResult] = []
    func keep(_ limits: MachineLimits?) throws {
      guard let json else { return }
      let report = BenchmarkReport(
        version: Version.number, device: selection.device.information, limits: limits, results: results)
      try report.json.write(path: json)
    }
    for suite in suites where !Benchmark.names(of: suite, options).isEmpty {
      try Terminal.print(table.head(of: suite))
      try benchmark.run(suite, options) { result in
        results.append(result)
        try Terminal.print(table.row(of: result))
        try keep(benchmark.knownLimits)
      }
    }
    let limits = try benchmark.limits()
    try Terminal.print(BenchTable.text(of: ModelAgreement(results)))
    try Terminal.print("\n\(suites == [.train] ? "" : "over the whole run, ")" + BenchTable.text(of: limits))
    try keep(limits)
    guard let baseline, let compare else { return }
    let threshold = threshold ?? Self.usualThreshold
    let comparison = BenchmarkComparison(results, with: baseline, suites: suites, options: options)
    try Terminal.print(BenchTable.text(of: comparison, with: baseline, path: compare, threshold: threshold))
    let slower = comparison.slower(than: threshold)
    if let worst = slower.first {
      throw Failure(
        "\(slower.count) of \(comparison.rows.count) results are slower than in \(compare) by more than a factor of "
          + "\(Text.fixed(threshold, 2)); the worst is \(worst.suite): \(worst.name), by \(Text.fixed(worst.ratio, 2))")
    }
  }

  /// What training steps would take at least on a device that need not be here.
  private func predict(_ suites: [BenchmarkResult.Suite], _ options: BenchmarkOptions, as published: PublishedDevice) throws {
    guard suites == [.train] else { throw Misuse("--as is for bench train: what a device that is not here would take at least") }
    for (name, isGiven) in [("--json", json != nil), ("--compare", compare != nil), ("--seconds", seconds != nil)] where isGiven {
      throw Misuse("\(name) is no option of bench train --as, which measures nothing")
    }
    try Terminal.print(
      "as \(published.name), \(published.title), by published figures: predictions, nothing was run\n"
        + Text.wrapped("figures: \(published.source)", width: 120).joined(separator: "\n") + "\n")
    try Benchmark.predict(options, as: published) { name, batchSize, plan, cost in
      try Terminal.print(BenchTable.text(of: cost, plan, name: name, batchSize: batchSize, launches: launches))
    }
  }

  private func chosenSuites() throws(Misuse) -> [BenchmarkResult.Suite] {
    guard let suite else { return BenchmarkResult.Suite.allCases }
    guard let known = BenchmarkResult.Suite(rawValue: suite) else {
      throw .unknown("suite", suite, among: BenchmarkResult.Suite.allCases.map(\.rawValue))
    }
    return [known]
  }

  /// The options, checked as far as they can be without a device.
  private func chosenOptions(_ suites: [BenchmarkResult.Suite]) throws(Misuse) -> BenchmarkOptions {
    let models = Benchmark.names(of: .train)
    for name in model where !models.contains(name) { throw Misuse.unknown("model", name, among: models) }
    if !suites.contains(.train) {
      if !model.isEmpty { throw Misuse("--model is no option of bench \(suite ?? ""); bench train has it") }
      if batchSize != nil { throw Misuse("--batch-size is no option of bench \(suite ?? ""); bench train has it") }
      if exact { throw Misuse("--exact is no option of bench \(suite ?? ""); bench train has it") }
      if launches != 0 { throw Misuse("--launches is no option of bench \(suite ?? ""); bench train has it") }
    }
    if let seconds, !(seconds > 0 && seconds <= 3600) {
      throw Misuse("--seconds is \(seconds), and it has to be above 0 and at most 3600")
    }
    if let batchSize, !(1...1 << 20).contains(batchSize) {
      throw Misuse("--batch-size is \(batchSize), and it has to be from 1 to \(1 << 20)")
    }
    if launches < 0 { throw Misuse("--launches is \(launches), and it has to be at least 0") }
    if let threshold {
      if !(threshold > 0 && threshold.isFinite) { throw Misuse("--threshold is \(threshold), and it has to be a number above 0") }
      if compare == nil { throw Misuse("--threshold is for --compare, and that is not given") }
    }
    if let json {
      let folder = json.contains("/") ? String(json[...(json.lastIndex(of: "/") ?? json.startIndex)]) : "."
      if json.isEmpty || json.hasSuffix("/") || !exists(folder) {
        throw Misuse("--json is '\(json)', and it has to name a file in a folder that is there")
      }
    }
    var options = BenchmarkOptions()
    (options.filter, options.seconds, options.models, options.batchSize, options.isExact) = (filter, seconds, model, batchSize, exact)
    if suites.allSatisfy({ Benchmark.names(of: $0, options).isEmpty }) {
      throw Misuse("--filter is '\(filter ?? "")', and nothing has that in its name")
    }
    return options
  }
}
