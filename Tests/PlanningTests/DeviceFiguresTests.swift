import Testing

@testable import GlissadePlanning

struct DeviceFiguresTests {
  @Test func bandwidthIsThatOfTheNearestSizes() {
    let bandwidth = DeviceFigures.Bandwidth([.init(bytes: 1 << 24, bytesPerSecond: 1e9), .init(bytes: 1 << 20, bytesPerSecond: 4e9)])
    #expect(bandwidth.points.map(\.bytes) == [1 << 20, 1 << 24])
    #expect(bandwidth.rate(at: 0) == 4e9 && bandwidth.rate(at: 1 << 20) == 4e9)
    #expect(bandwidth.rate(at: 1 << 24) == 1e9 && bandwidth.rate(at: 1 << 30) == 1e9)
    // Half-way between, by powers of two: the mean of the times for a byte.
    #expect(abs(bandwidth.rate(at: 1 << 22) - 1.6e9) < 1)
    #expect(DeviceFigures.Bandwidth(3).rate(at: 12345) == 3)
  }

  @Test func writingIsWhatACopyTakesBeyondReading() {
    let figures = DeviceFigures(
      style: .cpu, operationsPerSecond: 1, copying: .init(2e9), reading: .init(4e9), inPlace: .init(3e9), launchSeconds: 0, hostSeconds: 0,
      units: 1)
    let (read, written) = (figures.secondsPerByteRead(at: 1), figures.secondsPerByteWritten(at: 1))
    #expect(abs(read + written - 2 / 2e9) < 1e-15 && abs(figures.secondsPerByteUpdated(at: 1) - 2 / 3e9) < 1e-15)
    #expect(figures.overlap(at: 1) == 0)
  }

  /// A copy is as long as its reading and writing apart, or hides one of them, or part of it.
  @Test(arguments: [(1e9, 0.0), (2e9, 1.0), (4.0 / 3 * 1e9, 0.5), (0.5e9, -1.0)])
  func overlapIsWhatACopyHides(_ copying: Double, _ overlap: Double) {
    let figures = DeviceFigures(
      style: .cpu, operationsPerSecond: 1, copying: .init(copying), reading: .init(1e9), writing: .init(1e9), streaming: 1e9,
      streamedCopying: copying, launchSeconds: 0, hostSeconds: 0, units: 1)
    #expect(abs(figures.overlap(at: 1) - overlap) < 1e-9 && abs(figures.overlap(at: 1, isStreamed: true) - overlap) < 1e-9)
  }

  @Test func distancesAreTheBytesBetweenTwoUses() {
    var distances = ReuseDistances()
    func slice(_ offset: Int, _ count: Int) -> Slice { Slice(.activations, offset: offset, count: count) }
    func sorted(_ found: [(elements: Int, distance: Int?)]) -> [[Int?]] {
      found.map { [$0.elements, $0.distance] }.sorted { ($0[1] ?? .max, $0[0] ?? 0) < ($1[1] ?? .max, $1[0] ?? 0) }
    }
    #expect(sorted(distances.use(slice(0, 100))) == [[100, nil]])
    distances.advance(by: 400)
    #expect(sorted(distances.use(slice(50, 100))) == [[50, 400], [50, nil]])
    distances.advance(by: 300)
    // What of the first use the second has left, what the second used, and what nobody did.
    #expect(sorted(distances.use(slice(0, 200))) == [[100, 300], [50, 700], [50, nil]])
    #expect(sorted(distances.use(Slice(.inputs, offset: 0, count: 10))) == [[10, nil]])
  }
}
