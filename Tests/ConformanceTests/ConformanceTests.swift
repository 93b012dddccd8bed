import StepSupport
import Testing

@testable import ConformanceCases

/// Each operation and its gradient, on every device, against the float64 reference.
struct ConformanceTests {
  static let tables = Table.all.indices

  @Test func nothingIsLeftOut() { #expect(TestDevices.objection == nil) }

  @Test(arguments: tables) func agreesWithTheReference(index: Int) throws {
    let conformance = Conformance(Table.all[index])
    for device in Conformance.isSubset ? TestDevices.openCL : TestDevices.all {
      try expectAgreement(conformance.rows(for: device), on: device)
    }
    // Without fusion every operation is a launch of its own.
    guard !Conformance.isSubset, let native = TestDevices.native.first else { return }
    try expectAgreement(conformance, on: native, fuses: false)
  }

  /// Gradients of gradients, of every operation that has one.
  @Test(arguments: tables) func gradientsOfGradientsAgreeWithTheReference(index: Int) throws {
    guard !Conformance.isSubset else { return }
    let second = SecondDerivatives(Table.all[index])
    // Beside kinks there is nothing to compare with, and that has to be the exception.
    #expect(second.directions.leftOut <= second.directions.checked / 4, "\(second.table.name): \(second.directions)")
    for device in TestDevices.all { try expectAgreement(second.rows(for: device), on: device) }
    if let native = TestDevices.native.first { try expectAgreement(second, on: native, fuses: false) }
  }

  private func expectAgreement(_ second: SecondDerivatives, on device: TestDevice, fuses: Bool = true) throws {
    let failures = try second.failures(on: device, fuses: fuses)
    #expect(failures.isEmpty, "\(second.table), differentiated twice:\n\(failures.map(\.description).joined(separator: "\n"))")
  }

  private func expectAgreement(_ conformance: Conformance, on device: TestDevice, fuses: Bool = true) throws {
    let failures = try conformance.failures(on: device, fuses: fuses)
    #expect(failures.isEmpty, "\(conformance.table):\n\(failures.map(\.description).joined(separator: "\n"))")
  }
}
