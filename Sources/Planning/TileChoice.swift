/// Chooses the tile of a product that nobody measured, by a model of what each would cost on a GPU of so many compute units: whether its
/// work-groups are enough for all of them, how long the last of them is waited for, and what it reads for a multiplication.
public struct TileChoice: Hashable, Sendable {
  /// The tiles to choose from; of equally good ones the first is taken.
  public var tiles: [LocalTile]
  /// The device's compute units.
  public var units: Int

  /// - Parameters:
  ///   - tiles: to choose from.
  ///   - units: the device's compute units.
  public init(_ tiles: [LocalTile], units: Int) {
    self.tiles = tiles
    self.units = max(units, 1)
  }

  /// The best of the tiles, told how many work-groups the launch should have; `nil` where there are none.
  /// - Parameter copies: how many such products the launch computes.
  public func tile(for problem: ProductProblem, copies: Int = 1) -> LocalTile? {
    var best: (time: Double, tile: LocalTile)?
    for var tile in tiles {
      let count = tile.tiles(problem.rows, problem.columns) * max(copies, 1)
      var known = Set<Int>()
      for groups in [1, units, 2 * units, 4 * units, 8 * units] {
        tile.groups = min(max(groups, 1), 4096)
        guard known.insert(tile.splits(tiles: count, inner: problem.inner)).inserted else { continue }
        let time = time(of: tile, for: problem, copies: max(copies, 1))
        if best.map({ time < $0.time }) ?? true { best = (time, tile) }
      }
    }
    return best?.tile
  }

  // A compute unit as GPUs have them: multiply-adds, floats from local memory, and floats from the memory that all share, in each of its
  // clocks; what a launch costs.
  private static let (rate, localFloats, floatsPerClock, launch) = (128.0, 32.0, 3.0, 10000.0)
  /// Work-items of a unit with which it does half of what it could.
  private static let halfway = 128.0

  /// Clocks that a product takes with a tile.
  func time(of tile: LocalTile, for problem: ProductProblem, copies: Int) -> Double {
    let tiles = tile.tiles(problem.rows, problem.columns) * copies
    let splits = tile.splits(tiles: tiles, inner: problem.inner)
    // The unit that has the most groups is waited for; beside each other they hide each other's latencies.
    let groups = Double((tiles * splits + units - 1) / units)
    let (rows, columns) = (Double(tile.rows), Double(tile.columns))
    let (sums, operands) = (Double(tile.itemRows * tile.itemColumns), Double(tile.itemRows + tile.itemColumns))
    let beside = min(groups, max(1, (Double(LocalTile.unitRegisters) / Double(tile.registers * tile.groupSize)).rounded(.down)))
    let items = beside * Double(tile.groupSize)
    let arithmetic = rows * columns * max((sums + operands) / sums / Self.rate, operands / sums / Self.localFloats)
    let reading = (rows + columns) / Self.floatsPerClock
    let step = max(arithmetic, reading) + min(arithmetic, reading) / 4
    let inner = Double((problem.inner + splits - 1) / splits)
    let product = groups * inner * step * (items + Self.halfway) / items
    guard splits > 1 else { return product }
    let results = Double(problem.rows) * Double(problem.columns) * Double(copies)
    return product + Self.launch + results * Double(2 * splits) / (Double(units) * Self.floatsPerClock)
  }
}
