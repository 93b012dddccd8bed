import GlissadeTensors

/// What the float64 reference says about a case: its results, and its loss Σ cotangent · result for other operands.
struct Expectation {
  let operands: [[Float]]
  let results: [Numbers]
  /// What each result is multiplied by before all are summed to the loss whose gradients are checked.
  let cotangents: [[Float]]
  private let row: Case

  private let seed: UInt64

  /// - Parameter seed: 0 for the operands that tests have, anything else for others.
  init(_ row: Case, seed: UInt64 = 0) {
    self.row = row
    self.seed = seed
    var dice = Dice(Self.source(row.name, seed))
    let operands = row.operands.map { $0.values(&dice) }
    self.operands = operands
    results = row.reference(zip(row.operands, operands).map { Numbers($0.shape, $1.map(Double.init)) })
    cotangents = results.map { result in
      (0..<result.values.count).map { _ in Float(dice.uniform(0.5...1.5) * (dice.next() % 2 == 0 ? 1 : -1)) }
    }
  }

  private static func source(_ name: String, _ seed: UInt64) -> String { seed == 0 ? name : "\(name), seed \(seed)" }

  /// The slope of the loss when one operand moves along `direction`, by central differences.
  func slope(of operand: Int, along direction: [Double]) -> Double {
    let step = 1e-6
    func results(_ distance: Double) -> [Numbers] {
      var moved = zip(row.operands, operands).map { Numbers($0.shape, $1.map(Double.init)) }
      for index in direction.indices { moved[operand].values[index] += distance * direction[index] }
      return row.reference(moved)
    }
    // Result by result: a difference of two sums would lose digits.
    var sum = 0.0
    for (pair, cotangent) in zip(zip(results(step), results(-step)), cotangents) {
      for index in cotangent.indices { sum += (pair.0.values[index] - pair.1.values[index]) * Double(cotangent[index]) }
    }
    return sum / (2 * step)
  }

  /// The results once operands have moved along some directions.
  /// - Parameter moves: how far along which directions, one direction for each operand, empty for one that stays.
  func moved(_ moves: [(distance: Double, directions: [[Double]])]) -> [Numbers] {
    var moved = zip(row.operands, operands).map { Numbers($0.shape, $1.map(Double.init)) }
    for (distance, directions) in moves {
      for (operand, direction) in directions.enumerated() {
        for index in direction.indices { moved[operand].values[index] += distance * direction[index] }
      }
    }
    return row.reference(moved)
  }

  /// Directions along which a gradient is checked: each element by itself, or where there are many of them some elements, the first and the
  /// last among them, and directions that all elements take part in.
  func directions(of operand: Int, elements limit: Int) -> [[Double]] {
    let count = row.operands[operand].shape.count
    var dice = Dice(Self.source("\(row.name) \(operand)", seed))
    var chosen = Array(0..<count)
    if count > limit { chosen = [0, count - 1] + chosen.dropFirst().dropLast().shuffled(using: &dice).prefix(max(limit, 2) - 2) }
    var result = chosen.map { index in
      var direction = [Double](repeating: 0, count: count)
      direction[index] = 1
      return direction
    }
    if count > limit {
      for _ in 0..<2 { result.append((0..<count).map { _ in dice.next() % 2 == 0 ? 1 : -1 }) }
    }
    return result
  }
}
