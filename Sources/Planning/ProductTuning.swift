/// A matrix product or convolution as those who choose its kernel see it: what it is, and its sizes as a product.
public struct ProductProblem: Hashable, Sendable, CustomStringConvertible {
  /// What is computed.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    case matmul, convolution
    case inputGradient = "input-gradient"
    case weightGradient = "weight-gradient"
  }

  public var kind: Kind
  /// Of one batch entry; for a convolution, its pixels (of an input gradient's phase), for a weight gradient its output channels.
  public var rows: Int
  /// For a convolution the output channels, for an input gradient the input channels, for a weight gradient taps times input channels.
  public var columns: Int
  /// What is summed over: for a convolution taps times input channels, for an input gradient taps times output channels, for a weight
  /// gradient pixels.
  public var inner: Int
  /// Whether a matrix product's first factor is stored [inner, rows].
  public var isTransposedA = false
  /// Whether its second factor is stored [columns, inner].
  public var isTransposedB = false

  /// - Parameters: as the properties.
  public init(_ kind: Kind, rows: Int, columns: Int, inner: Int, isTransposedA: Bool = false, isTransposedB: Bool = false) {
    self.kind = kind
    self.rows = rows
    self.columns = columns
    self.inner = inner
    self.isTransposedA = isTransposedA
    self.isTransposedB = isTransposedB
  }

  /// As in `matmul 128x512x784, second transposed`: rows, columns, inner.
  public var description: String {
    "\(kind.rawValue) \(rows)x\(columns)x\(inner)" + (isTransposedA ? ", first transposed" : "")
      + (isTransposedB ? ", second transposed" : "")
  }

  /// How unlike two problems of a kind are: by the powers of two between their sizes, with one layout counting as two of them.
  func distance(to other: ProductProblem) -> Double {
    func octaves(_ a: Int, _ b: Int) -> Double {
      let ratio = Double(max(a, b, 1)) / Double(max(min(a, b), 1))
      // A logarithm, by its exponent and a straight line: the same everywhere.
      return Double(ratio.exponent) + ratio.significand - 1
    }
    return octaves(rows, other.rows) + octaves(columns, other.columns) + octaves(inner, other.inner)
      + (isTransposedA == other.isTransposedA ? 0 : 2) + (isTransposedB == other.isTransposedB ? 0 : 2)
  }
}

/// Which kernel computes a product.
public enum ProductVariant: Hashable, Sendable, CustomStringConvertible {
  /// Register tiles over packed operands: what CPUs have, and any device can run.
  case registers
  /// Tiles of both operands in local memory.
  case local(LocalTile)

  public var description: String {
    switch self {
    case .registers: "register tiles"
    case .local(let tile): "local memory \(tile)"
    }
  }
}

/// Which kernels compute a device's products: what was measured, or is known of its class. Neither means register tiles.
public struct ProductTuning: Hashable, Sendable {
  /// A problem and the best kernel for it.
  public struct Entry: Hashable, Sendable {
    public var problem: ProductProblem
    public var variant: ProductVariant

    public init(_ problem: ProductProblem, _ variant: ProductVariant) {
      self.problem = problem
      self.variant = variant
    }
  }

  public var entries: [Entry]
  /// What chooses for kinds that have no entry; `nil` for register tiles.
  public var choice: TileChoice?

  public init(_ entries: [Entry] = [], otherwise choice: TileChoice? = nil) {
    self.entries = entries
    self.choice = choice
  }

  /// One variant for everything.
  public init(always variant: ProductVariant) {
    entries = ProductProblem.Kind.allCases.map { Entry(ProductProblem($0, rows: 256, columns: 256, inner: 256), variant) }
  }

  /// Octaves between two problems' sizes up to which what is best for one is taken for the other's best. On an H200 it was up to
  /// 28 % faster there than the class's tile and never slower; farther off it was slower twice as often as faster, by up to 1.9 times.
  private static let likeness = 1.25

  /// The variant of the most similar problem of the kind, of equally similar ones that of the first; where none is like it, what is known of
  /// the device's class, if anything is.
  /// - Parameter copies: how many such products a launch computes: a matrix product's batch, a convolution's groups and phases.
  public func variant(for problem: ProductProblem, copies: Int = 1) -> ProductVariant {
    var best: (distance: Double, variant: ProductVariant)?
    for entry in entries where entry.problem.kind == problem.kind {
      let distance = problem.distance(to: entry.problem)
      if best.map({ distance < $0.distance }) ?? true { best = (distance, entry.variant) }
    }
    if let best, best.distance <= Self.likeness || choice == nil { return best.variant }
    return choice?.tile(for: problem, copies: copies).map { .local($0) } ?? best?.variant ?? .registers
  }

  /// The same without a tile, for however many work-groups: what was measured to be best with it uses register tiles.
  package func avoiding(_ tile: LocalTile) -> ProductTuning {
    func isAvoided(_ other: LocalTile) -> Bool {
      var other = other
      other.groups = tile.groups
      return other == tile
    }
    var result = self
    for index in entries.indices {
      if case .local(let other) = entries[index].variant, isAvoided(other) { result.entries[index].variant = .registers }
    }
    result.choice?.tiles.removeAll(where: isAvoided)
    if result.choice?.tiles.isEmpty == true { result.choice = nil }
    return result
  }
}
