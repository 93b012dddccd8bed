import GlissadeFormats
import TestSupport
import Testing

/// Event files against the one that TensorBoard's own writer made of the same values.
@Suite struct TensorBoardTests {
  @Test func theFileIsTensorBoardsOwn() throws {
    let folder = try TemporaryFolder()
    let file = try TensorBoardFile(replacingIn: folder.path, time: 1_700_000_000.5)
    try file.add(
      step: 422, time: 1_700_000_001.25, [("train/loss", 0.5), ("train/accuracy", 0.8125), ("learning_rate", 1e-3), ("zero", 0)])
    try file.add(step: 844, time: 1_700_000_002.75, [("train/loss", -2.5e-7), ("größe/π", .infinity)])
    try file.add(step: 3_000_000_000, time: 1_700_000_003, [("train/loss", 1)])
    let name = try #require(folder.names.first)
    #expect(name == "events.out.tfevents.1700000000.glissade" && folder.file(name) == file.path)
    let expected = try FixtureFolder.content(of: "tensorboard.tfevents")
    #expect(try folder.get(name) == expected)
    #expect(expected.count > 200)
  }

  @Test func anEarlierFileIsReplacedAndOthersStay() throws {
    let folder = try TemporaryFolder()
    _ = try folder.put("events.out.tfevents.17.somebody", [1, 2, 3])
    _ = try folder.put("events.out.tfevents.18.glissade", [1, 2, 3])
    _ = try folder.put("metrics.csv", [1])
    _ = try TensorBoardFile(replacingIn: folder.path, time: 20)
    #expect(folder.names == ["events.out.tfevents.17.somebody", "events.out.tfevents.20.glissade", "metrics.csv"])
  }

  @Test func aFolderThatIsNotThere() throws {
    let folder = try TemporaryFolder()
    #expect(throws: FormatError.self) { try TensorBoardFile(replacingIn: folder.file("none"), time: 20) }
  }
}
