import GlissadeDevices
import GlissadeTensors
import StepSupport

/// A table traced as one step: every row's results are outputs, and the gradients of Σ cotangent · result are taken.
struct TracedTable {
  let request: StepRequest
  let parameters: [[Parameter?]]

  /// The rows' results come after a value that takes the arena's first place, so that nothing else is at offset 0.
  static let guardCount = Conformance.isSubset ? 1 << 17 : 1 << 20

  /// - Parameter limits: how large buffers of parameters may be.
  init(_ table: Table, limits: BufferLimits = BufferLimits(), fuses: Bool = true) {
    let graph = Graph(isTraining: true)
    // Something lies in front of all operands, so that each is at an offset.
    let first = Parameter("first", shape: [37])
    let guardian = Parameter("guardian", shape: [256, Self.guardCount / 256])
    var listed: [(path: String, parameter: Parameter)] = [("first", first), ("guardian", guardian)]
    var outputs = ["guardian": graph[guardian].transposed()]
    var parameters: [[Parameter?]] = []
    var loss = graph.constant(0)
    for (index, row) in table.cases.enumerated() {
      let (operands, own) = row.recordOperands(index, in: graph)
      listed += own.compactMap { parameter in parameter.map { ($0.name, $0) } }
      parameters.append(own)
      for (number, result) in graph.scoped({ _, _ in row.name }, { row.build(graph, operands) }).enumerated() {
        outputs["y\(index).\(number)"] = result
        loss = loss + (result * graph.input("c\(index).\(number)", shape: result.shape)).sum()
      }
    }
    let wanted = listed.dropFirst(2).map(\.parameter)
    let gradients = graph.gradients(of: loss, withRespectTo: wanted.map { graph[$0] })
    let layout = ParameterLayout(listed, groupCount: 1, limits: limits) { path, _ in path == "guardian" ? nil : 0 }
    var request = StepRequest(graph: graph, layout: layout)
    request.outputs = outputs
    request.gradients = zip(wanted, gradients).compactMap { parameter, gradient in gradient.map { (parameter.id, $0) } }
    request.fuses = fuses
    self.request = request
    self.parameters = parameters
  }
}

/// Runs tables on devices and compares.
package struct Conformance {
  package let table: Table
  let expectations: [Expectation]
  private let slopes: [[[(direction: [Double], slope: Double)]]]

  /// - Parameters:
  ///   - elements: of how many elements of an operand the gradient is checked one by one.
  ///   - seed: of the operands' numbers.
  package init(_ table: Table, elements: Int = 8, seed: UInt64 = 0) {
    self.table = table
    expectations = table.cases.map { Expectation($0, seed: seed) }
    slopes = zip(table.cases, expectations).map { row, expectation in
      row.operands.indices.map { operand in
        guard row.operands[operand].isDifferentiated else { return [] }
        let limit = row.operands[operand].shape.count > 20_000 ? 3 : elements
        return expectation.directions(of: operand, elements: limit).map { ($0, expectation.slope(of: operand, along: $0)) }
      }
    }
  }

  private init(table: Table, expectations: [Expectation], slopes: [[[(direction: [Double], slope: Double)]]]) {
    self.table = table
    self.expectations = expectations
    self.slopes = slopes
  }

  /// Every `count`-th row.
  func every(_ count: Int) -> Conformance { taking(Array(stride(from: 0, to: table.cases.count, by: count))) }

  /// Every `count`-th of the rows that an interpreter gets through, and the last of them.
  func subset(every count: Int) -> Conformance {
    let small = table.cases.indices.filter { table.cases[$0].operands.allSatisfy { $0.shape.count <= 10_000 } }
    return taking(small.indices.filter { $0 % count == 0 || $0 == small.count - 1 }.map { small[$0] })
  }

  func taking(_ chosen: [Int]) -> Conformance {
    Conformance(
      table: Table(name: table.name, cases: chosen.map { table.cases[$0] }), expectations: chosen.map { expectations[$0] },
      slopes: chosen.map { slopes[$0] })
  }

  /// - Returns: the rows with which something is wrong.
  /// - Throws: `DeviceError`, where the device fails altogether.
  package func failures(on device: TestDevice, fuses: Bool = true) throws -> [Finding] {
    let traced = TracedTable(table, limits: device.device.profile.limits, fuses: fuses)
    let runner = try StepRunner(traced.request, on: device.device)
    var general: [Problem] = []
    for (index, launch) in runner.plan.launches.enumerated() {
      for slice in launch.writes where slice.buffer == .activations && slice.offset == 0 && slice.count != TracedTable.guardCount {
        general.append(Problem("launch \(index) (\(launch.note.operation)) works at offset 0"))
      }
    }
    var inputs: [String: HostValues] = [:]
    for (index, (row, expectation)) in zip(table.cases, expectations).enumerated() {
      for (number, operand) in row.operands.enumerated() {
        let values = expectation.operands[number]
        if let parameter = traced.parameters[index][number] {
          try runner.write(values, to: parameter.id)
        } else if case .integers = operand.content {
          inputs["x\(index).\(number)"] = .integers(values.map { Int32($0) })
        } else {
          inputs["x\(index).\(number)"] = .floats(values)
        }
      }
      for (number, cotangent) in expectation.cotangents.enumerated() { inputs["c\(index).\(number)"] = .floats(cotangent) }
    }
    try runner.run(inputs)
    let first = try readings(runner, traced)
    general += try runner.damage().map { Problem($0) }
    // What was left in the arenas by one step must not matter to the next.
    try runner.run(inputs)
    let second = try readings(runner, traced)
    for (key, values) in first where second[key]?.map(\.bitPattern) != values.map(\.bitPattern) {
      general.append(Problem("\(key) differs between two runs of the same step"))
    }
    let rows = [(table.name, general)] + table.cases.enumerated().map { ($1.name, compare($0, first)) }
    return rows.filter { !$1.isEmpty }.map { row, problems in
      Finding(
        device: device.name + (fuses ? "" : ", unfused"), row: row, problem: problems.map(\.text).joined(separator: "; "),
        excess: problems.compactMap(\.excess).max())
    }
  }

  private func readings(_ runner: StepRunner, _ traced: TracedTable) throws -> [String: [Float]] {
    var result: [String: [Float]] = [:]
    for index in table.cases.indices {
      for number in expectations[index].results.indices { result["y\(index).\(number)"] = try runner.output("y\(index).\(number)") }
      for (number, parameter) in traced.parameters[index].enumerated() {
        if let parameter { result["g\(index).\(number)"] = try runner.gradient(of: parameter.id) }
      }
    }
    return result
  }

  private func compare(_ index: Int, _ readings: [String: [Float]]) -> [Problem] {
    var problems: [Problem] = []
    let row = table.cases[index]
    for (number, want) in expectations[index].results.enumerated() {
      let got = readings["y\(index).\(number)"] ?? []
      guard got.count == want.values.count else {
        problems.append(Problem("result \(number) has \(got.count) elements instead of \(want.values.count)"))
        continue
      }
      let magnitudes = want.values.map(abs).filter { $0 <= Double(Float.greatestFiniteMagnitude) }
      let floor = magnitudes.reduce(0, +) / Double(max(magnitudes.count, 1))
      let wrong = want.values.indices.filter { !Self.agrees(got[$0], want.values[$0], row.tolerance, floor) }
      if let place = wrong.first {
        let deviations = wrong.map { abs(Double(got[$0]) - want.values[$0]) / (abs(want.values[$0]) + floor) }
        problems.append(
          Problem(
            "result \(number) differs at \(wrong.count) of \(got.count) places, first \(Numbers.places(place, want.shape)): "
              + "\(got[place]) instead of \(want.values[place])",
            deviation: deviations.contains { !$0.isFinite } ? .infinity : deviations.max() ?? 0, allowed: row.tolerance))
      }
    }
    for operand in row.operands.indices where row.operands[operand].isDifferentiated {
      let got = readings["g\(index).\(operand)"] ?? []
      let infinite = got.indices.filter { !got[$0].isFinite }
      if let place = infinite.first {
        let places = Numbers.places(place, row.operands[operand].shape)
        problems.append(
          Problem("gradient of operand \(operand) has \(infinite.count) of \(got.count) that are not finite, first \(places)"))
        continue
      }
      let mean = got.reduce(0) { $0 + abs(Double($1)) } / Double(max(got.count, 1))
      for (direction, slope) in slopes[index][operand] {
        var (sum, weight) = (0.0, 0.0)
        for place in direction.indices where direction[place] != 0 {
          sum += direction[place] * Double(got[place])
          weight += abs(Double(got[place]))
        }
        // Sums of many roundings: their scale is the mean gradient's, not that of what is left of them.
        let floor = max(mean, weight / 4)
        guard !(abs(sum - slope) <= row.gradientTolerance * (abs(slope) + floor) + 1e-7) else { continue }
        let taking = direction.count { $0 != 0 }
        let place = taking == 1 ? "\(Numbers.places(direction.firstIndex { $0 != 0 } ?? 0, row.operands[operand].shape))" : "all places"
        problems.append(
          Problem(
            "gradient of operand \(operand) along \(place) is \(sum) instead of \(slope)",
            deviation: abs(sum - slope) / (abs(slope) + floor), allowed: row.gradientTolerance))
        break
      }
    }
    return problems
  }

  static func agrees(_ got: Float, _ want: Double, _ tolerance: Double, _ floor: Double) -> Bool {
    if want.isNaN { return got.isNaN }
    if Float(want).isInfinite { return got == Float(want) }
    return abs(Double(got) - want) <= tolerance * (abs(want) + floor)
  }
}
