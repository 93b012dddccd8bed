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

  /// A histogram, a picture and what the hparams plugin wants, as TensorBoard's own messages are written.
  @Test func otherValuesAreTensorBoardsOwn() throws {
    let folder = try TemporaryFolder()
    let file = try TensorBoardFile(replacingIn: folder.path, time: 1_700_000_000.5)
    let spread = Histogram([-1, -0.5, .nan, 0.75, 1.5, .infinity, 2] as [Float], buckets: 4)
    #expect(spread.count == 5 && spread.counts == [2, 0, 1, 2] && spread.limits == [-0.25, 0.5, 1.25, 2] && spread.sum == 2.75)
    let picture = try #require(PNG(width: 2, pixels: [1, 2, 3, 4, 5, 6]))
    try file.add(
      step: 1, time: 1_700_000_002, values: [("weights/fc.weight", .histogram(spread)), ("confusion_matrix/test", .image(picture))])
    for (step, value) in [("lr", TensorBoardValue.HyperparameterValue.number(0.25)), ("model", .text("mlp")), ("exact", .flag(true))]
      .enumerated()
    {
      try file.add(
        step: step + 2, time: 1_700_000_003 + Double(step),
        values: [(TensorBoardValue.sessionStartTag, .sessionStart(hyperparameters: [value], time: 1_700_000_000.5))])
    }
    try file.add(
      step: 5, time: 1_700_000_006, values: [(TensorBoardValue.sessionEndTag, .sessionEnd(isSuccess: true, time: 1_700_000_009.25))])
    // The picture's bytes are ours.
    let found = try Self.events(try folder.get(try #require(folder.names.first)))
    let expected = try Self.events(try FixtureFolder.content(of: "tensorboard_values.tfevents"))
    #expect(found.count == 6 && expected.count == 6)
    for index in [0, 2, 3, 4, 5] { #expect(found[index] == expected[index], "event \(index)") }
    let (ours, theirs) = (try ProtobufFields(found[1]), try ProtobufFields(expected[1]))
    let (values, others) = (try ours.messages(5)[0].messages(1), try theirs.messages(5)[0].messages(1))
    #expect(values.map { $0.texts(1) } == others.map { $0.texts(1) })
    let (histo, other) = (try values[0].messages(5)[0], try others[0].messages(5)[0])
    #expect(histo.all.map(\.number) == other.all.map(\.number) && histo.all.map(\.value) == other.all.map(\.value))
    let (image, otherImage) = (try values[1].messages(4)[0], try others[1].messages(4)[0])
    #expect(image.all.map(\.number) == otherImage.all.map(\.number) && image.data(4) == [picture.bytes])
  }

  /// The records of a file.
  private static func events(_ bytes: [UInt8]) throws -> [[UInt8]] {
    var (rest, events) = (bytes[...], [[UInt8]]())
    while rest.count >= 16 {
      let length = Int(rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
      events.append(Array(rest.dropFirst(12).prefix(length)))
      rest = rest.dropFirst(16 + length)
    }
    return events
  }

  /// A training that goes on keeps what was told up to there, whatever is wrong behind it.
  @Test func eventsUpToAStepAreKept() throws {
    let folder = try TemporaryFolder()
    do {
      let file = try TensorBoardFile(replacingIn: folder.path, time: 20)
      for step in [0, 3, 300, 70_000] { try file.add(step: step, time: Double(step), [("a", Float(step))]) }
    }
    let bytes = try folder.get("events.out.tfevents.20.glissade")
    let file = try TensorBoardFile(replacingIn: folder.path, time: 30, keeping: 1...300)
    #expect(file.lastKept == 300 && folder.names == ["events.out.tfevents.30.glissade"])
    let before = try Self.events(bytes)
    #expect(try Self.events(try folder.get("events.out.tfevents.30.glissade")).dropFirst() == before[2...3])
    // Cut short and damaged.
    for (cut, kept) in [(bytes.count - 3, 300), (bytes.count - before[4].count - 20, 3)] {
      _ = try folder.put("events.out.tfevents.30.glissade", Array(bytes.prefix(cut)))
      #expect(try TensorBoardFile(replacingIn: folder.path, time: 30, keeping: 1...1_000_000).lastKept == kept)
    }
    var damaged = bytes
    damaged[bytes.count - 6] ^= 1
    _ = try folder.put("events.out.tfevents.30.glissade", damaged)
    #expect(try TensorBoardFile(replacingIn: folder.path, time: 30, keeping: 1...1_000_000).lastKept == 300)
    #expect(try TensorBoardFile(replacingIn: folder.path, time: 30).lastKept == nil)
  }

  @Test func histograms() {
    let all = Histogram((0..<1000).map(Float.init))
    #expect(all.count == 1000 && all.limits.count == 30 && all.counts.reduce(0, +) == 1000 && all.limits.last == 999)
    #expect(all.counts.allSatisfy { (33...35).contains($0) } && all.sum == 499_500)
    let one = Histogram([2, 2, 2] as [Float])
    #expect(one.limits == [2] && one.counts == [3] && one.minimum == 2)
    let none = Histogram([.nan, .infinity] as [Float])
    #expect(none.count == 0 && none.limits.isEmpty)
  }
}
