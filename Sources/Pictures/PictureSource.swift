import GlissadeData

/// Files of pictures and what is kept of them in memory, shared by all datasets that are made of the same list.
final class PictureSource: Sendable {
  let list: PictureList
  let loading: PictureLoading
  let form: StoredForm
  let threads: PictureThreads
  /// The files that cannot be used.
  let unreadable: [PictureError]
  /// The places in the list of those that can.
  let readable: [Int]
  private let store: PictureStore

  /// Decodes as many pictures as may be kept, and reads at least the headers of the others.
  init(_ list: PictureList, form: StoredForm, loading: PictureLoading) throws(DataError) {
    guard loading.unreadableShare >= 0, loading.unreadableShare <= 1 else {
      throw .invalidArgument(name: "unreadableShare", value: "\(loading.unreadableShare)", requirement: "0 … 1")
    }
    let threads = try PictureThreads(loading.threads)
    let problems = Problems(count: list.count)
    let isKept = Self.choose(list, form, loading, threads, problems)
    let store = PictureStore(keeping: isKept)
    threads.each(list.count) { index in
      if isKept[index] {
        problems.catching(index) { () throws(PictureError) in
          let (picture, hash) = try Self.read(list.paths[index], form, loading)
          store.keep(picture, hash, at: index)
        }
      }
    }
    self.list = list
    self.form = form
    self.loading = loading
    self.threads = threads
    self.store = store
    let found = problems.found
    unreadable = found.compactMap { $0 }
    readable = found.indices.filter { found[$0] == nil }
    let share = loading.unreadableShare
    // Where nobody minds that nothing is left, all may be unreadable.
    if !unreadable.isEmpty, Double(unreadable.count) > share * Double(list.count) || readable.isEmpty && share < 1 {
      let reasons = unreadable.prefix(5).map(\.description)
      throw .tooManyUnreadable(count: unreadable.count, total: list.count, allowedShare: share, first: reasons)
    }
  }

  /// The picture at a place in the list, in its stored form.
  func picture(_ index: Int) throws(PictureError) -> Picture {
    if let kept = store[index] { return kept }
    return try Self.read(list.paths[index], form, loading).picture
  }

  /// Hashes of files' contents: noted when they were decoded, or read again where they are not kept.
  func hashes(of places: [Int]) throws(DataError) -> [UInt64] {
    let noted = store.hashes
    let missing = places.filter { noted[$0] == nil }
    guard !missing.isEmpty else { return places.map { noted[$0] ?? 0 } }
    let read = PictureHashes(missing.map { list.paths[$0] }, limits: loading.limits, threads)
    if let error = read.problems.lazy.compactMap({ $0 }).first { throw error.dataError }
    let found = Dictionary(zip(missing, read.hashes)) { first, _ in first }
    return places.map { noted[$0] ?? found[$0] ?? 0 }
  }

  /// Bytes of pixels in memory.
  var keptBytes: Int { store.bytes }

  private static func read(
    _ path: String, _ form: StoredForm, _ loading: PictureLoading
  ) throws(PictureError) -> (picture: Picture, hash: UInt64) {
    let bytes = try PictureBytes.read(path: path, limit: loading.limits.fileBytes)
    let picture = try Picture(
      bytes: bytes, path: path, limits: loading.limits, background: loading.background, reducedTo: form.sideToDecode)
    guard let kept = form.reduce(picture) else { throw PictureError(path: path, reason: .noMemory) }
    return (kept, bytes.withUnsafeBytes { ContentHash.of($0) })
  }

  /// Which pictures are kept: from the beginning of the list, as many as fit by what their headers say. The headers of all are read
  /// unless they are to be decoded anyway and their kept size is known beforehand.
  private static func choose(
    _ list: PictureList, _ form: StoredForm, _ loading: PictureLoading, _ threads: PictureThreads, _ problems: Problems
  ) -> [Bool] {
    var left = loading.memoryLimit
    if case .middle(let size, _) = form, list.count <= left / (3 * size * size) { return Array(repeating: true, count: list.count) }
    threads.each(list.count) { index in
      problems.catching(index) { () throws(PictureError) in
        let size = try Picture.size(ofFile: list.paths[index], limits: loading.limits)
        let kept = form.size(width: size.width, height: size.height)
        problems.note(index, bytes: 3 * kept.width * kept.height)
      }
    }
    return problems.bytes.map { bytes in
      guard bytes > 0, bytes <= left else { return false }
      left -= bytes
      return true
    }
  }
}
