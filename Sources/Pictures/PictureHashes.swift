import GlissadeData
import Synchronization

/// Hashes of files' contents, by which pictures are known again wherever they lie.
struct PictureHashes {
  /// Of each file; 0 where it cannot be read.
  let hashes: [UInt64]
  /// What kept each file from being read.
  let problems: [PictureError?]

  init(_ paths: [String], limits: PictureLimits, _ threads: PictureThreads) {
    let found = Mutex([UInt64](repeating: 0, count: paths.count))
    let problems = Problems(count: paths.count)
    threads.each(paths.count) { index in
      problems.catching(index) { () throws(PictureError) in
        let bytes = try PictureBytes.read(path: paths[index], limit: limits.fileBytes)
        let hash = bytes.withUnsafeBytes { ContentHash.of($0) }
        found.withLock { $0[index] = hash }
      }
    }
    hashes = found.withLock { $0 }
    self.problems = problems.found
  }
}

extension PictureList {
  /// A hash of each file's content, the same as that of the sample in a `PictureDataset`; `nil` for a file that cannot be read. Nothing is
  /// decoded.
  /// - Parameter loading: threads and limits.
  /// - Throws: `DataError` where there is no memory for threads.
  public func contentHashes(loading: PictureLoading = PictureLoading()) throws(DataError) -> [UInt64?] {
    let read = PictureHashes(paths, limits: loading.limits, try PictureThreads(loading.threads))
    return zip(read.hashes, read.problems).map { $1 == nil ? $0 : nil }
  }
}
