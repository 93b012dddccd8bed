import ArgumentParser
import Glissade
import GlissadeDevices

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `glissade tune`.
struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune", abstract: "Find the best kernels for matrix products and convolutions on a GPU, and remember them.",
    discussion: """
      Every kernel has to compute what the processor computes before its time counts. What is found is written to the cache folder after each \
      problem: an interrupted search goes on where it stopped.
      """)

  @OptionGroup var device: DeviceOptions

  @Option(parsing: .unconditional, help: "How long to search, in seconds.")
  var seconds = 600.0

  @Option(help: "Only problems whose name contains this, as in 'matmul' or 'weight-gradient'.")
  var filter: String?

  @Flag(help: "Forget what was found on the device, and begin anew.")
  var reset = false

  @Flag(help: "Show every kernel that was tried.")
  var verbose = false

  func run() throws {
    guard seconds > 0, seconds.isFinite else { throw Misuse("--seconds is \(seconds), and it has to be above 0") }
    let problems = try chosenProblems()
    let selection = try device.open()
    print(selection.line)
    guard let device = selection.device as? OpenCLDevice, device.profile.style == .gpu else {
      print("There is nothing to tune for this device: CPUs use register tiles, whose sizes follow from their registers.")
      return
    }
    let store = TuningStore(TuningIdentity(device.information))
    guard let path = store.path else {
      throw Failure("there is no folder to remember anything in; set GLISSADE_CACHE to one, or XDG_CACHE_HOME, or HOME")
    }
    if reset { store.remove() }
    let search = try TuningSearch(device, store: store)
    let remaining = search.remaining(of: problems)
    if remaining.count < problems.count {
      print("\(problems.count - remaining.count) of \(problems.count) problems are tuned already; --reset begins anew.")
    }
    if remaining.isEmpty { return }
    let left = try search.run(remaining, seconds: seconds) { report($0) }
    let rest = left == 0 ? "" : " \(left) problem\(left == 1 ? " is" : "s are") left; the same command goes on."
    print("What was found is in \(path).\(rest)")
  }

  private func chosenProblems() throws(Misuse) -> [TuningProblem] {
    let all = TuningProblem.training
    guard let filter else { return all }
    let chosen = all.filter { $0.description.contains(filter) }
    if chosen.isEmpty {
      throw Misuse("no problem's name contains '\(filter)'; there are \(all.map(\.description).joined(separator: "; "))")
    }
    return chosen
  }

  private func report(_ event: TuningSearch.Event) {
    switch event {
    case .began(let problem): print("\(problem)")
    case .measured(let variant, let seconds): if verbose { print("  \(Text.fixed(seconds * 1e3, 3)) ms: \(variant)") }
    case .refused(let variant, let reason): print("  refused: \(variant): \(Text.line(reason.description, limit: 200))")
    case .finished(let problem, let entry, let tried, let registers):
      let speed = Text.fixed(problem.flops / entry.seconds / 1e9, 1)
      let other = entry.variant == .registers ? nil : registers.map { "; register tiles: \(Text.fixed($0 * 1e3, 3)) ms" }
      print("  best of \(tried): \(entry.variant)")
      print("  \(Text.fixed(entry.seconds * 1e3, 3)) ms, \(speed) GFLOP/s\(other ?? "")")
    case .failed: print("  no kernel computed the right result, or the device has no room for it")
    }
  }

  /// A line on standard output, at once, so that a search can be watched through a pipe.
  private func print(_ line: String) { Terminal.write(line + "\n", to: STDOUT_FILENO) }
}
