import Foundation
import GlissadeTensors
import TestSupport
import Testing

/// Each operation and its gradient, on every device, against the float64 reference. A new operation is a new row in a table.
struct ConformanceTests {
  static var tables: [Table] {
    [
      .unary, .binary, .broadcasting, .longChains, .mixedChains, .softmax, .layout, .pooling, .adaptivePooling, .batchNorm, .matmul,
      .matmulEpilogues,
      .convolution,
      .groupedConvolution, .convolutionGradients, .convolutionEpilogues,
    ] + Reduction.allCases.map(Table.reductions)
  }

  /// A few rows, on OpenCL only: for running under an interpreter that checks every access.
  static let isSubset = ProcessInfo.processInfo.environment["GLISSADE_CONFORMANCE_SUBSET"] == "1"

  @Test func nothingIsLeftOut() { #expect(TestDevices.objection == nil) }

  @Test(arguments: Array(tables.indices)) func agreesWithTheReference(index: Int) throws {
    let table = Self.tables[index]
    let conformance = Conformance(table)
    if Self.isSubset {
      for device in TestDevices.openCL {
        let failures = try conformance.subset(every: device.isSlowToPrepare ? 36 : 9).failures(on: device)
        #expect(failures.isEmpty, "\(table.name):\n\(failures.joined(separator: "\n"))")
      }
      return
    }
    for device in TestDevices.all {
      let rows = device.isSlowToPrepare && table.cases.count > 12 ? conformance.every(3) : conformance
      let failures = try rows.failures(on: device)
      #expect(failures.isEmpty, "\(table.name):\n\(failures.joined(separator: "\n"))")
    }
    // Without fusion every operation is a launch of its own.
    let failures = try TestDevices.native.first.map { try conformance.failures(on: $0, fuses: false) } ?? []
    #expect(failures.isEmpty, "\(table.name):\n\(failures.joined(separator: "\n"))")
  }
}
