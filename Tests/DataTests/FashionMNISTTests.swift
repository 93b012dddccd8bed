import Glibc
import GlissadeData
import Testing

@Suite(.enabled(if: access(FashionMNIST.systemPath, R_OK) == 0, "the package dataset-fashion-mnist is not installed"))
struct FashionMNISTTests {
  @Test func wholeTrainingSet() throws {
    let data = try FashionMNIST.load(.training)
    #expect(data.count == 60_000 && data.sampleShape == [28, 28, 1] && data.classCount == 10)
    for label in 0..<10 as Range<Int32> { #expect(data.labels.count { $0 == label } == 6000) }
    let measured = try data.measuredNormalization()
    #expect(abs(measured.mean[0] - FashionMNIST.normalization.mean[0]) < 5e-5)
    #expect(abs(measured.deviation[0] - FashionMNIST.normalization.deviation[0]) < 5e-5)
    #expect(data.labels.prefix(5) == [9, 0, 0, 3, 0])
    #expect(data.pixels.reduce(0) { $0 + Int($1) } == 3_431_114_169)
  }

  @Test func testSet() throws {
    let data = try FashionMNIST.load(.test)
    #expect(data.count == 10_000)
    #expect(data.labels.prefix(5) == [9, 2, 1, 1, 6])
  }
}
