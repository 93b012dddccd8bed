import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension RunFolder {
  /// The checkpoint after so many steps.
  public func checkpointPath(step: Int) -> String { "\(path)/\(Self.checkpointName(step: step))" }

  /// The checkpoints that are there, whole or not, the newest first.
  public var checkpoints: [(step: Int, path: String)] {
    names.compactMap(Self.checkpointStep).sorted(by: >).map { ($0, checkpointPath(step: $0)) }
  }

  /// Writes a checkpoint, and then removes all but the last ones.
  /// - Parameters:
  ///   - checkpoint: what to write.
  ///   - count: how many are kept, at least 1.
  /// - Throws: `FormatError`; the checkpoints that were there are still there then.
  public func save(_ checkpoint: TrainingCheckpoint, keeping count: Int) throws(FormatError) {
    try checkpoint.save(to: checkpointPath(step: checkpoint.state.steps))
    for old in checkpoints.dropFirst(max(count, 1)) { unlink(old.path) }
  }

  /// The newest checkpoint that is whole.
  ///
  /// Those that are not get another name (`.damaged`), so that they are neither tried again nor counted among the last ones.
  /// - Returns: the checkpoint, `nil` where there is none; and what was wrong with newer ones.
  public func newestCheckpoint() -> (checkpoint: TrainingCheckpoint?, damage: [FormatError]) {
    var damage: [FormatError] = []
    for candidate in checkpoints {
      do throws(FormatError) { return (try TrainingCheckpoint(contentsOf: candidate.path), damage) } catch {
        damage.append(error)
        rename(candidate.path, candidate.path + Self.damagedSuffix)
      }
    }
    return (nil, damage)
  }
}
