import Foundation
import GlissadePlanning
import TestSupport
import Testing

@testable import GlissadeDevices

/// What tuning remembers: it counts only for the device and driver that it was made on, and a damaged file is never fatal.
struct TuningStoreTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("glissade-tuning-\(UUID().uuidString)").path

  private func store(driver: String = "1.0") -> TuningStore {
    TuningStore(TuningIdentity(platform: "platform", device: "device", driver: driver), folder: folder)
  }

  private let entries = [
    TuningStore.Entry(
      problem: ProductProblem(.matmul, rows: 128, columns: 512, inner: 784, isTransposedB: true),
      variant: .local(
        LocalTile(32, 64, inner: 8, item: (4, 8), vector: 2, loadVector: 1, padding: 2, stages: 1, unroll: 2, groups: 77)),
      seconds: 1.25e-4),
    TuningStore.Entry(problem: ProductProblem(.weightGradient, rows: 64, columns: 576, inner: 65536), variant: .registers, seconds: 0.5),
  ]

  @Test func givesBackWhatWasStored() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(store().load() == .absent)
    try store().save(Array(entries.prefix(1)))
    try store().save(entries)
    #expect(store().load() == .entries(entries))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
    #expect(store(driver: "1.1").load() == .absent)
    store().remove()
    #expect(store().load() == .absent)
  }

  @Test func damagedFilesAreNone() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try store().save(entries)
    let path = try #require(store().path)
    let whole = try String(contentsOfFile: path, encoding: .utf8)
    let damaged = [
      "", "nonsense", String(whole.prefix(whole.count / 2)), whole.replacingOccurrences(of: "\"format\": 1", with: "\"format\": 2"),
      whole.replacingOccurrences(of: "\"1.0\"", with: "\"0.9\""),
      whole.replacingOccurrences(of: "\"item_rows\": 4", with: "\"item_rows\": 5"),
      whole.replacingOccurrences(of: "\"rows\": 128", with: "\"rows\": -128"),
      whole.replacingOccurrences(of: "\"registers\"", with: "\"magic\""),
      whole.replacingOccurrences(of: "\"problems\"", with: "\"trouble\""),
    ]
    for text in damaged {
      #expect(text != whole)
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      guard case .damaged(let reason) = store().load() else {
        Issue.record("taken for whole: \(text)")
        continue
      }
      #expect(reason.contains(path) && !reason.contains("\n"))
    }
    // A device opens as if there were none, and says so.
    let candidate = OpenCLDiscovery().candidates.first
    if let candidate {
      let tuning = DeviceTuning(candidate.information, style: .gpu, within: candidate.groupLimits, store: store())
      #expect(tuning.source == .defaults && tuning.warning?.contains("is ignored") == true)
      #expect(tuning.products == candidate.defaultProducts)
    }
  }

  @Test func whatWasMeasuredIsUsed() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try store().save(entries)
    let candidate = try #require(OpenCLDiscovery().candidates.first)
    let tuning = DeviceTuning(candidate.information, style: .gpu, within: candidate.groupLimits, store: store())
    #expect(tuning.source == .measured(2) && tuning.warning == nil)
    // The most similar problem decides; kinds without measurements keep the class's kernels.
    let near = ProductProblem(.matmul, rows: 130, columns: 500, inner: 800, isTransposedB: true)
    #expect(tuning.products.variant(for: near) == entries[0].variant)
    #expect(tuning.products.variant(for: entries[1].problem) == entries[1].variant)
    let far = ProductProblem(entries[1].problem.kind, rows: 1, columns: 1, inner: 1)
    #expect(tuning.products.variant(for: far) == candidate.defaultProducts.variant(for: far))
    let convolution = ProductProblem(.convolution, rows: 4096, columns: 64, inner: 576)
    #expect(tuning.products.variant(for: convolution) == candidate.defaultProducts.variant(for: convolution))
    // What the device cannot run is not used.
    let small = GroupLimits(items: 16, localBytes: 1024, hasSubgroups: false)
    #expect(DeviceTuning(candidate.information, style: .gpu, within: small, store: store()).products.variant(for: near) == .registers)
  }

  @Test func everyClassHasKernelsThatCanBeBuilt() throws {
    let limits = GroupLimits(items: 1024, localBytes: 65536, hasSubgroups: false)
    for deviceClass in DeviceClass.allCases where deviceClass != .mali {
      let choice = try #require(DefaultTuning.products(of: deviceClass, computeUnits: 100, within: limits).choice)
      for tile in choice.tiles {
        #expect(tile.objection == nil, "\(deviceClass): \(tile)")
        #expect(tile.registers <= 128 && tile.groupSize % 64 == 0, "\(deviceClass): \(tile)")
      }
      // Where groups are small there is a tile for them; where there are none, register tiles are left.
      let small = GroupLimits(items: 64, localBytes: 16384, hasSubgroups: false)
      #expect(DefaultTuning.products(of: deviceClass, computeUnits: 100, within: small).choice?.tiles.isEmpty == false, "\(deviceClass)")
      #expect(
        DefaultTuning.products(of: deviceClass, computeUnits: 100, within: GroupLimits(items: 1, localBytes: 16384, hasSubgroups: false))
          == ProductTuning())
    }
    #expect(DefaultTuning.products(of: .mali, computeUnits: 10, within: limits) == ProductTuning())
    // 16 KiB and 256 items must do for a device that nothing is known of.
    let least = GroupLimits(items: 256, localBytes: 16384, hasSubgroups: false)
    #expect(DefaultTuning.products(of: .unknown, computeUnits: 10, within: least).choice?.tiles.count == 2)
  }
}
