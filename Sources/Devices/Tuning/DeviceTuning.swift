import GlissadePlanning

/// Where a device's choice of kernels for products comes from.
public struct DeviceTuning: Hashable, Sendable {
  /// Its source.
  public enum Source: Hashable, Sendable {
    /// The device's class, or whoever opened the device.
    case defaults
    /// So many problems that `glissade tune` has measured here.
    case measured(Int)
    /// Register tiles only: there is nothing to choose.
    case fixed
  }

  public let source: Source
  /// A tuning file that was ignored, and why; one line.
  public let warning: String?
  let products: ProductTuning

  /// For a device that is planned for in a style.
  init(_ information: DeviceInformation, style: DeviceProfile.Style, within limits: GroupLimits, store: TuningStore? = nil) {
    guard style == .gpu else {
      self.init(source: .fixed, warning: nil, products: ProductTuning())
      return
    }
    let defaults = DefaultTuning.products(of: DeviceClass(information), computeUnits: information.computeUnits, within: limits)
    switch (store ?? TuningStore(TuningIdentity(information))).load() {
    case .entries(let entries) where !entries.isEmpty:
      // What was not measured keeps the class's kernels.
      let measured = entries.map { ProductTuning.Entry($0.problem, limits.allow($0.variant) ? $0.variant : .registers) }
      self.init(source: .measured(entries.count), warning: nil, products: ProductTuning(measured, otherwise: defaults.choice))
    case .damaged(let reason): self.init(source: .defaults, warning: "the tuning file is ignored: \(reason)", products: defaults)
    case .absent, .entries: self.init(source: .defaults, warning: nil, products: defaults)
    }
  }

  init(source: Source, warning: String?, products: ProductTuning) {
    self.source = source
    self.warning = warning
    self.products = products
  }

  /// The same with operands that are half precision in local memory.
  var withHalfTiles: DeviceTuning {
    func half(_ tile: LocalTile) -> LocalTile {
      var tile = tile
      tile.storesHalf = true
      return tile
    }
    let entries = products.entries.map { entry in
      guard case .local(let tile) = entry.variant else { return entry }
      return ProductTuning.Entry(entry.problem, .local(half(tile)))
    }
    let choice = products.choice.map { TileChoice($0.tiles.map(half), units: $0.units) }
    return DeviceTuning(source: source, warning: warning, products: ProductTuning(entries, otherwise: choice))
  }

  /// One line for people.
  public var description: String {
    switch source {
    case .defaults: "not tuned: products use the kernels of its class"
    case .measured(let count): "tuned: \(count) problem\(count == 1 ? "" : "s") measured"
    case .fixed: "nothing to tune: CPUs use register tiles, whose sizes follow from their registers"
    }
  }
}
