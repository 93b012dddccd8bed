import Foundation
import GlissadeFormats
import Synchronization
import TestSupport

@testable import GlissadeWeights

/// Weights that a server on the loopback interface has, and a cache for them.
struct Publication {
  let folder: TestSupport.TemporaryFolder
  let server: LoopbackServer
  let content: [UInt8]
  let weights: PublishedWeights
  var cache: WeightsCache

  /// - Parameters:
  ///   - count: bytes of the file.
  ///   - answer: what the server makes of the file and of a request, of which so many came before; default the file.
  init(
    count: Int = 300_000, size: FileSize? = nil, digest: KnownDigest? = nil,
    answer: @escaping @Sendable ([UInt8], LoopbackServer.Request, Int) -> LoopbackServer.Answer = { content, _, _ in .file(content) }
  ) throws {
    let content = Self.noise(count)
    self.content = content
    folder = try TestSupport.TemporaryFolder()
    server = try LoopbackServer { answer(content, $0, $1) }
    let file = PublishedFile(name: "weights.pth", size: size ?? .bytes(count), digest: try digest ?? .whole(Self.sha256(content)))
    weights = PublishedWeights(
      name: "imagenet", model: "lenet", address: server.address("/models/weights.pth"), file: file, publisher: "nobody", licence: "none")
    cache = WeightsCache(folder: folder.path)
    cache.patience.pause = .zero
  }

  static func noise(_ count: Int, seed: UInt32 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    }
  }

  static func sha256(_ bytes: [UInt8]) throws -> String {
    let folder = try TestSupport.TemporaryFolder()
    return try FileChecksum.sha256(path: try folder.put("bytes", bytes))
  }

  /// Where requests began.
  var beginnings: [Int?] { server.requests.map(\.from) }

  /// Fetches, and hands back all that was told meanwhile.
  @discardableResult func fetch() throws -> [FetchEvent] {
    var events: [FetchEvent] = []
    let path = try cache.file(of: weights) { events.append($0) }
    guard path == folder.file("weights.pth") else { throw Elsewhere(path: path) }
    return events
  }

  struct Elsewhere: Error { let path: String }

  /// Why it is not fetched.
  func refusal() throws -> FetchError? {
    do {
      try fetch()
      return nil
    } catch let error as FetchError { return error }
  }
}
