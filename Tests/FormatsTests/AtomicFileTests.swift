import Glibc
import GlissadeFormats
import TestSupport
import Testing

@Suite struct AtomicFileTests {
  @Test func writesAndReplaces() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.txt")
    try AtomicFile.write(path: path, text: "first")
    #expect(try folder.get("a.txt") == Array("first".utf8))
    try AtomicFile.write(path: path, text: "second, longer")
    #expect(try folder.get("a.txt") == Array("second, longer".utf8))
    #expect(folder.names == ["a.txt"])
  }

  /// Pieces below, at and above the size of the buffer arrive whole and in order.
  @Test func piecesOfAllSizes() throws {
    let folder = try TemporaryFolder()
    var expected: [UInt8] = []
    try AtomicFile.write(path: folder.file("a")) { (writer) throws(FormatError) in
      for size in [0, 1, 65_535, 1, 65_536, 7, 200_000, 3, 65_530] {
        let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
        expected += piece
        try writer.write(piece)
        #expect(writer.count == UInt64(expected.count))
      }
    }
    #expect(try folder.get("a") == expected)
  }

  @Test func anErrorInTheBodyLeavesThePreviousFile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.put("a", [1, 2, 3])
    let failure = FormatError(path: "x", reason: .malformed("on purpose"))
    #expect(throws: failure) {
      try AtomicFile.write(path: path) { (writer) throws(FormatError) in
        try writer.write([UInt8](repeating: 9, count: 300_000))
        throw failure
      }
    }
    #expect(try folder.get("a") == [1, 2, 3])
    #expect(folder.names == ["a"])
  }

  /// The disk fills up while writing: the kernel's file-size limit makes write(2) fail part-way just as ENOSPC does. The limit is far
  /// above anything another test writes.
  @Test func aFailingWriteLeavesThePreviousFile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.put("a", [1, 2, 3])
    signal(SIGXFSZ, SIG_IGN)
    var previous = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &previous)
    var limit = previous
    limit.rlim_cur = 48 << 20
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    defer { setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &previous) }
    let error = #expect(throws: FormatError.self) {
      try SafetensorsWriter.write(
        path: path, [SafetensorsEntry(name: "big", shape: [13 << 20], [Float](repeating: 1, count: 13 << 20))])
    }
    #expect(error == FormatError(path: path, reason: .system(call: "write", code: EFBIG)))
    #expect(error?.description.contains(path) == true && error?.description.contains("File too large") == true)
    #expect(try folder.get("a") == [1, 2, 3])
    #expect(folder.names == ["a"])
  }

  @Test func refusesWhatIsNoRegularFile() throws {
    let folder = try TemporaryFolder()
    #expect(throws: FormatError(path: folder.path, reason: .notRegular)) { try AtomicFile.write(path: folder.path, text: "x") }
    #expect(throws: FormatError(path: "/dev/null", reason: .notRegular)) { try AtomicFile.write(path: "/dev/null", text: "x") }
    #expect(throws: FormatError(path: "/dev/full", reason: .notRegular)) { try AtomicFile.write(path: "/dev/full", text: "x") }
    let missing = folder.file("none/a")
    let error = #expect(throws: FormatError.self) { try AtomicFile.write(path: missing, text: "x") }
    #expect(error?.path == missing)
    #expect(error?.description.contains("No such file or directory") == true)
    #expect(throws: FormatError.self) { try AtomicFile.write(path: "", text: "x") }
    #expect(throws: FormatError.self) { try AtomicFile.write(path: folder.file("a/"), text: "x") }
    #expect(folder.names.isEmpty)
  }

  @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
  func aReadOnlyFolderIsReported() throws {
    let folder = try TemporaryFolder()
    chmod(folder.path, 0o500)
    defer { chmod(folder.path, 0o700) }
    let error = #expect(throws: FormatError.self) { try AtomicFile.write(path: folder.file("a"), text: "x") }
    #expect(error?.description.contains("Permission denied") == true)
  }

  @Test func keepsPermissionsAndLinks() throws {
    let folder = try TemporaryFolder()
    let path = try folder.put("a", [1])
    chmod(path, 0o640)
    symlink("a", folder.file("link"))
    try AtomicFile.write(path: folder.file("link"), text: "new")
    #expect(try folder.get("a") == Array("new".utf8))
    var information = stat()
    lstat(folder.file("link"), &information)
    #expect(information.st_mode & S_IFMT == S_IFLNK)
    stat(path, &information)
    #expect(information.st_mode & 0o777 == 0o640)
    #expect(folder.names == ["a", "link"])
  }

  @Test func tables() throws {
    let folder = try TemporaryFolder()
    try CSV.write(path: folder.file("t.csv"), header: ["epoch", "note"], rows: [["1", "a,b"], ["2", "say \"hi\"\n"]])
    #expect(try folder.get("t.csv") == Array("epoch,note\n1,\"a,b\"\n2,\"say \"\"hi\"\"\n\"\n".utf8))
  }
}
