import TestSupport
import Testing

@testable import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What bounds the memory of a process, read from a system that the tests make up.
struct AvailableMemoryTests {
  private let folder: TemporaryFolder
  private var made: [String] = []

  init() throws { folder = try TemporaryFolder() }

  private func put(_ path: String, _ text: String) throws {
    var partial = folder.path
    for part in path.split(separator: "/").dropLast() {
      partial += "/\(part)"
      mkdir(partial, 0o755)
    }
    _ = try folder.put(path, Array(text.utf8))
  }

  private func machine(_ free: Int) throws {
    try put("proc/meminfo", "MemTotal:  9999999 kB\nMemAvailable:  \(free) kB\nSwapFree:  0 kB\n")
    try put("proc/self/statm", "1000 500 100 10 0 200 0\n")
  }

  private func bound(_ limit: @escaping (AvailableMemory.Bound) -> Int? = { _ in nil }) -> AvailableMemory? {
    AvailableMemory.current(in: folder.path, limit: limit)
  }

  @Test func theTightestBoundCounts() throws {
    try machine(4096)
    #expect(bound() == AvailableMemory(bytes: 4096 << 10, bound: .machine))
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    #expect(bound { $0 == .addressSpace ? 1100 * page : nil } == AvailableMemory(bytes: 100 * page, bound: .addressSpace))
    #expect(bound { $0 == .dataSegment ? 250 * page : nil } == AvailableMemory(bytes: 50 * page, bound: .dataSegment))
    // Below what is taken already.
    #expect(bound { $0 == .addressSpace ? 10 * page : nil }?.bytes == 0)
  }

  @Test func controlGroupsOfTheSecondVersion() throws {
    try machine(1 << 20)
    try put("proc/self/cgroup", "0::/a/b\n")
    try put("sys/fs/cgroup/a/b/memory.max", "max\n")
    try put("sys/fs/cgroup/a/b/memory.current", "5000\n")
    #expect(bound()?.bound == .machine)
    // The limit of a group above holds for those in it.
    try put("sys/fs/cgroup/a/memory.max", "100000\n")
    try put("sys/fs/cgroup/a/memory.current", "70000\n")
    try put("sys/fs/cgroup/a/memory.stat", "anon 10\ninactive_file 5000\n")
    #expect(bound() == AvailableMemory(bytes: 35000, bound: .controlGroup(folder.path + "/sys/fs/cgroup/a")))
  }

  @Test func controlGroupsOfTheFirstVersion() throws {
    try machine(1 << 20)
    // In a container the path is often one that only the host has.
    try put("proc/self/cgroup", "5:cpu:/x\n4:memory:/docker/1f\n")
    try put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
    try put("sys/fs/cgroup/memory/memory.usage_in_bytes", "70000\n")
    #expect(bound()?.bound == .machine)
    try put("sys/fs/cgroup/memory/memory.limit_in_bytes", "100000\n")
    #expect(bound() == AvailableMemory(bytes: 30000, bound: .controlGroup(folder.path + "/sys/fs/cgroup/memory")))
  }

  @Test func aSystemThatSaysNothingBoundsNothing() {
    #expect(bound() == nil)
  }

  @Test func anErrorHasNumbers() {
    let available = AvailableMemory(bytes: 30 << 20, bound: .addressSpace)
    let error = MemoryError(what: "a training step of 8 samples", needed: 100 << 20, available: available)
    #expect(
      error.description
        == "too little memory: a training step of 8 samples needs 100 MiB, and 30 MiB are left of the limit on address space, "
        + "ulimit -v")
    #expect(throws: MemoryError.self) { try AvailableMemory.require(.max - 5, for: "everything") }
  }
}
