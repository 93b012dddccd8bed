import GlissadePlanning

/// The kernels that a search tries: some to begin with, then whatever differs from the best by one number.
struct TuningCandidates {
  let limits: GroupLimits

  /// Register tiles, the class's own kernel, and tiles of several sizes.
  func seeds(for problem: ProductProblem, defaults: ProductTuning) -> [ProductVariant] {
    let usual = defaults.variant(for: problem)
    let groups = if case .local(let tile) = usual { tile.groups } else { 64 }
    let tiles = [
      LocalTile(64, 64, inner: 16, item: (4, 4), groups: groups), LocalTile(128, 128, inner: 8, item: (8, 8), groups: groups),
      LocalTile(32, 32, inner: 16, item: (4, 4), groups: groups), LocalTile(128, 64, inner: 16, item: (8, 4), groups: groups),
      LocalTile(64, 64, inner: 8, item: (8, 8), stages: 1, groups: groups),
    ]
    var result: [ProductVariant] = []
    for variant in [usual, .registers] + tiles.map({ .local($0) })
    where limits.allow(variant) && !result.contains(variant) { result.append(variant) }
    return result
  }

  /// What differs by one number, the sizes first.
  func neighbours(of tile: LocalTile) -> [ProductVariant] {
    var result: [ProductVariant] = []
    func add(_ change: (inout LocalTile) -> Void) {
      var other = tile
      change(&other)
      if other != tile, limits.allow(.local(other)) { result.append(.local(other)) }
    }
    for factor in [2.0, 0.5] {
      func scaled(_ number: Int) -> Int { max(1, Int(Double(number) * factor)) }
      add { ($0.rows, $0.itemRows) = (scaled(tile.rows), scaled(tile.itemRows)) }
      add { ($0.columns, $0.itemColumns) = (scaled(tile.columns), scaled(tile.itemColumns)) }
      add { $0.rows = scaled(tile.rows) }
      add { $0.columns = scaled(tile.columns) }
      add { $0.itemRows = scaled(tile.itemRows) }
      add { $0.itemColumns = scaled(tile.itemColumns) }
      add { $0.inner = scaled(tile.inner) }
      add { $0.groups = scaled(tile.groups) }
      add { $0.unroll = min(scaled(tile.unroll), tile.inner) }
    }
    add { $0.stages = 3 - tile.stages }
    for padding in [0, 1, 4] { add { $0.padding = padding } }
    for vector in [1, 2, 4] {
      add { $0.vector = vector }
      add { $0.loadVector = vector }
    }
    if limits.hasSubgroups { for lanes in [0, 8, 16, 32] { add { $0.subgroup = lanes } } }
    return result
  }
}
