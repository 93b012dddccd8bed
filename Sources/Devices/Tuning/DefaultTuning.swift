import GlissadePlanning

/// The kernels that a device's class starts with. They follow from what vendors publish (registers, local memory, width of the lanes), not
/// from measurements: `glissade tune` measures.
enum DefaultTuning {
  /// - Parameters:
  ///   - computeUnits: the device's, as its driver counts them.
  ///   - limits: what the device can run; without a tile within it, register tiles are left.
  static func products(of deviceClass: DeviceClass, computeUnits: Int, within limits: GroupLimits) -> ProductTuning {
    let tiles = tiles(of: deviceClass).filter { limits.allow(.local($0)) }
    return tiles.isEmpty ? ProductTuning() : ProductTuning(otherwise: TileChoice(tiles, units: deviceClass.units(reported: computeUnits)))
  }

  /// The tiles that suit a class; which of them a product gets is a question of how many work-groups it makes of it (`TileChoice`). Work-items
  /// stay below 128 registers, of which more would leave a compute unit too few of them, and groups are whole waves of 64.
  private static func tiles(of deviceClass: DeviceClass) -> [LocalTile] {
    switch deviceClass {
    // 64 Ki registers and at least 48 KiB for a group; reads of 16 bytes from either memory.
    case .nvidia:
      return [
        LocalTile(128, 128, inner: 8, item: (8, 8), unroll: 2), LocalTile(128, 64, inner: 16, item: (8, 4), unroll: 2),
        LocalTile(64, 64, inner: 16, item: (8, 4), unroll: 2), LocalTile(32, 32, inner: 16, item: (4, 4)),
      ]
    // Waves of 32 or 64 lanes, 64 KiB for a group.
    case .amd:
      return [
        LocalTile(128, 64, inner: 16, item: (8, 4), unroll: 2), LocalTile(64, 64, inner: 16, item: (8, 4), unroll: 2),
        LocalTile(32, 32, inner: 16, item: (4, 4)),
      ]
    // 128 registers of 32 bytes for a thread of 8 or 16 lanes; local memory is a part of the third-level cache.
    case .intel:
      return [
        LocalTile(64, 64, inner: 16, item: (8, 4), stages: 1, unroll: 2), LocalTile(32, 64, inner: 16, item: (4, 4), stages: 1),
        LocalTile(32, 32, inner: 16, item: (4, 4), stages: 1),
      ]
    // Local memory is ordinary memory there: nothing is won by going through it.
    case .mali: return []
    // 32 KiB for a group, which several groups share.
    case .adreno:
      return [LocalTile(64, 64, inner: 8, item: (4, 8), stages: 1), LocalTile(32, 32, inner: 8, item: (4, 4), stages: 1)]
    case .apple:
      return [LocalTile(64, 64, inner: 16, item: (4, 4), stages: 1), LocalTile(32, 32, inner: 16, item: (4, 4), stages: 1)]
    // 16 KiB and 256 items, which every GPU of the last decade has.
    case .unknown, .cpu: return [LocalTile(64, 64, inner: 8, item: (4, 4)), LocalTile(32, 32, inner: 8, item: (4, 4))]
    }
  }
}

/// What a device allows a work-group.
struct GroupLimits: Hashable, Sendable {
  /// Work-items.
  var items: Int
  /// Bytes of local memory.
  var localBytes: Int
  /// Whether sub-groups can be told what to do.
  var hasSubgroups: Bool

  func allow(_ variant: ProductVariant) -> Bool {
    guard case .local(let tile) = variant else { return true }
    return tile.objection == nil && tile.groupSize <= items && tile.localBytes <= localBytes && (hasSubgroups || tile.subgroup == 0)
  }
}
