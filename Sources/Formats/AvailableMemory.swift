#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How much more memory the process may take, and what bounds it.
///
/// Swift ends the process where memory cannot be had, and Linux hands out more than there is and ends somebody later. So whoever is about to
/// take much asks first.
public struct AvailableMemory: Hashable, Sendable {
  /// What bounds it.
  public enum Bound: Hashable, Sendable, CustomStringConvertible {
    /// `ulimit -v`.
    case addressSpace
    /// `ulimit -d`.
    case dataSegment
    /// The limit of a control group, as containers and services have them.
    case controlGroup(String)
    /// What the machine has free.
    case machine

    public var description: String {
      switch self {
      case .addressSpace: "the limit on address space, ulimit -v"
      case .dataSegment: "the limit on data, ulimit -d"
      case .controlGroup(let path): "the memory limit of the control group, \(path)"
      case .machine: "what the machine has free"
      }
    }
  }

  /// Bytes.
  public var bytes: Int
  /// What bounds them.
  public var bound: Bound

  /// Creates a bound.
  public init(bytes: Int, bound: Bound) {
    self.bytes = bytes
    self.bound = bound
  }

  /// What stays free for what nobody counts: stacks, the heap's own needs, files that are written.
  public static let margin = 64 << 20

  /// The tightest bound now; `nil` where the system says nothing.
  public static var now: AvailableMemory? { current(in: "", limit: systemLimit) }

  /// - Parameters:
  ///   - bytes: what is needed.
  ///   - what: for messages.
  ///   - givenBack: what is taken now and will have been given back before.
  /// - Throws: `MemoryError` unless there is so much, and some more for small things.
  public static func require(_ bytes: Int, for what: String, givenBack: Int = 0) throws(MemoryError) {
    // Small things are had or not; asking costs more than they do.
    guard bytes > 1 << 20, var available = now else { return }
    available.bytes += givenBack
    let (needed, overflow) = bytes.addingReportingOverflow(margin)
    guard overflow || needed > available.bytes else { return }
    throw MemoryError(what: what, needed: overflow ? .max : needed, available: available)
  }

  /// - Parameters:
  ///   - root: where `/proc` and `/sys` are; only tests have another.
  ///   - limit: a limit of the process in bytes; `nil` where there is none.
  static func current(in root: String, limit: (Bound) -> Int?) -> AvailableMemory? {
    var bounds: [AvailableMemory] = []
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let sizes = text("\(root)/proc/self/statm").split(whereSeparator: \.isWhitespace).map { Int($0) ?? 0 }
    if let most = limit(.addressSpace), sizes.count > 5 {
      bounds.append(AvailableMemory(bytes: max(most - sizes[0] * page, 0), bound: .addressSpace))
    }
    if let most = limit(.dataSegment), sizes.count > 5 {
      bounds.append(AvailableMemory(bytes: max(most - sizes[5] * page, 0), bound: .dataSegment))
    }
    bounds += controlGroups(root)
    let machine = text("\(root)/proc/meminfo")
    if let free = value(of: "MemAvailable:", in: machine) {
      bounds.append(AvailableMemory(bytes: (free + (value(of: "SwapFree:", in: machine) ?? 0)) << 10, bound: .machine))
    }
    return bounds.min { $0.bytes < $1.bytes }
  }

  private static func systemLimit(_ bound: Bound) -> Int? {
    var limit = rlimit()
    let kind = bound == .addressSpace ? __rlimit_resource_t(RLIMIT_AS.rawValue) : __rlimit_resource_t(RLIMIT_DATA.rawValue)
    guard getrlimit(kind, &limit) == 0, limit.rlim_cur != rlim_t.max else { return nil }
    return Int(clamping: limit.rlim_cur)
  }

  /// Of the group that the process is in and all above it, of both versions.
  private static func controlGroups(_ root: String) -> [AvailableMemory] {
    var found: [AvailableMemory] = []
    for line in text("\(root)/proc/self/cgroup").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isSecond = parts[0] == "0" && parts[1].isEmpty
      guard isSecond || parts[1].split(separator: ",").contains("memory") else { continue }
      // In a container the path may be the host's, which is not there; the group's own files are at the top then.
      for mount in isSecond ? ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] : ["/sys/fs/cgroup/memory"] {
        var path = parts[2] == "/" ? "" : String(parts[2])
        while true {
          found += limit(of: root + mount + path, isSecond ? second : first)
          guard let slash = path.lastIndex(of: "/") else { break }
          path = String(path[..<slash])
        }
      }
    }
    return found
  }

  private static let first = (limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes", files: "total_inactive_file")
  private static let second = (limit: "memory.max", usage: "memory.current", files: "inactive_file")

  private static func limit(of group: String, _ names: (limit: String, usage: String, files: String)) -> [AvailableMemory] {
    func number(_ name: String) -> Int? { Int(text("\(group)/\(name)").split(separator: "\n").first ?? "") }
    // Without a limit it is "max", or a number that no machine has.
    guard let limit = number(names.limit), limit < 1 << 60, let usage = number(names.usage) else { return [] }
    // What files are cached in goes when somebody needs it.
    let files = value(of: names.files, in: text("\(group)/memory.stat")) ?? 0
    return [AvailableMemory(bytes: max(limit - usage + files, 0), bound: .controlGroup(group))]
  }

  /// The number behind a name at the beginning of a line.
  private static func value(of name: String, in text: String) -> Int? {
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ")
      if parts.count > 1, parts[0] == name { return Int(parts[1]) }
    }
    return nil
  }

  /// A small file's text; empty where there is none.
  private static func text(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 16 << 10)
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }
}

/// Memory that something would take, and that is not there.
public struct MemoryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What for.
  public var what: String
  /// Bytes that it takes, and some for what nobody counts.
  public var needed: Int
  /// What there is.
  public var available: AvailableMemory
  /// What would take less, if that is known.
  public var remedy: String?

  /// Creates an error.
  public init(what: String, needed: Int, available: AvailableMemory) {
    self.what = what
    self.needed = needed
    self.available = available
  }

  public var description: String {
    func text(_ bytes: Int) -> String { "\((bytes >> 20) + (bytes % (1 << 20) == 0 ? 0 : 1)) MiB" }
    return "too little memory: \(what) needs \(text(needed)), and \(available.bytes >> 20) MiB are left of \(available.bound)"
      + (remedy.map { "; \($0)" } ?? "")
  }
}
