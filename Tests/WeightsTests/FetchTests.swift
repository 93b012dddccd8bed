import Foundation
import GlissadeFormats
import TestSupport
import Testing

@testable import GlissadeWeights

/// Files from a server that is slow, hangs up, lies, or is not there.
struct FetchTests {
  @Test func aFileIsFetchedOnce() throws {
    let publication = try Publication()
    #expect(publication.cache.state(of: publication.weights) == .absent)
    let events = try publication.fetch()
    #expect(try publication.folder.get("weights.pth") == publication.content)
    #expect(publication.folder.names == ["weights.pth"] && publication.cache.state(of: publication.weights) == .here)
    let done = events.compactMap { if case .progress(let done, 300_000) = $0 { done } else { nil } }
    #expect(done == done.sorted() && done.last == 300_000)
    #expect(try publication.fetch().isEmpty)
    #expect(publication.server.requests.map(\.path) == ["/models/weights.pth"] && publication.beginnings == [nil])
  }

  @Test func aSlowServerIsWaitedFor() throws {
    var manner = LoopbackServer.Manner()
    (manner.pieces, manner.pause) = (30_000, 20_000)
    let publication = try Publication { [manner] content, _, _ in .file(content, manner) }
    let events = try publication.fetch()
    #expect(try publication.folder.get("weights.pth") == publication.content)
    #expect(events.count { if case .progress = $0 { true } else { false } } > 3)
  }

  @Test func aServerThatSaysNoLengthWillDo() throws {
    var manner = LoopbackServer.Manner()
    manner.saysLength = false
    let publication = try Publication { [manner] content, _, _ in .file(content, manner) }
    try publication.fetch()
    #expect(try publication.folder.get("weights.pth") == publication.content)
  }

  @Test func aConnectionThatBreaksGoesOnWhereItBroke() throws {
    var manner = LoopbackServer.Manner()
    manner.cutAfter = 100_000
    let publication = try Publication { [manner] content, _, _ in .file(content, manner) }
    let events = try publication.fetch()
    #expect(try publication.folder.get("weights.pth") == publication.content)
    #expect(publication.beginnings == [nil, 100_000, 200_000])
    #expect(events.count { if case .again = $0 { true } else { false } } == 2)
  }

  @Test func whatAnEarlierProcessFetchedIsKept() throws {
    let publication = try Publication()
    _ = try publication.folder.put("weights.pth.part", Array(publication.content[..<70_000]))
    #expect(publication.cache.state(of: publication.weights) == .partly(bytes: 70_000))
    try publication.fetch()
    #expect(publication.beginnings == [70_000])
    #expect(try publication.folder.get("weights.pth") == publication.content && publication.folder.names == ["weights.pth"])
  }

  @Test func whatIsWholeAlreadyIsOnlyCompared() throws {
    // Where the size is known, nobody is asked; where it is not, the server says that there is no more.
    for (size, requests) in [(FileSize.bytes(300_000), 0), (.mebibytes(0.286), 1)] {
      let publication = try Publication(size: size)
      _ = try publication.folder.put("weights.pth.part", publication.content)
      try publication.fetch()
      #expect(publication.server.requests.count == requests && publication.folder.names == ["weights.pth"])
    }
  }

  @Test func whatIsThereAndWrongIsFetchedAnew() throws {
    let publication = try Publication()
    for wrong in [Publication.noise(70_000, seed: 2), Publication.noise(300_000, seed: 2), Publication.noise(400_000, seed: 2)] {
      _ = try publication.folder.put("weights.pth.part", wrong)
      try publication.fetch()
      #expect(try publication.folder.get("weights.pth") == publication.content && publication.folder.names == ["weights.pth"])
      unlink(publication.folder.file("weights.pth"))
    }
    #expect(publication.beginnings == [70_000, nil, nil, nil])
  }

  @Test func aServerThatKnowsNoPartsBeginsAgain() throws {
    let publication = try Publication { content, _, number in
      var manner = LoopbackServer.Manner()
      manner.knowsParts = false
      manner.cutAfter = number == 0 ? 100_000 : nil
      return .file(content, manner)
    }
    try publication.fetch()
    #expect(publication.beginnings == [nil, 100_000])
    #expect(try publication.folder.get("weights.pth") == publication.content)
  }

  @Test func anotherPartThanAskedForIsNotTaken() throws {
    let publication = try Publication { content, _, _ in
      var manner = LoopbackServer.Manner()
      manner.shift = 10
      return .file(content, manner)
    }
    _ = try publication.folder.put("weights.pth.part", Array(publication.content[..<70_000]))
    try publication.fetch()
    #expect(publication.beginnings == [70_000, nil])
    #expect(try publication.folder.get("weights.pth") == publication.content)
  }

  @Test func otherContentIsRefusedAndNotKept() throws {
    let publication = try Publication { content, _, _ in .file([content[0] ^ 1] + content[1...]) }
    let refusal = try #require(try publication.refusal())
    guard case .digest = refusal.reason else { throw refusal }
    #expect(refusal.description.contains(publication.weights.address) && refusal.description.contains("its SHA-256 is"))
    #expect(publication.folder.names.isEmpty && publication.server.requests.count == 1)
  }

  @Test func anotherSizeIsRefusedBeforeItComes() throws {
    for count in [299_999, 300_001] {
      let publication = try Publication { _, _, _ in .file(Publication.noise(count)) }
      _ = try publication.folder.put("weights.pth.part", Array(publication.content[..<1000]))
      #expect(try publication.refusal()?.reason == .size(found: count, .bytes(300_000)))
      // It may be a network's page for guests.
      #expect(publication.folder.names == ["weights.pth.part"] && publication.server.requests.count == 1)
    }
  }

  @Test func aFileThatDoesNotEndIsGivenUp() throws {
    let publication = try Publication { _, _, _ in
      var manner = LoopbackServer.Manner()
      manner.saysLength = false
      return .file(Publication.noise(2_000_000), manner)
    }
    guard case .size? = try publication.refusal()?.reason else { throw Unexpected() }
    #expect(publication.folder.names.isEmpty)
  }

  @Test func aFileThatIsNotThereIsNoFile() throws {
    let publication = try Publication { _, _, _ in .status(404) }
    let refusal = try #require(try publication.refusal())
    #expect(refusal.reason == .status(404))
    let place = publication.folder.file("weights.pth")
    #expect(
      refusal.description
        == "\(publication.weights.address) cannot be fetched: the server answers 404 (not found); fetched by other means, its place is \(place)"
    )
    #expect(publication.folder.names.isEmpty && publication.server.requests.count == 1)
  }

  @Test func aServerThatIsBusyIsAskedAgain() throws {
    let publication = try Publication { content, _, number in number < 2 ? .status(503) : .file(content) }
    try publication.fetch()
    #expect(publication.server.requests.count == 3)
    let busy = try Publication { _, _, _ in .status(503) }
    #expect(try busy.refusal()?.reason == .status(503))
    #expect(busy.server.requests.count == busy.cache.patience.failures && busy.folder.names.isEmpty)
  }

  @Test func redirectionsAreFollowed() throws {
    let publication = try Publication { content, request, _ in
      switch request.path {
      case "/models/weights.pth": .redirect(to: "/elsewhere/1")
      case "/elsewhere/1": .redirect(to: "/elsewhere/2")
      default: .file(content)
      }
    }
    try publication.fetch()
    #expect(publication.server.requests.map(\.path) == ["/models/weights.pth", "/elsewhere/1", "/elsewhere/2"])
    #expect(try publication.folder.get("weights.pth") == publication.content)
  }

  @Test func redirectionsThatLeadNowhereAreNot() throws {
    for address in ["/models/weights.pth", "file:///etc/passwd", "ftp://127.0.0.1/weights.pth"] {
      let publication = try Publication { _, _, _ in .redirect(to: address) }
      guard case .connection? = try publication.refusal()?.reason else { throw Unexpected() }
      #expect(publication.folder.names.isEmpty)
    }
  }

  @Test func nobodyThereIsSaidInOneLine() throws {
    let publication = try Publication()
    publication.server.stop()
    let refusal = try #require(try publication.refusal())
    guard case .connection = refusal.reason else { throw refusal }
    #expect(refusal.description.contains(publication.folder.file("weights.pth")) && !refusal.description.contains("\n"))
    #expect(publication.folder.names.isEmpty)
  }

  @Test func aServerThatSaysNothingIsGivenUp() throws {
    var publication = try Publication { content, _, number in
      var manner = LoopbackServer.Manner()
      manner.cutAfter = 1000
      return number == 0 ? .file(content, manner) : .silence
    }
    publication.cache.patience.silence = .seconds(1)
    publication.cache.patience.failures = 2
    guard case .connection? = try publication.refusal()?.reason else { throw Unexpected() }
    #expect(publication.folder.names == ["weights.pth.part"])
  }

  @Test func processesTakeTurns() async throws {
    var manner = LoopbackServer.Manner()
    (manner.pieces, manner.pause) = (60_000, 20_000)
    let publication = try Publication { [manner] content, _, _ in .file(content, manner) }
    let (cache, weights) = (publication.cache, publication.weights)
    let paths = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<2 { group.addTask { try cache.file(of: weights) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(paths == [cache.path(of: weights), cache.path(of: weights)] && publication.server.requests.count == 1)
  }

  @Test func whatCannotBeWrittenIsSaid() throws {
    var publication = try Publication()
    publication.cache = WeightsCache(folder: publication.folder.file("none/weights"))
    _ = try publication.folder.put("none", [1])
    guard case .file? = try publication.refusal()?.reason else { throw Unexpected() }
    #expect(publication.server.requests.isEmpty)
  }

  struct Unexpected: Error {}
}
