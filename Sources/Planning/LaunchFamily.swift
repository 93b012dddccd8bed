import GlissadeKernels

extension Launch {
  private static let families: [String: String] = {
    let library = glissade_native_library(0)
    var result: [String: String] = [:]
    for kernel in UnsafeBufferPointer(start: library.first, count: library.count) {
      result[String(cString: kernel.name)] = String(cString: kernel.family)
    }
    return result
  }()

  /// The kernel family that it belongs to.
  public var family: String {
    switch kernel {
    case .library(let name):
      // What GPUs alone have is named after its kin.
      Self.families[name] ?? Self.families.filter { name.hasPrefix($0.key) }.max { $0.key.count < $1.key.count }?.value ?? name
    case .local(let name, _): name.hasPrefix("matmul") ? "matmul" : "convolution"
    case .elementwise: "elementwise"
    case .update: "updates"
    }
  }

  /// Whether it takes less time than waking a CPU's threads does, so that the caller does it alone.
  public var isSmall: Bool { byteCount < 1 << 15 && note.flops < 1 << 18 }
}
