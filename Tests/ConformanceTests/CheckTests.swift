import GlissadePlanning
import StepSupport
import Testing

@testable import ConformanceCases

/// What is checked beside the tables, on every device.
struct CheckTests {
  static let checks = Check.all.indices

  @Test(arguments: checks) func holdsOnEveryDevice(index: Int) throws {
    let check = Check.all[index]
    for device in TestDevices.all {
      let failures = try check.failures(on: device)
      #expect(failures.isEmpty, "\(failures.map(\.description).joined(separator: "\n"))")
    }
  }

  @Test func namesAreDifferent() { #expect(Set(Check.all.map(\.name)).count == Check.all.count) }

  @Test func tilesAreNobodysDefaultAndPossible() {
    for tile in Check.tiles + [Check.subgroups] { #expect(tile.objection == nil, "\(tile)") }
  }
}
