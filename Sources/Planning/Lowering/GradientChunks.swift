/// The chunks of a group's gradients whose squares are summed apart. They are cut as if the group were in one piece, so that sums have the same
/// bits on every device; where a chunk lies in more than one piece, it is told in which parts.
enum GradientChunks {
  /// Elements of a chunk, but for the last of a group, where a work-item sums it; a GPU's chunks are smaller.
  static let size = 1 << 14

  /// Chunks that follow one another and lie in one piece, or one chunk in several parts.
  struct Run: Equatable {
    struct Part: Equatable {
      var piece: Int
      var offset: Int
      var count: Int
    }

    /// The number of the first chunk in the group.
    var first: Int
    var parts: [Part]
  }

  /// How many chunks a group has.
  static func count(of pieces: [Int], size: Int = size) -> Int { (pieces.reduce(0, +) + size - 1) / size }

  /// All chunks of a group, in order.
  /// - Parameters:
  ///   - pieces: the sizes of its pieces.
  ///   - size: of a chunk.
  static func runs(of pieces: [Int], size: Int = size) -> [Run] {
    var runs: [Run] = []
    // The parts so far of a chunk that has not ended, and where in the group it begins.
    var open = Run(first: 0, parts: [])
    var gathered = 0
    for (piece, count) in pieces.enumerated() {
      var offset = 0
      if gathered > 0 {
        offset = min(size - gathered, count)
        open.parts.append(Run.Part(piece: piece, offset: 0, count: offset))
        gathered += offset
        guard gathered == size else { continue }
        runs.append(open)
        open = Run(first: open.first + 1, parts: [])
        gathered = 0
      }
      let isLast = piece == pieces.count - 1
      let whole = isLast ? count - offset : (count - offset) / size * size
      if whole > 0 {
        runs.append(Run(first: open.first, parts: [Run.Part(piece: piece, offset: offset, count: whole)]))
        open.first += whole / size
      }
      gathered = count - offset - whole
      if gathered > 0 { open.parts = [Run.Part(piece: piece, offset: offset + whole, count: gathered)] }
    }
    if gathered > 0 { runs.append(open) }
    return runs
  }
}
