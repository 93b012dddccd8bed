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

private func largest(_ x: Numbers, _ rows: [Range<Int>], _ columns: [Range<Int>]) -> Numbers {
  var result = Numbers([x.shape[0], rows.count, columns.count, x.shape[3]], repeating: -.infinity)
  for n in 0..<x.shape[0] {
    for (gy, rows) in rows.enumerated() {
      for (gx, columns) in columns.enumerated() {
        for c in 0..<x.shape[3] {
          for y in rows { for x0 in columns { result[n, gy, gx, c] = max(result[n, gy, gx, c], x[n, y, x0, c]) } }
        }
      }
    }
  }
  return result
}

private func starts(_ kernel: Int, _ count: Int, over size: Int, _ u: Double) -> [Range<Int>] {
  (0..<count).map { index in
    let share = count == 1 ? 0 : Double(size - kernel) / Double(count - 1)
    let start = index == count - 1 ? size - kernel : Int((Double(index) + u) * share) - Int(u * share)
    return start..<(start + kernel)
  }
}

/// A tent over each pixel, as wide as the pixels are apart: another way to say what bilinear means.
private func resizedReference(_ x: Numbers, _ height: Int, _ width: Int) -> Numbers {
  func weights(_ count: Int, _ size: Int) -> [[Double]] {
    (0..<count).map { index in
      let place = min(max((Double(index) + 0.5) * Double(size) / Double(count) - 0.5, 0), Double(size - 1))
      return (0..<size).map { max(0, 1 - abs(place - Double($0))) }
    }
  }
  let (rows, columns) = (weights(height, x.shape[1]), weights(width, x.shape[2]))
  var result = Numbers([x.shape[0], height, width, x.shape[3]])
  for n in 0..<x.shape[0] {
    for gy in 0..<height {
      for gx in 0..<width {
        for y in 0..<x.shape[1] where rows[gy][y] != 0 {
          for x0 in 0..<x.shape[2] where columns[gx][x0] != 0 {
            for c in 0..<x.shape[3] { result[n, gy, gx, c] += rows[gy][y] * columns[gx][x0] * x[n, y, x0, c] }
          }
        }
      }
    }
  }
  return result
}

extension Table {
  /// Of grids, of random regions, and images in other sizes: what gathers pixels first.
  static var gatheredPooling: Table {
    let grids: [(Shape, Int, Int)] = [([2, 6, 4, 5], 3, 2), ([1, 7, 5, 17], 3, 2), ([2, 2, 3, 3], 5, 4), ([2, 5, 7, 3], 1, 1)]
    let regions: [(Shape, (height: Int, width: Int), (height: Int, width: Int))] = [
      ([2, 9, 11, 5], (2, 3), (5, 4)), ([1, 7, 8, 17], (3, 2), (1, 7)), ([2, 4, 4, 1], (1, 1), (4, 3)),
    ]
    let sizes: [(Shape, Int, Int)] = [([2, 4, 5, 5], 7, 9), ([1, 8, 7, 16], 3, 4), ([2, 3, 4, 17], 6, 8), ([1, 1, 2, 3], 3, 1)]
    func cells(_ count: Int, _ size: Int) -> [Range<Int>] { (0..<count).map { cell($0, of: count, over: size) } }
    return Table(
      name: "pooling of gathered pixels",
      cases: grids.map { shape, height, width in
        Case(
          "adaptive max pool to \(height)×\(width)", [Operand(shape, .distinct)],
          one: { $0[0].adaptivelyMaxPooled(height: height, width: width) },
          reference: { largest($0[0], cells(height, shape[1]), cells(width, shape[2])) })
      }
        + regions.map { shape, kernel, size in
          Case(
            "fractional max pool of \(kernel) to \(size)", [Operand(shape, .distinct)],
            one: { $0[0].fractionallyMaxPooled(kernel: kernel, to: size, samples: $0[0].graph.constant([0.3, 0.85])) },
            reference: {
              largest(
                $0[0], starts(kernel.height, size.height, over: shape[1], 0.3),
                starts(kernel.width, size.width, over: shape[2], 0.85))
            })
        }
        + sizes.map { shape, height, width in
          Case(
            "resized to \(height)×\(width)", [Operand(shape)], one: { $0[0].resized(height: height, width: width) },
            reference: { resizedReference($0[0], height, width) })
        })
  }

  /// Grids that divide the images, that do not, and that are larger than they are.
  static var adaptivePooling: Table {
    let entries: [(Shape, Int, Int)] = [
      ([2, 6, 4, 17], 3, 2), ([1, 7, 5, 5], 3, 2), ([2, 2, 3, 19], 7, 7), ([1, 1, 1, 33], 7, 7), ([1, 9, 8, 16], 7, 7),
      ([2, 5, 7, 3], 1, 1),
      // Several vectors of channels side by side and some that are left, cells that overlap unevenly, more channels than are taken at once.
      ([2, 13, 11, 70], 5, 7), ([1, 5, 3, 1041], 3, 2), ([2, 11, 17, 64], 4, 3), ([1, 3, 8, 48], 5, 3),
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
