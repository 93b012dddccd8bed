import GlissadePlanning

/// The kernels that a device's class starts with. They follow from what vendors publish (registers, local memory, width of the lanes), not
/// from measurements: `glissade tune` measures.
enum DefaultTuning {
  /// - Parameter limits: what the device can run; entries beyond it become register tiles.
  static func products(of deviceClass: DeviceClass, within limits: GroupLimits) -> ProductTuning {
    var tuning = table(of: deviceClass)
    for index in tuning.entries.indices where !limits.allow(tuning.entries[index].variant) { tuning.entries[index].variant = .registers }
    return tuning
  }

  private static func table(of deviceClass: DeviceClass) -> ProductTuning {
    switch deviceClass {
    // 64 Ki registers and at least 48 KiB for a group; reads of 16 bytes from either memory.
    case .nvidia:
      return sizes(
        large: LocalTile(128, 128, inner: 16, item: (8, 8), groups: 264), small: LocalTile(64, 64, inner: 16, item: (4, 4), groups: 264))
    // Waves of 32 or 64 lanes, 64 KiB for a group.
    case .amd:
      return sizes(
        large: LocalTile(128, 64, inner: 16, item: (8, 4), groups: 240), small: LocalTile(64, 64, inner: 16, item: (4, 4), groups: 240))
    // 128 registers of 32 bytes for a thread of 8 or 16 lanes; local memory is a part of the third-level cache.
    case .intel:
      return sizes(
        large: LocalTile(64, 64, inner: 16, item: (8, 4), stages: 1, groups: 96),
        small: LocalTile(32, 64, inner: 16, item: (4, 4), stages: 1, groups: 96))
    // Local memory is ordinary memory there: nothing is won by going through it.
    case .mali: return ProductTuning()
    // 32 KiB for a group, which several groups share.
    case .adreno: return ProductTuning(always: .local(LocalTile(64, 64, inner: 8, item: (4, 8), stages: 1, groups: 48)))
    case .apple: return ProductTuning(always: .local(LocalTile(64, 64, inner: 16, item: (4, 4), stages: 1, groups: 96)))
    // 16 KiB and 256 items, which every GPU of the last decade has.
    case .unknown, .cpu:
      return
        sizes(large: LocalTile(64, 64, inner: 8, item: (4, 4)), small: LocalTile(32, 32, inner: 8, item: (4, 4)), from: 256)
    }
  }

  /// Large tiles where a result fills the device with them, small ones elsewhere.
  /// - Parameter side: rows and columns of a square result from which on large tiles are better, roughly.
  private static func sizes(large: LocalTile, small: LocalTile, from side: Int = 1024) -> ProductTuning {
    let (less, more) = (side / 2, side * 2)
    let places = [
      (less / 4, less / 4, small), (less, less, small), (more, more, large), (more * 16, less / 4, large), (less / 4, more * 16, large),
    ]
    return ProductTuning(
      places.flatMap { rows, columns, tile in
        ProductProblem.Kind.allCases.flatMap { kind in
          [64, 1024, 16384].map { ProductTuning.Entry(ProductProblem(kind, rows: rows, columns: columns, inner: $0), .local(tile)) }
        }
      })
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
