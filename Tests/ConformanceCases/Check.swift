import StepSupport

/// Something beyond the tables' rows that has to hold on every device: what takes large operands, whole steps, other tiles.
package struct Check: Sendable, CustomStringConvertible {
  package let name: String
  let problems: @Sendable (TestDevice) throws -> [Problem]

  init(_ name: String, _ problems: @escaping @Sendable (TestDevice) throws -> [Problem]) {
    self.name = name
    self.problems = problems
  }

  package var description: String { name }

  /// All of them.
  package static var all: [Check] {
    largeProducts + largeConvolutions + largeChains + largeTransposes + largeRows + wholeSteps + dropout + localTiles + randomGraphs
  }

  /// What is wrong: one finding, or none.
  /// - Throws: `DeviceError`, where the device fails altogether.
  package func failures(on device: TestDevice) throws -> [Finding] {
    let problems = try problems(device)
    guard !problems.isEmpty else { return [] }
    return [
      Finding(
        device: device.name, row: name, problem: problems.prefix(5).map(\.text).joined(separator: "; "),
        excess: problems.compactMap(\.excess).max())
    ]
  }
}
