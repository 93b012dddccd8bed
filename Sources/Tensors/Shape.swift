/// The extent of a tensor along each of its axes, outermost first. `[]` is a scalar.
///
/// Reading an axis that is not there gives 0 rather than a trap, so that model code which meets an invalid tensor while it is
/// being traced runs to its end and the shape error that made the tensor invalid is the one reported.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// The extents, outermost first.
  public let dimensions: [Int]

  /// - Parameter dimensions: the extents, outermost first.
  public init(_ dimensions: [Int]) { self.dimensions = dimensions }
  public init(arrayLiteral elements: Int...) { dimensions = elements }

  /// How many axes there are.
  public var rank: Int { dimensions.count }

  /// How many elements there are: the product of the extents, 1 for a scalar, `Int.max` where the product overflows.
  public var count: Int {
    var product = 1
    for extent in dimensions {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      if overflow { return .max }
      product = next
    }
    return product
  }

  /// The extent along an axis; a negative axis counts from the last. 0 where there is no such axis.
  public subscript(axis: Int) -> Int {
    let index = axis < 0 ? axis + rank : axis
    return dimensions.indices.contains(index) ? dimensions[index] : 0
  }

  /// True when every extent is positive and the number of elements fits what a kernel can index (below 2³¹).
  public var isUsable: Bool { dimensions.allSatisfy { $0 > 0 } && count <= Int(Int32.max) }

  public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }

  /// NumPy's broadcasting of two shapes: axes are aligned from the last, and an extent of 1 stretches. `nil` where they do not fit.
  public func broadcast(with other: Shape) -> Shape? {
    let rank = max(rank, other.rank)
    var result = [Int](repeating: 1, count: rank)
    for axis in 1...max(rank, 1) where axis <= rank {
      let a = axis <= self.rank ? self[-axis] : 1
      let b = axis <= other.rank ? other[-axis] : 1
      guard a == b || a == 1 || b == 1 else { return nil }
      result[rank - axis] = a == 1 ? b : a
    }
    return Shape(result)
  }

  /// The distance in elements between neighbours along each axis of a contiguous tensor, `Int.max` where that overflows.
  public var strides: [Int] { dimensions.indices.map { Shape(Array(dimensions[($0 + 1)...])).count } }
}
