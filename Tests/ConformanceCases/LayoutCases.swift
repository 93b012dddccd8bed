import GlissadeTensors

// MARK: Reference

func transposeReference(_ x: Numbers, _ permutation: [Int]) -> Numbers {
  let shape = Shape(permutation.map { x.shape[$0] })
  var result = Numbers(shape)
  for position in x.values.indices {
    let place = Numbers.places(position, x.shape)
    var target = 0
    for (to, from) in permutation.enumerated() { target = target * shape[to] + place[from] }
    result.values[target] = x.values[position]
  }
  return result
}

func broadcastReference(_ x: Numbers, _ shape: Shape) -> Numbers {
  Numbers(shape, (0..<shape.count).map { stretched(x, at: Numbers.places($0, shape)) })
}

func gatherReference(_ table: Numbers, _ indices: Numbers) -> Numbers {
  let columns = table.shape[1]
  var result = Numbers(Shape(indices.shape.dimensions + [columns]))
  for (row, index) in indices.values.enumerated() {
    for column in 0..<columns { result.values[row * columns + column] = table[Int(index), column] }
  }
  return result
}

func scatterAddReference(_ values: Numbers, _ indices: Numbers, rows: Int) -> Numbers {
  let columns = values.shape[-1]
  var result = Numbers([rows, columns])
  for (row, index) in indices.values.enumerated() {
    for column in 0..<columns { result[Int(index), column] += values.values[row * columns + column] }
  }
  return result
}

// MARK: Rows

extension Table {
  static var layout: Table {
    Table(name: "layout", cases: transposes + stretches + rows)
  }

  private static var transposes: [Case] {
    let entries: [(Shape, [Int])] = [
      ([13], [0]), ([1, 1], [1, 0]), ([7, 31], [1, 0]), ([33, 17], [1, 0]), ([3, 5, 7], [2, 0, 1]), ([3, 5, 7], [0, 2, 1]),
      ([3, 5, 7], [1, 0, 2]), ([2, 5, 3, 17], [0, 3, 1, 2]), ([2, 3, 5, 7], [3, 2, 1, 0]), ([4, 1, 5, 1, 3], [4, 2, 1, 0, 3]),
      ([2, 3, 2, 5, 3], [4, 2, 0, 3, 1]), ([2, 3, 2, 3, 2, 3], [5, 3, 1, 4, 2, 0]), ([2, 3, 2, 2, 3, 2, 3], [6, 4, 2, 0, 5, 3, 1]),
      ([2, 2, 2, 2, 2, 2, 4], [5, 3, 1, 6, 4, 2, 0]), ([64, 80], [1, 0]),
    ]
    return entries.map { entry in
      Case(
        "transpose \(entry.1)", [Operand(entry.0)], one: { $0[0].transposed(entry.1) * 1.5 },
        reference: {
          map(transposeReference($0[0], entry.1)) { $0 * 1.5 }
        })
    }
  }

  private static var stretches: [Case] {
    let entries: [(Shape, Shape)] = [
      ([], [3, 5]), ([7], [3, 7]), ([3, 1, 5], [3, 4, 5]), ([2, 1, 3, 1], [2, 17, 3, 5]), ([1], [129]), ([5, 1], [2, 5, 6]),
      ([4, 6], [4, 6]),
    ]
    return entries.map { entry in
      Case(
        "broadcast to \(entry.1)", [Operand(entry.0)], tolerance: 1e-6, one: { $0[0].broadcast(to: entry.1) * 1.5 },
        reference: {
          map(broadcastReference($0[0], entry.1)) { $0 * 1.5 }
        })
    } + [
      // Alone, so that nothing but the broadcast writes the result.
      Case(
        "plain broadcast", [Operand([3, 1, 5])], one: { $0[0].broadcast(to: [3, 4, 5]) },
        reference: { broadcastReference($0[0], [3, 4, 5]) }),
      Case("plain transpose", [Operand([3, 4, 5])], one: { $0[0].transposed() }, reference: { transposeReference($0[0], [2, 1, 0]) }),
      Case(
        "reshape", [Operand([6, 10])], one: { ($0[0].reshaped(to: [4, 15]) * 2).flattened().reshaped(to: [3, 20]) },
        reference: {
          Numbers([3, 20], $0[0].values.map { $0 * 2 })
        }),
      Case(
        "two transposes", [Operand([6, 10])], one: { $0[0].transposed().reshaped(to: [4, 15]).transposed() },
        reference: {
          transposeReference(Numbers([4, 15], transposeReference($0[0], [1, 0]).values), [1, 0])
        }),
    ]
  }

  private static var rows: [Case] {
    let entries: [(Shape, Shape)] = [([7, 5], [11]), ([1, 1], [1]), ([13, 33], [4, 3]), ([50, 16], [64]), ([3, 131], [40])]
    return entries.flatMap { entry in
      [
        Case(
          "gather", [Operand(entry.0), Operand(entry.1, .integers(below: entry.0[0]))], one: { $0[0].rows($0[1]) },
          reference: {
            gatherReference($0[0], $0[1])
          }),
        Case(
          "scatter and add", [Operand(Shape(entry.1.dimensions + [entry.0[1]])), Operand(entry.1, .integers(below: entry.0[0]))],
          one: { $0[0].graph.record(.scatterAdd(ScatterAdd(axis: 0, extent: entry.0[0], perElement: false)), $0) },
          reference: { scatterAddReference($0[0], $0[1], rows: entry.0[0]) }),
      ]
    }
  }
}
