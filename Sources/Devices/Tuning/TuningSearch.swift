import GlissadeFormats
import GlissadePlanning

/// Finds the best kernel for each of some products on a device, by trying. Every kernel has to compute what the processor computes, on a
/// small problem whose sizes divide nothing and on the problem itself, before its time counts. What was found is on disk after each
/// problem, so that an interrupted search goes on where it stopped.
public struct TuningSearch {
  /// What happens on the way.
  public enum Event: Sendable {
    case began(TuningProblem)
    /// A kernel that computes the right result, and its time in seconds.
    case measured(ProductVariant, seconds: Double)
    /// A kernel that does not build, does not run, or computes something else: it is never kept.
    case refused(ProductVariant, TuningRefusal)
    /// A problem's best kernel, and the time of register tiles where they could be measured.
    case finished(TuningProblem, TuningStore.Entry, tried: Int, registers: Double?)
    /// No kernel computed the right result, or the device has no room for it.
    case failed(TuningProblem)
  }

  private let device: any Device
  private let candidates: TuningCandidates
  private let defaults: ProductTuning
  private let store: TuningStore

  /// A search on an open device. Built programs are not kept on disk, because most are tried once and never again.
  /// - Throws: `DeviceError` when the device cannot be opened again.
  public init(_ device: OpenCLDevice, store: TuningStore? = nil) throws(DeviceError) {
    let own = try OpenCLDevice(
      device.candidate, style: device.profile.style, products: ProductTuning(), cache: ProgramCache(folder: nil, identity: ""))
    let limits = device.candidate.groupLimits
    self.init(
      own, limits: limits, defaults: device.candidate.defaultProducts,
      store: store ?? TuningStore(TuningIdentity(device.information)))
  }

  init(_ device: any Device, limits: GroupLimits, defaults: ProductTuning, store: TuningStore) {
    self.device = device
    self.defaults = defaults
    self.store = store
    candidates = TuningCandidates(limits: limits)
  }

  /// The problems that are not in the store yet.
  public func remaining(of problems: [TuningProblem]) -> [TuningProblem] {
    let known = Set(entries.map(\.problem))
    return problems.filter { !known.contains($0.problem) }
  }

  private var entries: [TuningStore.Entry] {
    guard case .entries(let entries) = store.load() else { return [] }
    return entries
  }

  /// Searches for each problem that is not in the store yet.
  /// - Parameters:
  ///   - problems: in this order.
  ///   - seconds: how long to search; what is left is shared out among the problems that are left. The first problem is always begun, and
  ///     one that was begun is finished with at least the class's kernel and register tiles: a search that is repeated gets somewhere,
  ///     however little time it is given.
  ///   - report: is told what happens.
  /// - Returns: how many problems are left.
  /// - Throws: `DeviceError` for a device that is lost; `FormatError` when the store cannot be written.
  public func run(_ problems: [TuningProblem], seconds: Double, report: (Event) -> Void) throws -> Int {
    let witness = try CPUDevice()
    let start = ContinuousClock.now
    func spent() -> Double {
      let elapsed = (ContinuousClock.now - start).components
      return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    }
    var found = entries
    var left = remaining(of: problems)
    let first = left.count
    var unsolved = 0
    while let problem = left.first, left.count == first || spent() < seconds {
      let deadline = spent() + (seconds - spent()) / Double(left.count)
      report(.began(problem))
      left.removeFirst()
      guard let outcome = try best(of: problem, witness, report: report, isOver: { spent() >= deadline }) else {
        report(.failed(problem))
        unsolved += 1
        continue
      }
      found.append(outcome.entry)
      try store.save(found)
      report(.finished(problem, outcome.entry, tried: outcome.tried, registers: outcome.registers))
    }
    return left.count + unsolved
  }

  private func best(
    of problem: TuningProblem, _ witness: CPUDevice, report: (Event) -> Void, isOver: () -> Bool
  ) throws(DeviceError) -> (entry: TuningStore.Entry, tried: Int, registers: Double?)? {
    guard problem.fits(device.profile) else { return nil }
    let probe = try ProductCheck(.probe(of: problem), on: device, witness: witness)
    let check = try ProductCheck(problem, on: device, witness: witness)
    var times: [ProductVariant: Double] = [:]
    var tried: Set<ProductVariant> = []
    var best: (variant: ProductVariant, seconds: Double)?
    var bestTile: (tile: LocalTile, seconds: Double)?

    func measure(_ variant: ProductVariant) {
      tried.insert(variant)
      do throws(TuningRefusal) {
        _ = try probe.prepare(variant)
        let run = try check.prepare(variant)
        let seconds: Double
        do throws(DeviceError) { seconds = try run.seconds(limit: best?.seconds ?? .infinity) } catch {
          throw TuningRefusal(reason: error.description)
        }
        times[variant] = seconds
        if best.map({ seconds < $0.seconds }) ?? true { best = (variant, seconds) }
        if case .local(let tile) = variant, bestTile.map({ seconds < $0.seconds }) ?? true { bestTile = (tile, seconds) }
        report(.measured(variant, seconds: seconds))
      } catch { report(.refused(variant, error)) }
    }

    for (number, variant) in candidates.seeds(for: problem.problem, defaults: defaults).enumerated() {
      if number >= 2, best != nil, isOver() { break }
      measure(variant)
    }
    // From the best tile to a better neighbour, until there is none.
    search: while let from = bestTile, !isOver() {
      for variant in candidates.neighbours(of: from.tile) where !tried.contains(variant) {
        if isOver() { break search }
        measure(variant)
        if let now = bestTile, now.seconds < 0.98 * from.seconds { continue search }
      }
      break
    }
    guard let best else { return nil }
    let entry = TuningStore.Entry(problem: problem.problem, variant: best.variant, seconds: best.seconds)
    return (entry, tried.count, times[.registers])
  }
}
