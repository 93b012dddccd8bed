/// How large a picture may be before it is refused, from its header and before memory is taken for it.
public struct PictureLimits: Equatable, Sendable {
  /// The longest side in pixels; 16 384 by default.
  public var side: Int
  /// The number of pixels; 100 million by default. Decoding one takes 3 bytes, and while it lasts up to 8 more.
  public var pixels: Int
  /// The size of the file in bytes; 256 MiB by default.
  public var fileBytes: Int

  /// Creates limits.
  public init(side: Int = 16_384, pixels: Int = 100_000_000, fileBytes: Int = 256 << 20) {
    self.side = side
    self.pixels = pixels
    self.fileBytes = fileBytes
  }

  /// The default limits.
  public static let standard = PictureLimits()

  /// What is wrong with a size; nil where it is allowed.
  func objection(width: Int, height: Int) -> PictureError.Reason? {
    let size = "\(width)×\(height) pixels"
    if width < 1 || height < 1 { return .damaged("\(size)") }
    if max(width, height) > side { return .tooLarge("\(size), and \(side) a side are the limit") }
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    if overflow || count > pixels { return .tooLarge("\(size), and \(pixels) in all are the limit") }
    return nil
  }
}
