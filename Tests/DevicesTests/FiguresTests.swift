import Foundation
import Glissade
import TestSupport
import Testing

@testable import GlissadeDevices

/// What a device can do, measured and remembered.
struct FiguresTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var figures: DeviceFigures {
    DeviceFigures(
      style: .cpu, operationsPerSecond: 1e11, clock: 3e9,
      copying: .init([.init(bytes: 1 << 15, bytesPerSecond: 1e11), .init(bytes: 1 << 25, bytesPerSecond: 5e10)]),
      reading: .init(9e10), writing: .init(8e10), inPlace: .init(7e10), streaming: 3e10, streamedCopying: 6e10, launchSeconds: 1e-6,
      smallLaunchSeconds: 1e-8, hostSeconds: 0, units: 2,
      timesIncludeLaunch: true)
  }

  @Test func measuredFiguresArePossible() throws {
    let figures = try DeviceFigures.measured(on: try CPUDevice(threads: 1))
    #expect(figures.style == .cpu && figures.units == 1 && figures.unit == nil && figures.timesIncludeLaunch)
    // Clocks of processors.
    let clock = try #require(figures.clock)
    #expect(clock > 2e8 && clock < 1e10)
    let writing = try #require(figures.writing)
    #expect(figures.streaming != nil && figures.streamedCopying != nil)
    for rate in [figures.copying, figures.reading, writing, figures.inPlace].flatMap(\.points).map(\.bytesPerSecond) {
      #expect(rate > 1e7 && rate < 1e13)
    }
    #expect(figures.copying.points.count > 3 && figures.operationsPerSecond > 1e8 && figures.operationsPerSecond < 1e13)
    #expect(figures.launchSeconds > 0 && figures.launchSeconds < 1e-3 && figures.hostSeconds == 0 && figures.uploadRate == nil)
  }

  @Test func theyAreRememberedForADay() throws {
    let device = try CPUDevice(threads: 1)
    let store = FiguresStore(device, folder: folder.path + "/cache")
    #expect(store.load() == nil)
    store.save(figures)
    #expect(store.load() == figures)
    let path = try #require(store.path)
    // Another driver's, or another number of threads, is another file.
    let other = FiguresStore(try CPUDevice(threads: 2), folder: folder.path + "/cache")
    #expect(other.load() == nil)
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -2 * 86400)], ofItemAtPath: path)
    #expect(store.load() == nil)
  }

  @Test(arguments: ["", "{}", "[1]", "{\"format\": 2}", "not JSON"]) func damagedFilesAreMeasuredAnew(_ text: String) throws {
    let store = FiguresStore(try CPUDevice(threads: 1), folder: folder.path + "/cache")
    store.save(figures)
    try AtomicFile.write(path: try #require(store.path), text: text)
    #expect(store.load() == nil)
  }

  @Test func impossibleFiguresAreRefused() throws {
    let good = figures.json
    #expect(DeviceFigures(good, style: .cpu) == figures)
    for (key, value) in [
      ("operations_per_second", JSONValue.number(0)), ("copying", .array([])), ("reading", .string("fast")), ("launch_seconds", .null),
      ("launch_seconds", .number(-1)), ("units", .integer(0)),
    ] {
      let members = (good.members ?? []).map { $0.key == key ? JSONMember(key, value) : $0 }
      #expect(DeviceFigures(.object(members), style: .cpu) == nil, "\(key)")
    }
  }
}
