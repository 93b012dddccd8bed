import GlissadeFormats
import TestSupport
import Testing

/// Archives made to harm, around a checkpoint that is in order.
@Suite struct HostileArchiveTests {
  private typealias P = HandmadePickle
  private typealias Entry = HandmadeArchive.Entry

  private let pickle = P.whole(P.dictionary([("x", P.tensor(P.storage(count: 4), shape: [4], strides: [1]))]))
  private let data = [UInt8](0..<16)

  private func archive(deflated: Bool = false) -> HandmadeArchive { HandmadeArchive(pickle: pickle, storages: [data], deflated: deflated) }

  /// The reason in words, or `accepted`.
  private func message(_ archive: HandmadeArchive) throws -> String { try message(archive.bytes) }

  private func message(_ bytes: [UInt8]) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.put("a.pt", bytes)
    do throws(FormatError) {
      let file = try WeightsFile(path: path)
      for tensor in file.tensors { _ = try file.bytes(of: tensor.name) }
      return "accepted"
    } catch {
      #expect(error.path == path)
      return error.reason.description
    }
  }

  /// The archive with its storage's entry changed.
  private func changed(deflated: Bool = false, entry: Int = 2, _ change: (inout Entry) -> Void) throws -> String {
    var archive = archive(deflated: deflated)
    change(&archive.entries[entry])
    return try message(archive)
  }

  @Test func theHarmlessOnesPass() throws {
    #expect(try message(archive()) == "accepted")
    #expect(try message(archive(deflated: true)) == "accepted")
    var folders = archive()
    folders.entries.insert(Entry("archive/", []), at: 0)
    #expect(try message(folders) == "accepted")
  }

  @Test(arguments: ["../x", "/etc/passwd", "a/../../b", "a\\b", "..", "./a", "a//b", "", "a\u{0}b", "\u{1b}[2J/../a"])
  func namesThatLeadOut(_ name: String) throws {
    var archive = archive()
    archive.entries.append(Entry(name, [1]))
    #expect(try message(archive).contains("which is no path inside an archive"))
  }

  @Test func overlaps() throws {
    var same = archive()
    same.entries[3].offset = 0
    same.entries[3].ownName = "archive/version"
    #expect(try message(same).contains("is not where the archive's directory says"))
    // One entry inside another: the header stands in the data of the one before.
    var inner = Entry("archive/data/1", [9])
    let header = HandmadeArchive([inner]).bytes.prefix(30 + 14 + 1)
    var outer = archive()
    outer.entries[2] = Entry("archive/data/0", Array(header))
    let before = HandmadeArchive(Array(outer.entries[..<2])).bytes.count
    // Without directory and last record, what comes before is the entries' own.
    let directory = 22 + 46 + "archive/data.pkl".utf8.count + 46 + "archive/byteorder".utf8.count
    inner.offset = UInt32(before - directory + 30 + 14)
    outer.entries.append(inner)
    #expect(try message(outer).contains("overlap"))
    // A name twice.
    var twice = archive()
    twice.entries.append(Entry("archive/data/0", data))
    #expect(try message(twice).contains("two entries are named archive/data/0"))
    twice.entries[4].name = "other/data.pkl"
    #expect(try message(twice).contains("more than one data.pkl"))
  }

  @Test func sizesAndChecksums() throws {
    #expect(try changed { $0.checksum = 1 }.contains("archive/data/0 is damaged: its checksum"))
    #expect(try changed(deflated: true) { $0.checksum = 1 }.contains("is damaged: its checksum"))
    #expect(try changed { $0.data[3] = 77 }.contains("is damaged: its checksum"))
    var pickled = archive()
    pickled.entries[0].data[20] ^= 1
    #expect(try message(pickled).contains("archive/data.pkl is damaged: its checksum"))
    #expect(try changed { $0.size = 17 }.contains("claims 17 bytes in 16"))
    #expect(try changed { ($0.size, $0.storedSize) = (1000, 1000) }.contains("does not lie in the archive"))
    #expect(try changed { ($0.size, $0.storedSize) = (.max, .max) }.contains("size of more than 32 bits that is not noted"))
    #expect(
      try changed { entry in
        (entry.size, entry.storedSize) = (.max, .max)
        entry.extra = [1, 0, 16, 0] + [UInt8](repeating: 0xff, count: 16)
      }.contains("does not lie in the archive"))
    #expect(try changed { $0.offset = 0xffff_fff0 }.contains("does not lie in the archive"))
    #expect(try changed { $0.offset = 3 }.contains("is not where the archive's directory says"))
    #expect(try changed { $0.flags = 1 }.contains("is encrypted"))
    #expect(try changed { $0.method = 9 }.contains("compressed by method 9"))
    #expect(try changed { $0.ownName = "archive/data/7" }.contains("is not where the archive's directory says"))
  }

  @Test func bombs() throws {
    // 40 MB of zeros in 40 kB.
    let zeros = [UInt8](repeating: 0, count: 40_000_000)
    let tensor = P.tensor(P.storage(count: 10_000_000), shape: [10_000_000], strides: [1])
    let bomb = HandmadeArchive(pickle: P.whole(tensor), storages: [zeros], deflated: true)
    #expect(bomb.bytes.count < 60_000)
    #expect(try message(bomb).contains("compressed entries claim more than"))
    // One that says less than it is, and one that says more.
    #expect(try changed(deflated: true) { $0.size = 15 }.contains("storage 0 has 15 bytes"))
    let size = UInt32(pickle.count)
    #expect(try changed(deflated: true, entry: 0) { $0.size = size - 1 }.contains("more than the \(size - 1) bytes it claims"))
    #expect(try changed(deflated: true, entry: 0) { $0.size = 1 }.contains("more than the 1 bytes it claims"))
    #expect(try changed(deflated: true, entry: 0) { $0.size = size + 1 }.contains("holds \(size) bytes and claims \(size + 1)"))
    #expect(try changed(deflated: true) { $0.size = 4_000_000_000 }.contains("compressed bytes cannot hold"))
    #expect(try changed(deflated: true) { $0.data.removeLast(4) }.contains("archive/data/0"))
    #expect(try changed(deflated: true) { $0.data.append(0) }.contains("something follows its compressed data"))
    #expect(try changed(deflated: true) { $0.data[0] = 0xff }.contains("its compressed data are damaged"))
  }

  @Test func directories() throws {
    var archive = archive()
    archive.count = 5
    #expect(try message(archive).contains("the archive's directory is damaged"))
    archive.count = 3
    #expect(try message(archive).contains("directory is longer than its entries"))
    archive.count = 60000
    #expect(try message(archive).contains("60000 entries do not fit"))
    archive.count = nil
    archive.directoryOffset = 0x7fff_ffff
    #expect(try message(archive).contains("does not lie in the file"))
    archive.directoryOffset = .max
    #expect(try message(archive).contains("is not where its last record says"))
    archive.directoryOffset = 1
    #expect(try message(archive).contains("the archive's directory is damaged"))
    archive.directoryOffset = nil
    archive.directorySize = .max - 1
    #expect(try message(archive).contains("does not lie in the file"))
    #expect(try message(HandmadeArchive([])).contains("without a folder with data.pkl"))
    #expect(try message(HandmadeArchive([Entry("data.pkl", pickle)])).contains("without a folder with data.pkl"))
    #expect(try message(HandmadeArchive([Entry("m/data.pkl", pickle), Entry("m/constants.pkl", [])])).contains("TorchScript"))
  }

  @Test func byteOrder() throws {
    var archive = archive()
    archive.entries[1] = Entry("archive/byteorder", Array("middle".utf8))
    #expect(try message(archive).contains("its byte order is \"middle\""))
    archive.entries[1] = Entry("archive/byteorder", [UInt8](repeating: 0, count: 1000))
    #expect(try message(archive).contains("its byte order is 1000 bytes long"))
  }
}
