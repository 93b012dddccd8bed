import GlissadeTensors
import Testing

/// int32 is summed, sorted and searched exactly, also where float32 would round.
struct IntegerTests {
  private static let rows = 3
  /// Neighbours that are one float32, ties, the ends of int32, and small numbers of either sign.
  private static let values: [Int32] = {
    let chosen: [Int32] = [
      16_777_217, 16_777_216, 16_777_218, -16_777_217, .max, .min, .max - 1, .min + 1, 0, -1, 1, 65535, 65536, -65536, -65537, .max, 7,
    ]
    let more = (0..<34).map { (index: Int) -> Int32 in
      let factor: Int32 = index % 5 == 0 ? 2_000_000_000 : 100_000_007
      return factor &* Int32(index % 7) &- 123_456_789 &+ Int32(index / 9)
    }
    return chosen + more
  }()

  private func mismatches(_ tensor: Tensor, _ expected: [Int32]) -> Tensor {
    (tensor .!= tensor.graph.constant(integers: expected, shape: tensor.shape)).sum()
  }

  @Test(arguments: DeviceUnderTest.all) func exact(on under: DeviceUnderTest) throws {
    let columns = Self.values.count / Self.rows
    let rows = (0..<Self.rows).map { Array(Self.values[($0 * columns)..<(($0 + 1) * columns)]) }
    func order(_ row: [Int32], _ isDescending: Bool) -> [Int32] {
      row.indices.sorted { row[$0] == row[$1] ? $0 < $1 : isDescending ? row[$0] > row[$1] : row[$0] < row[$1] }.map(Int32.init)
    }
    func running(_ row: [Int32]) -> [Int32] {
      var sum: Int32 = 0
      return row.map { number in
        sum &+= number
        return sum
      }
    }
    let columnSums = (0..<columns).map { column in rows.reduce(0 as Int32) { $0 &+ $1[column] } }
    let results = try GraphRunner(under.device).run(inputs: ["x": StepInput(Self.values)]) { graph in
      let x = graph.input("x", shape: [Self.rows, columns], dtype: .int32)
      let (top, ascending) = (x.top(4), x.sorted())
      var down = Array(rows)
      for row in 1..<Self.rows { down[row] = zip(down[row - 1], rows[row]).map { $0 &+ $1 } }
      var found: [String: Tensor] = [:]
      found["sum"] = mismatches(x.sum(axes: [-1]), rows.map { $0.reduce(0, &+) })
      found["sum of all"] = mismatches(x.sum(), [Self.values.reduce(0, &+)])
      found["sum of columns"] = mismatches(x.sum(axes: [0], keepingAxes: true), columnSums)
      found["product"] = mismatches(x.product(axes: [1]), rows.map { $0.reduce(1, &*) })
      found["max"] = mismatches(x.max(axes: [1]), rows.map { $0.max() ?? 0 })
      found["min"] = mismatches(x.min(), [.min])
      found["argmax"] = mismatches(x.argmax(axis: 1), rows.map { order($0, true)[0] })
      found["argmin"] = mismatches(x.argmin(axis: -1, keepingAxes: true), rows.map { order($0, false)[0] })
      found["argmax of all"] = mismatches(x.argmax(), [4])
      found["order"] = mismatches(x.sortOrder(), rows.flatMap { order($0, false) })
      found["descending order"] = mismatches(x.sortOrder(isDescending: true), rows.flatMap { order($0, true) })
      found["sorted"] = mismatches(ascending.values, rows.flatMap { $0.sorted() })
      found["top values"] = mismatches(top.values, rows.flatMap { $0.sorted(by: >).prefix(4) })
      found["top places"] = mismatches(top.indices, rows.flatMap { order($0, true).prefix(4) })
      found["sorted columns"] = mismatches(x.transposed().sorted(axis: 0).values.transposed(), rows.flatMap { $0.sorted() })
      found["running"] = mismatches(x.cumulativeSum(), rows.flatMap { running($0) })
      found["running back"] = mismatches(x.cumulativeSum(isReversed: true), rows.flatMap { running($0.reversed()).reversed() })
      found["running down"] = mismatches(x.cumulativeSum(axis: 0), down.flatMap { $0 })
      found["abs"] = mismatches(x.abs(), Self.values.map { $0 < 0 ? 0 &- $0 : $0 })
      found["sign"] = mismatches(x.sign(), Self.values.map { $0.signum() })
      found["square"] = mismatches(x.square(), Self.values.map { $0 &* $0 })
      found["floor"] = mismatches(x.floor(), Self.values)
      found["ceil"] = mismatches(x.ceil(), Self.values)
      found["clamped"] = mismatches(x.clamped(from: -16_777_216, to: 65536), Self.values.map { min(max($0, -16_777_216), 65536) })
      found["scalar"] = mismatches(
        x.at(0).at(0).sum() + x.at(0).at(0).max() + x.at(0).sliced(axis: 0, 0..<1).cumulativeSum().at(0), [50_331_651])
      found["one place"] = mismatches(
        x.sliced(axis: 1, 0..<1).argmax(axis: 1) + x.sliced(axis: 1, 0..<1).sortOrder().at(0, axis: 1), [0, 0, 0])
      return found
    }
    for (name, found) in results { #expect(found == [0], "\(name): \(found)") }
  }
}
