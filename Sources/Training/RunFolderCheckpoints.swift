import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension RunFolder {
  private static let checkpointPrefix = "checkpoint-"
  private static let checkpointSuffix = ".safetensors"

  /// The checkpoint after so many steps.
  public func checkpointPath(step: Int) -> String { "\(path)/\(Self.checkpointPrefix)\(step)\(Self.checkpointSuffix)" }

  /// The checkpoints that are there, whole or not, the newest first.
  public var checkpoints: [(step: Int, path: String)] {
    let steps = names.compactMap { name -> Int? in
      guard name.hasPrefix(Self.checkpointPrefix), name.hasSuffix(Self.checkpointSuffix) else { return nil }
      return Int(name.dropFirst(Self.checkpointPrefix.count).dropLast(Self.checkpointSuffix.count))
    }
    return steps.sorted(by: >).map { ($0, checkpointPath(step: $0)) }
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
        rename(candidate.path, candidate.path + ".damaged")
      }
    }
    return (nil, damage)
  }

  /// Removes everything that a run writes, so that the folder never mixes two runs. Files of anybody else stay.
  /// - Returns: whether there was a run.
  public func removeRun() -> Bool {
    let files: [String] = [summaryPath, metricsPath, modelPath, bestPath]
    let known = files.filter { unlink($0) == 0 }
    let checkpoints = names.filter { $0.hasPrefix(Self.checkpointPrefix) && $0.contains(Self.checkpointSuffix) }
    for name in checkpoints { unlink("\(path)/\(name)") }
    removeUnfinishedFiles()
    return !known.isEmpty || !checkpoints.isEmpty
  }

  /// Removes what a process that was killed had not finished writing.
  public func removeUnfinishedFiles() {
    for name in names where name.hasPrefix(".glissade-") && name.hasSuffix(".tmp") { unlink("\(path)/\(name)") }
  }

  /// What lies in the folder.
  private var names: [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      names.append(withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names
  }
}
