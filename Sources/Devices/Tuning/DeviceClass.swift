/// What kind of hardware an OpenCL device is, as far as the tiles of matrix products go.
public enum DeviceClass: String, CaseIterable, Hashable, Sendable {
  case nvidia, amd, intel, mali, adreno, apple, unknown
  /// A processor that is planned for as a GPU, which only tests do.
  case cpu

  /// By what the device and its platform call themselves.
  public init(_ information: DeviceInformation) {
    let name = "\(information.name) \(information.platform)".lowercased()
    let signs: [(String, DeviceClass)] = [
      ("nvidia", .nvidia), ("mali", .mali), ("adreno", .adreno), ("qualcomm", .adreno), ("apple", .apple), ("amd", .amd), ("radeon", .amd),
      ("gfx", .amd), ("intel", .intel),
    ]
    self = information.kind == .cpu ? .cpu : signs.first { name.contains($0.0) }?.1 ?? .unknown
  }

  /// Compute units that hold work-groups, of those that a driver counts: Intel's counts the vector engines, sixteen of which are a core.
  func units(reported: Int) -> Int { self == .intel ? max(1, reported / 16) : max(1, reported) }
}
