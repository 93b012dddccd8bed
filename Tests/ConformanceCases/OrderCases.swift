import GlissadeTensors

// MARK: Reference

func cumulativeReference(_ x: Numbers, isReversed: Bool) -> Numbers {
  var result = x
  let columns = x.shape[-1]
  for start in stride(from: 0, to: x.values.count, by: columns) {
    var sum = 0.0
    for place in 0..<columns {
      let index = start + (isReversed ? columns - 1 - place : place)
      sum += x.values[index]
      result.values[index] = sum
    }
  }
  return result
}

/// The first `count` places of each sorted row.
func orderReference(_ x: Numbers, count: Int, isDescending: Bool) -> Numbers {
  let columns = x.shape[-1]
  var result = Numbers(Shape(x.shape.dimensions.dropLast() + [count]))
  for row in 0..<(x.values.count / columns) {

    let order = (0..<columns).sorted { a, b in
      let (first, second) = (x.values[row * columns + a], x.values[row * columns + b])
      if first.isNaN || second.isNaN { return first.isNaN == second.isNaN ? a < b : first.isNaN == isDescending }
      return first == second ? a < b : isDescending ? first > second : first < second
    }
    for place in 0..<count { result.values[row * count + place] = Double(order[place]) }
  }
  return result
}

// MARK: Rows

extension Table {
  static var orders: Table { Table(name: "orders", cases: runningSums + sortedRows) }

  private static var runningSums: [Case] {
    let shapes: [Shape] = [[1], [5, 7], [3, 16], [2, 33], [70, 3], [2, 3, 131], [1, 5000], [4, 1]]
    return shapes.flatMap { shape in
      [false, true].map { isReversed in
        Case(
          "cumulative sum\(isReversed ? ", reversed" : "")", [Operand(shape)], tolerance: 1e-5,
          one: { $0[0].cumulativeSum(isReversed: isReversed) }, reference: { cumulativeReference($0[0], isReversed: isReversed) })
      }
    } + [
      Case(
        "cumulative sum over 1", [Operand([2, 5, 3])], one: { $0[0].cumulativeSum(axis: 1) },
        reference: { operands in
          transposeReference(cumulativeReference(transposeReference(operands[0], [0, 2, 1]), isReversed: false), [0, 2, 1])
        })
    ]
  }

  /// Rows of a table, by the places of what is sorted: few of many (looked for one by one), and whole rows.
  private static var sortedRows: [Case] {
    let entries: [(Shape, Int)] = [
      ([1], 1), ([5, 7], 7), ([3, 16], 16), ([2, 33], 33), ([70, 3], 3), ([4, 131], 131), ([2, 1000], 1000), ([3, 17], 2), ([2, 64], 5),
      ([5, 200], 16), ([2, 300], 17), ([3, 129], 1), ([3, 2500], 5),
      // Kept by a GPU's items; more rows than a work-group sorts at a time; rows of several of its blocks.
      ([3, 700], 5), ([300, 40], 40), ([3, 1025], 40), ([2, 2500], 2500),
    ]
    return entries.flatMap { shape, count in
      [false, true].map { isDescending in
        Case(
          "\(isDescending ? "largest" : "smallest") \(count)",
          [Operand(shape, .distinct, isDifferentiated: false), Operand([shape[-1], 2])],
          one: { $0[1].rows($0[0].sortOrder(isDescending: isDescending, count: count)) },
          reference: { gatherReference($0[1], orderReference($0[0], count: count, isDescending: isDescending)) })
      }
    }
      + [false, true].flatMap { isDescending in
        [3, 24].map { count in
          // Ties, both zeros, infinities and NaN.
          let odd: [Float] = [
            0, -0.0, .nan, 1, .infinity, -.infinity, 1, 0, -1, .nan, .infinity, -0.0, 1, -1, -.infinity, 2, 3, 1, 0, -1,
            .leastNonzeroMagnitude, 3e38, -3e38,
            2,
          ]
          return Case(
            "\(isDescending ? "largest" : "smallest") \(count) of odd numbers",
            [Operand([1, 24], .fixed(odd), isDifferentiated: false), Operand([24, 2])],
            one: { $0[1].rows($0[0].sortOrder(isDescending: isDescending, count: count)) },
            reference: { gatherReference($0[1], orderReference($0[0], count: count, isDescending: isDescending)) })
        }
      }
  }
}
