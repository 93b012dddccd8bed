/// What the planner has to know of a device to pick kernel variants and to cut work into pieces.
public struct DeviceProfile: Hashable, Sendable {
  /// Whether work-items are threads with wide vectors (a CPU, natively or through OpenCL) or lanes (a GPU).
  public enum Style: String, Hashable, Sendable { case cpu, gpu }

  public var style: Style
  /// The register tile that matmul and convolution are compiled with.
  public var tile: RegisterTile
  /// One that suits products of many columns better, where kernels are compiled for a step.
  public var wideTile: RegisterTile?
  /// Work-items in a launch that just shares out elements.
  public var shares: Int

  /// Threads, or on a GPU compute units times a few hundred: what work has to be cut for. No result depends on it.
  public var workers: Int
  /// Which kernels compute matrix products and convolutions.
  public var products: ProductTuning
  /// Bytes of the largest buffer that the device allocates; `nil` where it sets no limit of its own.
  public var largestAllocation: Int?
  /// The largest work-group that kernels may use: what a device says, or what was found out since.
  public var groupLimit: Int

  public init(
    style: Style, tile: RegisterTile, wideTile: RegisterTile? = nil, shares: Int, workers: Int, products: ProductTuning = ProductTuning(),
    largestAllocation: Int? = nil, groupLimit: Int = 64
  ) {
    self.largestAllocation = largestAllocation
    self.groupLimit = groupLimit
    self.style = style
    self.products = products
    self.workers = workers
    self.tile = tile
    self.wideTile = wideTile
    self.shares = shares
  }

  /// The profile of a GPU.
  /// - Parameters:
  ///   - computeUnits: as its driver counts them.
  ///   - products: which kernels compute products.
  public static func gpu(computeUnits: Int, products: ProductTuning) -> DeviceProfile {
    let units = max(computeUnits, 1)
    // A lane holds a small tile.
    return DeviceProfile(
      style: .gpu, tile: RegisterTile(rows: 2, columns: 16), shares: units * 2048, workers: units * 256, products: products)
  }

  var tileRows: Int { tile.rows }
  var tileColumns: Int { tile.columns }

  /// The same for kernels whose work-items take vectors of them on a GPU, too.
  package func vectorShares(of count: Int) -> Int { shares(of: style == .cpu ? count : (count + 3) / 4) }

  /// The index space of a kernel that works on one row.
  var oneRow: (Int, Int, Int) { (shares(of: 1), 1, 1) }

  /// How many work-items share `count` elements: few enough that each has something to do.
  package func shares(of count: Int) -> Int {
    switch style {
    case .cpu: max(1, min(shares, count / 2048))
    // Whole work-groups: OpenCL 1.2 wants the global size to be a multiple of the local one.
    case .gpu: max(64, min(shares, (count + 63) / 64 * 64))
    }
  }
}
