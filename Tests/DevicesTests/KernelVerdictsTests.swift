import Foundation
import TestSupport
import Testing

@testable import GlissadeDevices

/// What is remembered of kernels that computed the right result.
struct KernelVerdictsTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("glissade-verdicts-\(UUID().uuidString)").path

  private func verdicts(_ identity: String = "device") -> KernelVerdicts { KernelVerdicts(identity: identity, folder: folder) }

  private func path() throws -> String { folder + "/" + (try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)) }

  private let keys = Set(["a", "b", "c"].map { KernelVerdicts.hash($0) })

  @Test func areKeptForTheSameDeviceAndDriver() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let first = verdicts()
    #expect(first.unknown(of: keys) == keys)
    first.add([KernelVerdicts.hash("a")])
    #expect(first.unknown(of: keys).count == 2 && verdicts().unknown(of: keys).count == 2)
    // Two processes at once lose nothing of each other's.
    let (one, other) = (verdicts(), verdicts())
    #expect(one.unknown(of: keys).count == 2 && other.unknown(of: keys).count == 2)
    one.add([KernelVerdicts.hash("b")])
    other.add([KernelVerdicts.hash("c")])
    #expect(verdicts().unknown(of: keys).isEmpty)
    #expect(verdicts("another driver").unknown(of: keys) == keys)
  }

  @Test func aDamagedFileCountsAsAbsent() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    verdicts().add(keys)
    let path = try path()
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    var damaged = whole
    damaged[3] ^= 1
    for content in [Data(), Data([0, 255, 10, 13]), whole.prefix(30), damaged] {
      try content.write(to: URL(fileURLWithPath: path))
      #expect(verdicts().unknown(of: keys) == keys)
    }
    try whole.prefix(whole.count - 4).write(to: URL(fileURLWithPath: path))
    #expect(verdicts().unknown(of: keys).count == 1)
    verdicts().add(keys)
    #expect(verdicts().unknown(of: keys).isEmpty)
  }

  @Test func withoutAFolderTheyLastAsLongAsTheProcess() {
    let verdicts = KernelVerdicts(identity: "device", folder: nil)
    verdicts.add(keys)
    #expect(verdicts.unknown(of: keys).isEmpty)
  }

  @Test func keysDiffer() {
    let texts = (0..<2000).map { "kernel \($0)" } + ["", " ", "kernel"]
    #expect(Set(texts.map { KernelVerdicts.hash($0) }).count == texts.count)
    #expect(texts.allSatisfy { KernelVerdicts.hash($0).utf8.count == 32 })
  }
}
