/// Whose tuning it is: another driver may like other tiles.
public struct TuningIdentity: Hashable, Sendable {
  public let platform: String
  public let device: String
  public let driver: String

  public init(platform: String, device: String, driver: String) {
    self.platform = platform
    self.device = device
    self.driver = driver
  }

  public init(_ information: DeviceInformation) {
    self.init(platform: information.platform, device: information.name, driver: information.driver)
  }

  var fileName: String { "tuning-\(hash).json" }

  /// What differs wherever any part does: FNV-1a of all of them.
  var hash: String {
    let bytes = "\(platform)\n\(device)\n\(driver)".utf8
    let hash = bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }
}
