import GlissadeTensors

/// Which parameter lies where in a piece of a group's arena, as kernels read it: for every 16 elements the parameter's number; for each chunk where
/// it begins, in units of 16 elements, how many it has, and its parameter; for each parameter its first chunk, and how many it has; for each matrix,
/// those of one shape behind one another, where it begins, in units of 16 elements.
struct SegmentTable {
  /// Parameters that are matrices of one shape. What has more than two axes counts as a matrix of its first axis and all others.
  struct Matrices {
    var rows: Int
    var columns: Int
    /// Where in the table their places are.
    var first: Int
    /// How many there are.
    var count: Int
  }

  private(set) var words: [Int32] = []
  /// How many chunks there are, and where in the table they are.
  private(set) var chunkCount = 0
  private(set) var firstChunk = 0
  /// How many parameters there are, and where in the table they are.
  private(set) var segmentCount = 0
  private(set) var firstSegment = 0
  /// Chunks of the largest parameter.
  private(set) var longest = 0
  /// Each shape of matrices, in the order in which it first comes.
  private(set) var matrices: [Matrices] = []

  /// - Parameter size: elements of a chunk, but for the last of a parameter; a multiple of 16.
  init(_ layout: ParameterLayout, group: Int, piece: Int, chunk size: Int) {
    let own = layout.entries.filter { $0.group == group && $0.piece == piece }.sorted { $0.slice.offset < $1.slice.offset }
    let entries = own.map(\.slice)
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
    var places: [[Int32]] = []
    for entry in own {
      guard let (rows, columns) = entry.parameter.shape.matrix else { continue }
      let place = Int32(entry.slice.offset / Slice.alignment)
      if let known = matrices.firstIndex(where: { $0.rows == rows && $0.columns == columns }) {
        places[known].append(place)
        matrices[known].count += 1
      } else {
        places.append([place])
        matrices.append(Matrices(rows: rows, columns: columns, first: 0, count: 1))
      }
    }
    for index in matrices.indices {
      matrices[index].first = words.count
      words += places[index]
    }
  }
}

extension Shape {
  /// What update rules take for a matrix: two axes or more, of which the first one counts rows; `nil` for a vector.
  public var matrix: (rows: Int, columns: Int)? { rank > 1 && count > 0 ? (self[0], count / self[0]) : nil }
}
