import Glissade
import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Tells how published weights are fetched: by a bar on a terminal, and elsewhere by a line, if there is a place for one.
final class FetchReport {
  private let line: ((String) -> Void)?
  private let isLive: Bool
  private var bar = ProgressBar(file: STDERR_FILENO)
  private var start: FetchEvent.Start?
  private var instant = ContinuousClock.now
  private var isTold = false

  /// - Parameters:
  ///   - line: what a line is told to; `nil` where standard output is for something else.
  ///   - isQuiet: whether nothing is to be told at all.
  init(line: ((String) -> Void)? = nil, isQuiet: Bool = false) {
    self.line = line
    isLive = !isQuiet && Terminal.isLive(STDERR_FILENO)
  }

  /// The file with published weights, fetched unless it is there.
  /// - Throws: `FetchError`.
  func file(of weights: PublishedWeights) throws -> String {
    defer { bar.clear() }
    return try WeightsCache.standard().file(of: weights) { self.tell($0) }
  }

  /// The file that a name stands for; `nil` where it is no name but a path.
  /// - Throws: `Misuse` for a model that has no such weights, `FetchError`.
  static func file(_ name: String, for model: String) throws -> String? {
    do {
      return try PublishedWeights.named(name, for: model).map { try FetchReport().file(of: $0) }
    } catch let error as UnpublishedWeights { throw Misuse("--\(error)") }
  }

  private func tell(_ event: FetchEvent) {
    switch event {
    case .started(let start): (self.start, instant, isTold) = (start, .now, false)
    case .progress(let done, let total):
      guard let start else { return }
      if !isTold, !isLive {
        // Not before something comes: where nothing does, one line says so.
        let rest = start.already > 0 ? "; \(Text.bytes(UInt64(start.already))) of it are here" : ""
        line?("fetching \(start.file.name), \(Text.bytes(UInt64(total))), from \(printable(start.address))\(rest)")
      }
      isTold = true
      if isLive { bar.draw(start.file.name, done: done, total: total, rest: rest(done, total, start.already)) }
    case .again(let reason): if isLive { bar.draw(note: "\(reason); asking again") }
    case .checking: if isLive { bar.draw(note: "comparing") }
    case .waiting(let folder): if isLive { bar.draw(note: "another process fetches into \(printable(folder)), and goes first") }
    }
  }

  private func rest(_ done: Int, _ total: Int, _ already: Int) -> String {
    let seconds = instant.duration(to: .now) / .seconds(1)
    let speed = seconds > 0 ? Double(done - already) / seconds : 0
    let left = speed > 0 ? "  \(Text.duration(Double(total - done) / speed)) left" : ""
    return "\(Text.bytes(UInt64(done))) of \(Text.bytes(UInt64(total)))  \(Text.bytes(UInt64(max(speed, 0))))/s\(left)"
  }
}
