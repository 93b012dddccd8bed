import GlissadeFormats
import GlissadeTensors

extension OperationCase.Step {
  /// Records what moves, chooses and orders elements; `nil` where the operation is none of these.
  func moved(_ x: [Tensor], _ a: Attributes) throws -> Tensor? {
    switch (operation, x.count) {
    case ("slice", 1):
      return x[0].sliced(
        axis: try a.integer("axis"), from: a.optionalInteger("from"), to: a.optionalInteger("to"), by: a.optionalInteger("by") ?? 1)
    case ("flip", 1): return x[0].flipped(axes: try a.integers("axes"))
    case ("roll", 1): return x[0].rolled(by: try a.integer("by"), axis: try a.integer("axis"))
    case ("tile", 1): return x[0].tiled(try a.integers("counts"))
    case ("repeat", 1): return x[0].repeated(try a.integer("count"), axis: try a.integer("axis"))
    case ("pad", 1):
      let amounts = try a.integers("amounts")
      let pairs = stride(from: 0, to: amounts.count - 1, by: 2).map { (before: amounts[$0], after: amounts[$0 + 1]) }
      return x[0].padded(pairs, mode: try paddingMode(a))
    case ("concatenate", 1...): return concatenate(x, axis: try a.integer("axis"))
    case ("stack", 1...): return stack(x, axis: try a.integer("axis"))
    case ("split", 1):
      let pieces = x[0].split(try a.integers("sizes"), axis: try a.integer("axis"))
      let index = try a.integer("index")
      guard pieces.indices.contains(index) else { throw OperationError("a split has no piece \(index)") }
      return pieces[index]
    case ("rows", 2): return x[0].rows(x[1])
    case ("take", 2): return x[0].taken(x[1], axis: try a.integer("axis"))
    case ("gather", 2): return x[0].gather(x[1], axis: try a.integer("axis"))
    case ("scatterAdd", 3): return x[0].adding(x[1], at: x[2], axis: try a.integer("axis"))
    case ("where", 3): return x[1].kept(where: x[0], otherwise: x[2])
    case ("lowerTriangle", 1): return x[0].lowerTriangle(diagonal: try a.integer("diagonal"))
    case ("upperTriangle", 1): return x[0].upperTriangle(diagonal: try a.integer("diagonal"))
    case ("cumulativeSum", 1): return x[0].cumulativeSum(axis: try a.integer("axis"))
    case ("sorted", 1): return x[0].sorted(axis: try a.integer("axis"), isDescending: a.flag("descending")).values
    case ("sortOrder", 1): return x[0].sortOrder(axis: try a.integer("axis"), isDescending: a.flag("descending"))
    case ("top", 1):
      return x[0].top(try a.integer("count"), axis: try a.integer("axis"), isLargest: a.flag("largest")).values
    default: return nil
    }
  }

  private func paddingMode(_ a: Attributes) throws -> PaddingMode {
    switch try a.text("mode") {
    case "reflect": .reflect
    case "replicate": .replicate
    case "circular": .circular
    default: .constant(try a.number("value"))
    }
  }
}
