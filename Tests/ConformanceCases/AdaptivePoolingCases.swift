import GlissadeTensors

/// The pixels first ..< end of a cell.
private func cell(_ index: Int, of count: Int, over size: Int) -> Range<Int> {
  let first = Int((Double(index) * Double(size) / Double(count)).rounded(.down))
  return first..<Int((Double(index + 1) * Double(size) / Double(count)).rounded(.up))
}

private func adaptivePoolReference(_ x: Numbers, _ height: Int, _ width: Int) -> Numbers {
  var result = Numbers([x.shape[0], height, width, x.shape[3]])
  for n in 0..<x.shape[0] {
    for gy in 0..<height {
      for gx in 0..<width {
        let (rows, columns) = (cell(gy, of: height, over: x.shape[1]), cell(gx, of: width, over: x.shape[2]))
        for c in 0..<x.shape[3] {
          for y in rows { for x0 in columns { result[n, gy, gx, c] += x[n, y, x0, c] / Double(rows.count * columns.count) } }
        }
      }
    }
  }
  return result
}

extension Table {
  /// Grids that divide the images, that do not, and that are larger than they are.
  static var adaptivePooling: Table {
    let entries: [(Shape, Int, Int)] = [
      ([2, 6, 4, 17], 3, 2), ([1, 7, 5, 5], 3, 2), ([2, 2, 3, 19], 7, 7), ([1, 1, 1, 33], 7, 7), ([1, 9, 8, 16], 7, 7),
      ([2, 5, 7, 3], 1, 1),
    ]
    return Table(
      name: "adaptive pooling",
      cases: entries.flatMap { entry -> [Case] in
        let (shape, height, width) = entry
        return [
          Case(
            "adaptive average pool to \(height)×\(width)", [Operand(shape)], one: { $0[0].adaptivelyPooled(height: height, width: width) },
            reference: { adaptivePoolReference($0[0], height, width) })
        ]
      })
  }
}
