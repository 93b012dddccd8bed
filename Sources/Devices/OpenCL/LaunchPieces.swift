/// How a launch's index space is handed to a GPU's driver: in work-groups of a size that it can bear and that fill its lanes, and in pieces
/// where a whole launch might take so long that the driver ends it.
struct LaunchPieces {
  typealias Size = (Int, Int, Int)

  /// Some of the index space, enqueued at once.
  struct Piece {
    var offset: Size = (0, 0, 0)
    var global: Size
    /// `nil` leaves it to the driver.
    var local: Size?
  }

  let pieces: [Piece]

  /// Kernels that may be enqueued in pieces: they ask only where a work-item (or its group) is, never how many there are, and take long
  /// where sizes are large.
  static let cuttable: Set<String> = [
    "matmul", "matmul_inner", "convolution", "convolution_input_gradient", "convolution_weight_gradient", "matmul_local",
    "convolution_local", "convolution_input_gradient_local", "convolution_weight_gradient_local",
  ]

  /// What a piece may take, in seconds, by an estimate that is five or ten times too long on most devices. Desktops' drivers end kernels
  /// after 2 s, some after less.
  static let longest = 0.5

  /// - Parameters:
  ///   - items: the index space.
  ///   - group: the work-items that a group has to have, neighbours in the first dimension; `nil` where that does not matter.
  ///   - limits: the largest group that the kernel can be run in, and the largest extents of one.
  ///   - count: into how many pieces to cut at least, where its size allows.
  init(items: Size, group: Int?, limit: Int, itemSizes: [Int], count: Int = 1) {
    let extents = [items.0, items.1, items.2]
    var axis = 0
    var local: Int?
    if let group {
      local = group
    } else if items.0 % 64 == 0 {
      // Of the same size for every launch, so that drivers which build a kernel for a group's size build it once.
      local = limit > 1 ? Self.powerOfTwo(atMost: min(64, limit)) : nil
    } else {
      // Left to themselves drivers look for divisors, and a prime number has none: groups of one item, one lane of 32 or 64.
      axis = extents.indices.max { extents[$0] < extents[$1] } ?? 0
      let room = min(64, limit, itemSizes.indices.contains(axis) ? itemSizes[axis] : limit)
      if extents[axis] >= 64, room >= 8 { local = Self.powerOfTwo(atMost: room) }
    }
    let unit = local ?? 1
    let whole = extents[axis] / unit * unit
    let step = max((whole / max(count, 1) + unit - 1) / unit * unit, unit)
    func piece(_ first: Int, _ extent: Int, _ local: Int?) -> Piece {
      func along(_ value: Int, _ others: Size) -> Size {
        (axis == 0 ? value : others.0, axis == 1 ? value : others.1, axis == 2 ? value : others.2)
      }
      return Piece(offset: along(first, (0, 0, 0)), global: along(extent, items), local: local.map { along($0, (1, 1, 1)) })
    }
    var pieces: [Piece] = []
    for first in stride(from: 0, to: whole, by: step) { pieces.append(piece(first, min(step, whole - first), local)) }
    if whole < extents[axis] { pieces.append(piece(whole, extents[axis] - whole, nil)) }
    self.pieces = pieces
  }

  /// The whole launch at once.
  init(items: Size, local: Size?) { pieces = [Piece(global: items, local: local)] }

  static func powerOfTwo(atMost number: Int) -> Int { 1 << (Int.bitWidth - 1 - max(number, 1).leadingZeroBitCount) }
}
