/// How much memory is gone through between two uses of the same data, while a plan is replayed: what says which cache still has it.
struct ReuseDistances {
  /// Neighbouring elements that were used last at the same time.
  private struct Piece {
    var start: Int
    var end: Int
    var time: Int
  }

  private var pieces: [BufferReference: [Piece]] = [:]
  /// Bytes used so far.
  private var time = 0

  /// Notes a use.
  /// - Parameter isLost: whether no cache has it afterwards.
  /// - Returns: the elements of the slice by how many bytes ago they were used, those of other uses included; `nil` for never.
  mutating func use(_ slice: Slice, isLost: Bool = false) -> [(elements: Int, distance: Int?)] {
    let (start, end) = (slice.offset, slice.offset + slice.count)
    var found: [(elements: Int, distance: Int?)] = []
    var kept: [Piece] = []
    var known = 0
    for piece in pieces[slice.buffer] ?? [] {
      let common = min(piece.end, end) - max(piece.start, start)
      guard common > 0 else {
        kept.append(piece)
        continue
      }
      known += common
      found.append((common, time - piece.time))
      if piece.start < start { kept.append(Piece(start: piece.start, end: start, time: piece.time)) }
      if piece.end > end { kept.append(Piece(start: end, end: piece.end, time: piece.time)) }
    }
    if known < slice.count { found.append((slice.count - known, nil)) }
    kept.append(Piece(start: start, end: end, time: isLost ? .min / 2 : time))
    pieces[slice.buffer] = kept
    return found
  }

  /// Ends a launch, which has used so many bytes.
  mutating func advance(by bytes: Int) { time += bytes }
}
