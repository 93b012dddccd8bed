import GlissadeDevices
import GlissadeTensors
import StepSupport

/// The gradient of a gradient, of every row of a table, against second differences of the float64 reference.
///
/// Of a row's loss L = Σ cotangent · result the gradient g is taken, and then that of Σ g · v with respect to the operands, which is H·v, and
/// with respect to the cotangents, which is how the results move along v.
package struct SecondDerivatives {
  package let table: Table
  private let rows: [Row]

  /// One row, and what is right.
  private struct Row {
    var row: Case
    var expectation: Expectation
    /// v, by operand; empty for one that is not differentiated.
    var vectors: [[Float]]
    /// How each result moves along v.
    var motion: [Numbers]
    /// By operand, some directions and how the slope of L along v changes along them.
    var curvatures: [[(direction: [Double], curvature: Double)]]
    /// How many directions there were, those beside kinks included.
    var directions: Int
  }

  /// Larger operands are left out: their kernels are those of small ones, and a reference takes its time.
  private static let largest = 2500

  /// - Parameters:
  ///   - elements: how many elements of an operand are moved one by one.
  ///   - seed: of the operands' numbers.
  package init(_ table: Table, elements: Int = 2, seed: UInt64 = 0) {
    let cases = table.cases.filter { row in
      row.isDifferentiatedTwice && row.operands.contains(where: \.isDifferentiated)
        && row.operands.allSatisfy { $0.shape.count <= Self.largest }
    }
    // Of numbers in their thousands float64 leaves second differences too few digits.
    let rows = cases.map { Self.row($0, elements, seed) }.filter { row in row.expectation.operands.joined().allSatisfy { abs($0) < 1000 } }
    self.init(table: Table(name: table.name, cases: rows.map(\.row)), rows: rows)
  }

  private init(table: Table, rows: [Row]) {
    self.table = table
    self.rows = rows
  }

  /// How many directions are looked at, and how many are left out because there is a kink beside them.
  package var directions: (checked: Int, leftOut: Int) {
    let checked = rows.reduce(0) { $0 + $1.curvatures.reduce(0) { $0 + $1.count } }
    return (checked, rows.reduce(0) { $0 + $1.directions } - checked)
  }

  /// The rows that a device is asked for: fewer where a driver is slow to build kernels.
  package func rows(for device: TestDevice) -> SecondDerivatives {
    guard device.isSlowToPrepare, rows.count > 4 else { return self }
    let chosen = Array(stride(from: 0, to: rows.count, by: 6))
    return SecondDerivatives(table: Table(name: table.name, cases: chosen.map { table.cases[$0] }), rows: chosen.map { rows[$0] })
  }

  private static func row(_ row: Case, _ elements: Int, _ seed: UInt64) -> Row {
    let expectation = Expectation(row, seed: seed)
    var dice = Dice("\(row.name), second derivatives, seed \(seed)")
    let vectors = row.operands.map { operand -> [Float] in
      guard operand.isDifferentiated else { return [] }
      return (0..<operand.shape.count).map { _ in Float(dice.uniform(0.4...1.2) * (dice.next() % 2 == 0 ? 1 : -1)) }
    }
    let along = vectors.map { $0.map(Double.init) }
    let directions = row.operands.indices.map { operand in
      row.operands[operand].isDifferentiated ? expectation.directions(of: operand, elements: elements) : []
    }
    return Row(
      row: row, expectation: expectation, vectors: vectors, motion: expectation.motion(along: along),
      curvatures: directions.enumerated().map { operand, directions in
        directions.compactMap { direction in
          expectation.curvature(of: operand, along: direction, and: along).map { (direction, $0) }
        }
      }, directions: directions.reduce(0) { $0 + $1.count })
  }

  /// - Returns: the rows with which something is wrong.
  /// - Throws: `DeviceError`, where the device fails altogether.
  package func failures(on device: TestDevice, fuses: Bool = true) throws -> [Finding] {
    guard !rows.isEmpty else { return [] }
    let traced = trace(limits: device.device.profile.limits, fuses: fuses)
    let runner = try StepRunner(traced.request, on: device.device)
    var inputs: [String: HostValues] = [:]
    for (index, row) in rows.enumerated() {
      for (number, operand) in row.row.operands.enumerated() {
        let values = row.expectation.operands[number]
        if let parameter = traced.parameters[index][number] {
          try runner.write(values, to: parameter.id)
          inputs["v\(index).\(number)"] = .floats(row.vectors[number])
        } else if case .integers = operand.content {
          inputs["x\(index).\(number)"] = .integers(values.map { Int32($0) })
        } else {
          inputs["x\(index).\(number)"] = .floats(values)
        }
      }
      for (number, cotangent) in row.expectation.cotangents.enumerated() { inputs["c\(index).\(number)"] = .floats(cotangent) }
    }
    try runner.run(inputs)
    var findings: [(row: String, problems: [Problem])] = [(table.name, try runner.damage().map { Problem($0) })]
    for (index, row) in rows.enumerated() {
      var problems: [Problem] = []
      for number in row.motion.indices {
        let name = "j\(index).\(number)"
        let got = traced.request.outputs[name] == nil ? nil : try runner.output(name)
        problems += compare(motion: got, row.motion[number], number, row.row)
      }
      for operand in row.row.operands.indices {
        guard let parameter = traced.parameters[index][operand] else { continue }
        let isThere = traced.request.gradients.contains { $0.parameter == parameter.id }
        problems += compare(curvature: isThere ? try runner.gradient(of: parameter.id) : nil, operand, row)
      }
      findings.append((row.row.name, problems))
    }
    return findings.filter { !$0.problems.isEmpty }.map { row, problems in
      Finding(
        device: device.name + (fuses ? "" : ", unfused"), row: row, problem: problems.map(\.text).joined(separator: "; "),
        excess: problems.compactMap(\.excess).max())
    }
  }

  private func trace(limits: BufferLimits, fuses: Bool) -> (request: StepRequest, parameters: [[Parameter?]]) {
    let graph = Graph(isTraining: true)
    var listed: [(path: String, parameter: Parameter)] = []
    var parameters: [[Parameter?]] = []
    var cotangents: [(name: String, value: Tensor)] = []
    var sum = graph.constant(0)
    for (index, row) in rows.enumerated() {
      let (operands, own) = row.row.recordOperands(index, in: graph)
      listed += own.compactMap { parameter in parameter.map { ($0.name, $0) } }
      parameters.append(own)
      var loss = graph.constant(0)
      for (number, result) in graph.scoped({ _, _ in row.row.name }, { row.row.build(graph, operands) }).enumerated() {
        let cotangent = graph.input("c\(index).\(number)", shape: result.shape)
        cotangents.append(("j\(index).\(number)", cotangent))
        loss = loss + (result * cotangent).sum()
      }
      let moved = own.indices.filter { own[$0] != nil }
      for (number, slope) in zip(moved, graph.gradients(of: loss, withRespectTo: moved.map { operands[$0] })) {
        let vector = graph.input("v\(index).\(number)", shape: operands[number].shape)
        if let slope { sum = sum + (slope * vector).sum() }
      }
    }
    let results = graph.gradients(of: sum, withRespectTo: listed.map { graph[$0.parameter] } + cotangents.map(\.value))
    var request = StepRequest(graph: graph, layout: ParameterLayout(listed, groupCount: 1, limits: limits) { _, _ in 0 })
    request.gradients = zip(listed, results).compactMap { entry, gradient in gradient.map { (entry.parameter.id, $0) } }
    for (cotangent, result) in zip(cotangents, results.dropFirst(listed.count)) { request.outputs[cotangent.name] = result }
    request.fuses = fuses
    return (request, parameters)
  }

  /// - Parameter got: `nil` where the graph says that nothing depends on anything.
  private func compare(motion got: [Float]?, _ want: Numbers, _ number: Int, _ row: Case) -> [Problem] {
    let got = got ?? [Float](repeating: 0, count: want.values.count)
    let floor = want.values.reduce(0) { $0 + abs($1) } / Double(max(want.values.count, 1))
    let wrong = want.values.indices.filter { !(abs(Double(got[$0]) - want.values[$0]) <= Self.slack(row, want.values[$0], floor)) }
    guard let place = wrong.first else { return [] }
    return [
      Problem(
        "result \(number) moves otherwise at \(wrong.count) of \(got.count) places, first \(Numbers.places(place, want.shape)): "
          + "\(got[place]) instead of \(want.values[place])",
        deviation: abs(Double(got[place]) - want.values[place]) / (abs(want.values[place]) + floor), allowed: row.gradientTolerance)
    ]
  }

  private func compare(curvature got: [Float]?, _ operand: Int, _ row: Row) -> [Problem] {
    let shape = row.row.operands[operand].shape
    let got = got ?? [Float](repeating: 0, count: shape.count)
    if let place = got.firstIndex(where: { !$0.isFinite }) {
      return [Problem("second derivative of operand \(operand) is \(got[place]) at \(Numbers.places(place, shape))")]
    }
    let mean = got.reduce(0) { $0 + abs(Double($1)) } / Double(max(got.count, 1))
    for (direction, curvature) in row.curvatures[operand] {
      var (sum, weight) = (0.0, 0.0)
      for place in direction.indices where direction[place] != 0 {
        sum += direction[place] * Double(got[place])
        weight += abs(Double(got[place]))
      }
      let floor = max(mean, weight / 4)
      guard !(abs(sum - curvature) <= 2 * Self.slack(row.row, curvature, floor) + 2e-5) else { continue }
      let isOne = direction.count { $0 != 0 } == 1
      let place = isOne ? "\(Numbers.places(direction.firstIndex { $0 != 0 } ?? 0, shape))" : "all places"
      return [
        Problem(
          "second derivative of operand \(operand) along \(place) is \(sum) instead of \(curvature)",
          deviation: abs(sum - curvature) / (abs(curvature) + floor), allowed: 2 * row.row.gradientTolerance)
      ]
    }
    return []
  }

  private static func slack(_ row: Case, _ want: Double, _ floor: Double) -> Double { row.gradientTolerance * (abs(want) + floor) + 2e-6 }
}

extension Expectation {
  /// How each result moves when all operands move along some directions, by central differences.
  func motion(along directions: [[Double]]) -> [Numbers] {
    let step = 1e-6
    let (after, before) = (moved([(step, directions)]), moved([(-step, directions)]))
    return zip(after, before).map { pair in
      Numbers(pair.0.shape, zip(pair.0.values, pair.1.values).map { ($0 - $1) / (2 * step) })
    }
  }

  /// How the slope of the loss along some directions changes when one operand moves along its own, by second differences.
  /// - Returns: `nil` where differences of other widths say something else, as beside a kink.
  func curvature(of operand: Int, along direction: [Double], and directions: [[Double]]) -> Double? {
    let only = operands.indices.map { $0 == operand ? direction : [] }
    func difference(_ step: Double) -> (value: Double, size: Double) {
      let corners = [(1.0, 1.0), (1, -1), (-1, 1), (-1, -1)].map { moved([($0.0 * step, only), ($0.1 * step, directions)]) }
      var (value, size) = (0.0, 0.0)
      for (number, cotangent) in cotangents.enumerated() {
        for place in cotangent.indices {
          let parts = corners.map { $0[number].values[place] }
          value += ((parts[0] - parts[1]) - (parts[2] - parts[3])) * Double(cotangent[place])
          size += abs(parts[0] * Double(cotangent[place]))
        }
      }
      return (value / (4 * step * step), size * 1e-15 / (step * step))
    }
    for step in [1e-4, 2e-5] {
      let (wide, narrow) = (difference(step), difference(step / 2))
      if abs(wide.value - narrow.value) <= 1e-5 * abs(wide.value) + narrow.size { return wide.value }
    }
    return nil
  }
}
