/// How an operand of an elementwise operation is spread over the result, seen as a canvas of rows × columns.
package enum BroadcastAccess: Int32, Hashable, Sendable {
  /// An element for each place: `[row · columns + column]`.
  case full = 0
  /// One for each column, as a bias: `[column]`.
  case column = 1
  /// One for each row: `[row]`.
  case row = 2
  /// One for all: `[0]`.
  case scalar = 3
}

extension Shape {
  /// How a tensor of this shape is spread over one of shape `result`, and into how many columns that cuts the canvas (`nil`: any number).
  /// - Returns: `nil` where rows and columns cannot express it, as for [N, 1, C] over [N, M, C].
  package func access(in result: Shape) -> (access: BroadcastAccess, columns: Int?)? {
    if count == result.count { return (.full, nil) }
    if count == 1 { return (.scalar, nil) }
    let suffix = dimensions.drop { $0 == 1 }
    if suffix.elementsEqual(result.dimensions.suffix(suffix.count)) { return (.column, count) }
    guard rank == result.rank else { return nil }
    let prefix = dimensions.reversed().drop { $0 == 1 }.reversed()
    if prefix.elementsEqual(result.dimensions.prefix(prefix.count)) { return (.row, result.count / count) }
    return nil
  }
}
