/// Which parameter lies where in a piece of a group's arena, as kernels read it: for every 16 elements the parameter's number; for each chunk where
/// it begins, in units of 16 elements, how many it has, and its parameter; for each parameter its first chunk, and how many it has.
struct SegmentTable {
  private(set) var words: [Int32] = []
  /// How many chunks there are, and where in the table they are.
  private(set) var chunkCount = 0
  private(set) var firstChunk = 0
  /// How many parameters there are, and where in the table they are.
  private(set) var segmentCount = 0
  private(set) var firstSegment = 0
  /// Chunks of the largest parameter.
  private(set) var longest = 0

  /// - Parameter size: elements of a chunk, but for the last of a parameter; a multiple of 16.
  init(_ layout: ParameterLayout, group: Int, piece: Int, chunk size: Int) {
    let entries = layout.entries.filter { $0.group == group && $0.piece == piece }.map(\.slice).sorted { $0.offset < $1.offset }
    let units = layout.groupPieces[group][piece] / Slice.alignment
    var chunks: [Int32] = []
    var segments: [Int32] = []
    for (segment, slice) in entries.enumerated() {
      // What lies between two parameters belongs to nobody, and goes with the first.
      let end = segment + 1 < entries.count ? entries[segment + 1].offset / Slice.alignment : units
      words += Array(repeating: Int32(segment), count: end - words.count)
      let count = (slice.count + size - 1) / size
      segments += [Int32(chunkCount), Int32(count)]
      for chunk in 0..<count {
        let first = chunk * size
        chunks += [Int32((slice.offset + first) / Slice.alignment), Int32(min(size, slice.count - first)), Int32(segment)]
      }
      chunkCount += count
      longest = max(longest, count)
    }
    segmentCount = entries.count
    firstChunk = words.count
    firstSegment = firstChunk + chunks.count
    words += chunks + segments
  }
}
