import GlissadeFormats
import GlissadeTraining

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a run has come to so far, as its folder says.
package struct RunState {
  /// What is known of whoever trains.
  package enum Activity: Equatable, Sendable {
    /// Data is read, or the first steps are planned.
    case beginning
    /// Steps, or what lies between them.
    case training
    /// Features of a frozen backbone are computed.
    case features
    /// The test data is measured with.
    case testing
    /// Training is at work and has not said anything for so many seconds.
    case silent(seconds: Double)
    /// Nobody trains there, and the run has not come to its end: it was killed.
    case left
    /// It has come to its end, in whatever way.
    case ended
  }

  package var activity: Activity
  let figures: RunFigures
  /// While it trains.
  package let progress: RunProgress?
  /// What the layers' health was last, if it is looked at: a table.
  let health: HealthTable?
  /// Why a file of it cannot be read.
  package var problem: String?

  /// Epochs that are over.
  package var epochs: Int { figures.metrics.epochs.count }

  /// Of all that there are to be, as far as it is known.
  package var epochsInAll: Int? {
    if let progress, progress.epochs > 0 { return progress.epochs }
    return figures.recipe?.epochs
  }
}

/// Reads a run's folder again and again: a file only where it has changed.
package struct RunReader {
  package let folder: RunFolder
  private var stamps: [String: Stamp] = [:]
  private var figures: RunFigures?
  private var progress: RunProgress?
  private var health: HealthTable?
  private var problems: (figures: String?, progress: String?)
  private var isInUse = true
  private var lastLook: Double?

  /// What says nothing for so many seconds is looked at: whether it is there.
  private static let patience = 10.0

  /// Which content a file has.
  private struct Stamp: Equatable {
    var (number, size, seconds, nanoseconds) = (UInt64(0), Int64(0), 0, 0)

    init?(_ path: String) {
      var information = stat()
      guard stat(path, &information) == 0 else { return nil }
      (number, size) = (UInt64(information.st_ino), Int64(information.st_size))
      (seconds, nanoseconds) = (Int(information.st_mtim.tv_sec), Int(information.st_mtim.tv_nsec))
    }
  }

  /// - Parameter folder: a run's.
  package init(_ folder: RunFolder) { self.folder = folder }

  /// What the folder says now.
  /// - Parameter time: now, in seconds since 1970; default the clock's.
  /// - Throws: `FormatError` for a file that is damaged, unless it was read before: then the state keeps what it was, with the reason.
  package mutating func read(at time: Double = Self.now) throws(FormatError) -> RunState {
    let paths = [folder.summaryPath, folder.metricsPath, folder.recipePath]
    if figures == nil || haveChanged(paths) {
      do throws(FormatError) {
        // The last of it is read by itself, so that the rest is seen where it is damaged.
        figures = try RunFigures(folder, hasHealth: false)
        problems.figures = nil
      } catch {
        guard figures != nil else { throw error }
        problems.figures = "\(error)"
      }
    }
    if haveChanged([folder.progressPath]) {
      do throws(FormatError) { (progress, problems.progress) = (try RunProgress(of: folder), nil) } catch { problems.progress = "\(error)" }
    }
    if haveChanged([HealthTable.path(in: folder)]) { health = HealthTable(of: folder) }
    guard let figures else { throw FormatError(path: folder.path, reason: .malformed("nothing is known of the run")) }
    return RunState(
      activity: activity(figures, at: time), figures: figures, progress: progress, health: health,
      problem: problems.figures ?? problems.progress)
  }

  /// Seconds since 1970.
  package static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private mutating func haveChanged(_ paths: [String]) -> Bool {
    var result = false
    for path in paths {
      let stamp = Stamp(path)
      if stamp != stamps[path] { result = true }
      stamps[path] = stamp
    }
    return result
  }

  private mutating func activity(_ figures: RunFigures, at time: Double) -> RunState.Activity {
    if figures.isFinished { return .ended }
    // Clocks of two machines may differ: a file from the future is fresh.
    let age = progress.map { time - $0.time } ?? Self.patience
    if age < Self.patience, let progress {
      switch progress.activity {
      case .training: return .training
      case .features: return .features
      case .testing: return .testing
      }
    }
    if time - (lastLook ?? 0) >= Self.patience / 2 {
      isInUse = folder.isInUse
      lastLook = time
    }
    guard isInUse else { return .left }
    return progress == nil ? .beginning : .silent(seconds: age)
  }
}

/// The last epoch of the table of layers, a row for each, and how some figures went until then.
struct HealthTable {
  let names: [String]
  let rows: [[String]]
  /// By column, then by layer: the figure in each epoch.
  private var courses: [Int: [String: [Double]]] = [:]
  private let layer: Int?

  /// How a figure of a row went; `nil` for those whose course is not shown.
  func course(of column: Int, in row: [String]) -> [Double]? {
    guard let layer else { return nil }
    return courses[column]?[row[layer]]
  }

  static func path(in folder: RunFolder) -> String { folder.healthPath }

  /// - Returns: `nil` where there is none that can be read.
  init?(of folder: RunFolder) {
    let path = Self.path(in: folder)
    guard FileIdentity(path) != nil, var reader = try? CSVReader(path: path), let header = try? reader.next(),
      let place = header.firstIndex(of: "epoch")
    else { return nil }
    layer = header.firstIndex(of: "layer")
    let shown = header.indices.filter { HealthPart.curves.contains(header[$0]) }
    var last: [[String]] = []
    while let row = try? reader.next() {
      guard row.count == header.count else { return nil }
      if let first = last.first, first[place] != row[place] { last = [] }
      last.append(row)
      guard let layer else { continue }
      for column in shown { courses[column, default: [:]][row[layer], default: []].append(Double(row[column]) ?? .nan) }
    }
    guard !last.isEmpty else { return nil }
    (names, rows) = (header, last)
  }
}
