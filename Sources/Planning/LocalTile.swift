/// The tile of a product that a GPU's work-group computes through local memory, as `Kernels/local_tile.h` has it: sizes that are known when
/// the kernel is built, and how many work-groups a launch should have.
public struct LocalTile: Hashable, Sendable {
  /// Rows of the result that a work-group computes.
  public var rows: Int
  /// Columns of the result that a work-group computes.
  public var columns: Int
  /// Inner positions that are in local memory at a time.
  public var inner: Int
  /// Rows of the result that a work-item keeps in registers.
  public var itemRows: Int
  /// Columns of the result that a work-item keeps in registers.
  public var itemColumns: Int
  /// Floats that are read from local memory, and written to the result, at once: 1, 2 or 4.
  public var vector: Int
  /// Neighbouring floats that a work-item reads from global memory: 1, 2 or 4.
  public var loadVector: Int
  /// Floats left free behind each inner position's row in local memory, against bank conflicts.
  public var padding: Int
  /// Copies of the tiles in local memory, 1 or 2: with 2, one barrier a step is enough.
  public var stages: Int
  /// Inner positions that are unrolled.
  public var unroll: Int
  /// Whether operands are half precision in local memory (rounded to 11 bits, at most 65504). Sums stay float. Never so by default.
  public var storesHalf = false
  /// Above 0: lanes of sub-groups of this size hold the first operand's values and hand them round.
  public var subgroup = 0
  /// Work-groups that a launch should have: where the result has fewer tiles, a long inner dimension is cut, and the parts are added by a
  /// second launch.
  public var groups: Int

  /// A tile. Its defaults are those of the kernels.
  public init(
    _ rows: Int = 64, _ columns: Int = 64, inner: Int = 16, item: (rows: Int, columns: Int) = (4, 4), vector: Int = 4, loadVector: Int = 4,
    padding: Int = 4, stages: Int = 2, unroll: Int = 4, groups: Int = 64
  ) {
    self.rows = rows
    self.columns = columns
    self.inner = inner
    (itemRows, itemColumns) = item
    self.vector = vector
    self.loadVector = loadVector
    self.padding = padding
    self.stages = stages
    self.unroll = unroll
    self.groups = groups
  }

  /// Work-items of a group.
  public var groupSize: Int { rows / max(itemRows, 1) * (columns / max(itemColumns, 1)) }

  /// Local memory that a group takes.
  public var localBytes: Int { stages * inner * (rows + columns + 2 * padding) * (storesHalf ? 2 : 4) }

  /// Registers that a work-item takes, roughly: its sums, the operands of one inner position, what is on its way to local memory, and places.
  public var registers: Int {
    let items = max(groupSize, 1)
    func runs(_ extent: Int) -> Int { (extent * inner / loadVector + items - 1) / items * loadVector }
    return itemRows * itemColumns + itemRows + itemColumns + runs(rows) + runs(columns) + 32
  }

  /// Registers of a compute unit, which its work-items share.
  static let unitRegisters = 1 << 16

  /// Why there are no such kernels, if so.
  public var objection: String? {
    let numbers = [rows, columns, inner, itemRows, itemColumns, unroll, groups]
    if numbers.contains(where: { !(1...4096).contains($0) }) { return "its sizes have to be from 1 to 4096" }
    if ![1, 2, 4].contains(vector) || ![1, 2, 4].contains(loadVector) { return "vectors have 1, 2 or 4 floats" }
    if ![1, 2].contains(stages) { return "there are 1 or 2 stages" }
    if !(0...64).contains(padding) { return "the padding has to be from 0 to 64 floats" }
    if rows % itemRows != 0 || columns % itemColumns != 0 || itemRows % vector != 0 || itemColumns % vector != 0 {
      return "items have to divide the tile, and vectors the items"
    }
    if (rows + padding) % vector != 0 || (columns + padding) % vector != 0 { return "padded rows have to be whole vectors" }
    if itemRows * itemColumns > 256 { return "an item has at most 256 sums" }
    if rows % loadVector != 0 || columns % loadVector != 0 || inner % loadVector != 0 { return "loads have to divide the tile" }
    let runs = [inner / loadVector, rows / loadVector, columns / loadVector]
    if runs.contains(where: { groupSize % $0 != 0 }) { return "a group's items have to be whole rows of loads" }
    if ![0, 4, 8, 16, 32, 64].contains(subgroup) { return "sub-groups have 4 to 64 lanes" }
    if subgroup > 0, columns / itemColumns % subgroup != 0 || inner % subgroup != 0 {
      return "sub-groups have to divide a group's columns and its inner positions"
    }
    return nil
  }

  /// What stands in front of a program's text.
  public var definitions: String {
    let values = [
      ("LOCAL_ROWS", rows), ("LOCAL_COLUMNS", columns), ("LOCAL_INNER", inner), ("ITEM_ROWS", itemRows), ("ITEM_COLUMNS", itemColumns),
      ("LOCAL_VECTOR", vector), ("LOAD_VECTOR", loadVector), ("LOCAL_PADDING", padding), ("LOCAL_STAGES", stages), ("INNER_UNROLL", unroll),
      ("HALF_TILES", storesHalf ? 1 : 0), ("SUBGROUP_SIZE", subgroup),
    ]
    return values.map { "#define \($0.0) \($0.1)\n" }.joined()
  }

  /// How many tiles a result has.
  func tiles(_ resultRows: Int, _ resultColumns: Int) -> Int {
    ((resultRows + rows - 1) / rows) * ((resultColumns + columns - 1) / columns)
  }

  /// Parts of the inner dimension, so that `groups` work-groups have something to do: a question of the shape and this tile alone.
  func splits(tiles: Int, inner length: Int) -> Int { max(1, min(groups / max(tiles, 1), length / max(128, 4 * inner))) }
}

extension LocalTile: CustomStringConvertible {
  /// As in `128x64x16, items 8x4, vectors 4/4, padding 4, 2 stages, unrolled 4, 128 groups`.
  public var description: String {
    "\(rows)x\(columns)x\(inner), items \(itemRows)x\(itemColumns), vectors \(vector)/\(loadVector), padding \(padding), "
      + "\(stages) stage\(stages == 1 ? "" : "s"), unrolled \(unroll), \(groups) groups" + (storesHalf ? ", half" : "")
      + (subgroup > 0 ? ", sub-groups of \(subgroup)" : "")
  }
}
