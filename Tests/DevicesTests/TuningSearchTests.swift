import Foundation
import GlissadePlanning
import Synchronization
import TestSupport
import Testing

@testable import GlissadeDevices

/// The search for the best kernels: what computes wrong results is never kept, and what was found is never lost.
@Suite(.enabled(if: !TestDevices.openCL.isEmpty)) struct TuningSearchTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("glissade-search-\(UUID().uuidString)").path
  /// A budget that is spent as soon as anything was done, on any machine.
  private let noTime = 1e-12
  private let problem = TuningProblem.matmul(40, 36, 33, transposesB: true)

  private func candidate() throws -> OpenCLCandidate { try #require(OpenCLDiscovery().candidates.first) }

  private func search(on device: any Device, _ defaults: ProductTuning) -> TuningSearch {
    TuningSearch(
      device, limits: GroupLimits(items: 64, localBytes: 8192, hasSubgroups: false), defaults: defaults,
      store: TuningStore(TuningIdentity(platform: "p", device: "d", driver: "1"), folder: folder))
  }

  /// A device whose results are off in one place whenever they come from a kernel with local memory.
  private final class WrongDevice: Device, @unchecked Sendable {
    let honest: OpenCLDevice
    let isWrong = Atomic(false)
    var information: DeviceInformation { honest.information }
    var profile: DeviceProfile { honest.profile }

    init(_ honest: OpenCLDevice) { self.honest = honest }

    func makeBuffer(count: Int) throws(DeviceError) -> any DeviceBuffer { try honest.makeBuffer(count: count) }
    func write(_ bytes: UnsafeRawBufferPointer, to buffer: any DeviceBuffer, at offset: Int) throws(DeviceError) {
      try honest.write(bytes, to: buffer, at: offset)
    }
    func read(_ buffer: any DeviceBuffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(DeviceError) {
      try honest.read(buffer, at: offset, into: bytes)
      if isWrong.load(ordering: .relaxed) { bytes.bindMemory(to: Float.self)[bytes.count / 8] += 0.5 }
    }
    func prepare(_ plan: Plan, buffers: [BufferReference: any DeviceBuffer]) throws(DeviceError) -> any PreparedPlan {
      isWrong.store(plan.launches.contains { $0.kernelName == "matmul_local" }, ordering: .relaxed)
      return try honest.prepare(plan, buffers: buffers)
    }
    func synchronize() throws(DeviceError) { try honest.synchronize() }
  }

  @Test func wrongResultsAreNeverKept() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let device = WrongDevice(try OpenCLDevice(try candidate(), style: .gpu, products: ProductTuning()))
    let tile = ProductVariant.local(LocalTile(32, 32, inner: 8, item: (4, 4)))
    let search = search(on: device, ProductTuning(always: tile))
    var refused: [ProductVariant] = []
    var measured: [ProductVariant] = []
    var reasons: [String] = []
    var kept: [ProductVariant] = []
    let rest = try search.run([problem], seconds: noTime) { event in
      switch event {
      case .refused(let variant, let reason):
        refused.append(variant)
        reasons.append(reason.description)
      case .measured(let variant, _): measured.append(variant)
      case .finished(_, let entry, _, _): kept.append(entry.variant)
      case .began, .failed: break
      }
    }
    #expect(rest == 0 && kept == [.registers])
    #expect(refused == [tile] && measured == [.registers] && reasons.allSatisfy { $0.contains("a wrong result") })
  }

  @Test func aSearchGoesOnWhereItStopped() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let device = try OpenCLDevice(try candidate(), style: .gpu, products: ProductTuning())
    let tile = ProductVariant.local(LocalTile(32, 32, inner: 8, item: (4, 4)))
    let search = search(on: device, ProductTuning(always: tile))
    let problems = [problem, .matmul(33, 36, 40)]
    #expect(search.remaining(of: problems) == problems)
    var began: [TuningProblem] = []
    var variants: [ProductVariant] = []
    func note(_ event: TuningSearch.Event) {
      if case .began(let problem) = event { began.append(problem) }
      if case .measured(let variant, let seconds) = event, seconds > 0 { variants.append(variant) }
    }
    // No time: the first is finished all the same, with the two kernels that are always tried.
    #expect(try search.run(problems, seconds: noTime, report: note) == 1)
    #expect(began == [problem] && search.remaining(of: problems) == [problems[1]])
    #expect(try search.run(problems, seconds: noTime, report: note) == 0)
    #expect(began == problems && search.remaining(of: problems).isEmpty)
    #expect(variants == [tile, .registers, tile, .registers])
  }

  @Test func neighboursCanBeBuiltAndDifferInOneStep() {
    let limits = GroupLimits(items: 256, localBytes: 32768, hasSubgroups: false)
    let candidates = TuningCandidates(limits: limits)
    let neighbours = candidates.neighbours(of: LocalTile())
    #expect(neighbours.count >= 10 && Set(neighbours).count == neighbours.count)
    #expect(neighbours.allSatisfy { limits.allow($0) && $0 != .local(LocalTile()) })
  }

  /// The sizes that the search is told of a problem are those that the planner will ask for.
  @Test func problemsAreWhatThePlannerSees() throws {
    let odd = LocalTile(16, 16, inner: 4, item: (2, 2), groups: 1)
    for problem in TuningProblem.training {
      var profile = DeviceProfile(style: .gpu, tile: RegisterTile(rows: 4, columns: 16), shares: 2048, workers: 256)
      // Another entry a little off: the exact one is found only by exactly its sizes.
      var other = problem.problem
      other.inner += 1
      profile.products = ProductTuning([.init(other, .registers), .init(problem.problem, .local(odd))])
      let (parameters, layout) = problem.makeParameters()
      let plan = try problem.plan(for: profile, parameters, layout)
      #expect(plan.launches.first?.groupSize == odd.groupSize, "\(problem)")
    }
  }
}
