import Foundation
import GlissadePlanning
import GlissadeTensors
import TestSupport
import Testing

@testable import GlissadeDevices

/// The cache of built programs: an entry counts only when all of it is as expected, and nothing that is wrong with it is ever fatal.
struct ProgramCacheTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("glissade-cache-\(UUID().uuidString)").path
  private let binary: [UInt8] = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

  private func cache(driver: String = "1.0", in folder: String? = nil) -> ProgramCache {
    ProgramCache(folder: folder ?? self.folder, identity: "platform\ndevice\n\(driver)")
  }

  private func entry() throws -> String {
    folder + "/" + (try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first))
  }

  @Test func givesBackWhatWasStored() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(cache().binary(source: "a", options: "o") == nil)
    cache().store(binary, source: "a", options: "o")
    #expect(cache().binary(source: "a", options: "o") == binary)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
    // Another source, other options and another driver are other programs.
    #expect(cache().binary(source: "b", options: "o") == nil)
    #expect(cache().binary(source: "a", options: "p") == nil)
    #expect(cache(driver: "1.1").binary(source: "a", options: "o") == nil)
  }

  @Test func damagedEntriesAreAsGoodAsAbsent() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    cache().store(binary, source: "a", options: "o")
    let path = try entry()
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for length in [0, 1, 8, 31, 32, 40, whole.count - 1] {
      try whole.prefix(length).write(to: URL(fileURLWithPath: path))
      #expect(cache().binary(source: "a", options: "o") == nil, "\(length) bytes")
    }
    for place in stride(from: 0, to: whole.count, by: 13) {
      var damaged = whole
      damaged[place] ^= 0x10
      try damaged.write(to: URL(fileURLWithPath: path))
      #expect(cache().binary(source: "a", options: "o") == nil, "byte \(place)")
    }
    // Storing again mends it.
    cache().store(binary, source: "a", options: "o")
    #expect(cache().binary(source: "a", options: "o") == binary)
  }

  @Test func aFolderThatCannotBeMadeIsNoCache() {
    let cache = cache(in: "/dev/null/glissade")
    cache.store(binary, source: "a", options: "o")
    #expect(cache.binary(source: "a", options: "o") == nil)
  }

  /// An entry that is whole but no program (of a driver that has changed without saying so) is built anew.
  @Test(.enabled(if: !TestDevices.openCL.isEmpty)) func aStaleEntryIsRebuilt() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let candidate = try #require(OpenCLDiscovery().candidates.first)
    let cache = ProgramCache(device: candidate.information, platformVersion: candidate.properties.platformVersion, folder: folder)
    let device = try OpenCLDevice(candidate, style: .cpu, cache: cache)
    for source in OpenCLPrograms.librarySources(of: ["fill"]) {
      cache.store(binary, source: source, options: device.programs.options(for: nil))
    }
    let graph = Graph(isTraining: false)
    let x = graph.input("x", shape: [4])
    var request = StepRequest(graph: graph, layout: ParameterLayout([], groupCount: 0) { _, _ in nil })
    // A constant that is read as it is has to be filled.
    request.outputs = ["y": graph.constant(3, shape: [4]).transposed([0]), "x": x]
    let plan = try Planner(profile: device.profile).plan(request)
    #expect(plan.launches.contains { $0.kernelName == "fill" })
    let memory = try PlanMemory(for: plan, on: device, sharing: [:])
    let prepared = try device.prepare(plan, buffers: memory.buffers)
    let values: [Float] = [1, 2, 3, 4]
    try values.withUnsafeBytes { try prepared.run(constants: UnsafeRawBufferPointer(start: nil, count: 0), inputs: [$0]) }
    let output = try #require(plan.outputs["y"])
    let buffer = try #require(memory.buffers[output.slice.buffer])
    #expect(try device.read(buffer, at: output.slice.offset, count: 4, filler: Float(0)) == [3, 3, 3, 3])
  }
}
