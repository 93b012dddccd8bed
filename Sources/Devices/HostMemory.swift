import CExecutor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Memory of the host for a processor's kernels.
package enum HostMemory {
  /// What x86-64 and most of Arm's systems map at once, where the kernel is asked to.
  static let hugePage = 2 << 20

  /// Where address space is limited, threads must not reserve much of it each, and what is freed has to go back at once: otherwise nobody could
  /// say how much is left. To be called before anything large is allocated.
  package static func keepHeapSmallIfLimited() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max else { return }
    executor_keep_heap_small()
  }

  /// Bytes of address space that the process may still take; `nil` where there is no limit, or nobody knows what it has.
  static var addressSpaceLeft: Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max,
      let file = fopen("/proc/self/statm", "r")
    else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, Int32(line.count), file) != nil else { return nil }
    return max(Int(clamping: limit.rlim_cur) - strtol(line, nil, 10) * Int(sysconf(Int32(_SC_PAGESIZE))), 0)
  }

  /// Zeros, aligned to cache lines or more, and in huge pages where there is room for one: kernels that walk in large strides would spend their time on
  /// finding small ones. `free` gives them back.
  static func allocate(byteCount: Int, alignment: Int = 64) -> UnsafeMutableRawPointer? {
    let isLarge = byteCount >= hugePage
    var pointer: UnsafeMutableRawPointer?
    guard posix_memalign(&pointer, isLarge ? hugePage : alignment, byteCount) == 0, let pointer else { return nil }
    if isLarge { madvise(pointer, byteCount, Int32(MADV_HUGEPAGE)) }
    memset(pointer, 0, byteCount)
    return pointer
  }
}
