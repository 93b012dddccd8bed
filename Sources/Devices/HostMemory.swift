#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Memory of the host for a processor's kernels.
enum HostMemory {
  /// What x86-64 and most of Arm's systems map at once, where the kernel is asked to.
  static let hugePage = 2 << 20

  /// Zeros, aligned to cache lines, and in huge pages where there is room for one: kernels that walk in large strides would spend their time on
  /// finding small ones. `free` gives them back.
  static func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
    let isLarge = byteCount >= hugePage
    var pointer: UnsafeMutableRawPointer?
    guard posix_memalign(&pointer, isLarge ? hugePage : 64, byteCount) == 0, let pointer else { return nil }
    if isLarge { madvise(pointer, byteCount, Int32(MADV_HUGEPAGE)) }
    memset(pointer, 0, byteCount)
    return pointer
  }
}
