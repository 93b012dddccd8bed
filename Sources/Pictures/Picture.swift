import CPictures

/// A picture in memory: RGB, one byte per channel.
public struct Picture: Equatable, Sendable {
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Red, green, blue of each pixel, row by row from the top: 3 · width · height bytes.
  public let pixels: [UInt8]

  /// A colour of one byte per channel.
  public struct Colour: Equatable, Sendable {
    /// Red, green and blue.
    public var red: UInt8, green: UInt8, blue: UInt8

    /// Creates a colour.
    public init(red: UInt8, green: UInt8, blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }

    /// 255 in every channel.
    public static let white = Colour(red: 255, green: 255, blue: 255)
    /// 0 in every channel.
    public static let black = Colour(red: 0, green: 0, blue: 0)
  }

  /// Creates a picture from pixels in memory; nil unless both sides are positive and there are 3 · width · height bytes.
  public init?(width: Int, height: Int, pixels: [UInt8]) {
    guard width > 0, height > 0, case (let count, false) = width.multipliedReportingOverflow(by: height),
      case (let bytes, false) = count.multipliedReportingOverflow(by: 3), pixels.count == bytes
    else { return nil }
    self.init(width, height, pixels)
  }

  init(_ width: Int, _ height: Int, _ pixels: [UInt8]) {
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Reads a JPEG, PNG, WebP or TIFF file, recognised by its content.
  ///
  /// JPEG: grey, RGB, YCbCr, and CMYK or YCCK, whose inks are taken to be inverted as Adobe's programs write them. PNG: grey, palette,
  /// RGB, each with or without transparency, up to 16 bits, interlaced or not. WebP: lossy or not, with or without transparency; of an
  /// animation the first picture. TIFF: whole numbers of up to 16 bits, of whatever colours and compression libtiff knows; of several
  /// pictures the first. Turned as EXIF says. Embedded colour profiles are not applied. A file that ends early, or is damaged so that pixels are missing, is refused.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - limits: how large the picture may be.
  ///   - background: the colour behind what is transparent; white by default.
  ///   - side: a JPEG may be decoded at a half, a quarter or an eighth of its size, several times as fast, as long as its shorter side
  ///     keeps at least this length; nil, the default, decodes all of it.
  /// - Throws: `PictureError`, which names the file and the reason.
  public init(
    contentsOf path: String, limits: PictureLimits = .standard, background: Colour = .white, reducedTo side: Int? = nil
  ) throws(PictureError) {
    let bytes = try PictureBytes.read(path: path, limit: limits.fileBytes)
    try self.init(bytes: bytes, path: path, limits: limits, background: background, reducedTo: side)
  }

  /// Reads a picture from memory; see `init(contentsOf:limits:background:reducedTo:)`.
  /// - Parameter path: what errors call it.
  public init(
    bytes: [UInt8], path: String, limits: PictureLimits = .standard, background: Colour = .white, reducedTo side: Int? = nil
  ) throws(PictureError) {
    do throws(PictureError.Reason) {
      let decoder = try PictureDecoder(bytes, limits: limits)
      self = try decoder.decode(background: background, reducedTo: side)
    } catch { throw PictureError(path: path, reason: error) }
  }

  /// Looks at a file's header alone: a cheap way to find files that are no pictures, or too large, before anything is decoded.
  /// - Returns: the size in pixels as stored, before EXIF's orientation.
  /// - Throws: `PictureError`.
  public static func size(
    ofFile path: String, limits: PictureLimits = .standard
  ) throws(PictureError) -> (width: Int, height: Int) {
    let usuallyEnough = 1 << 16
    let bytes = try PictureBytes.read(path: path, limit: limits.fileBytes, first: usuallyEnough)
    do throws(PictureError.Reason) {
      let decoder = try PictureDecoder(bytes, limits: limits)
      return (decoder.width, decoder.height)
    } catch .damaged where bytes.count == usuallyEnough {
      return try size(bytes: try PictureBytes.read(path: path, limit: limits.fileBytes), path: path, limits: limits)
    } catch { throw PictureError(path: path, reason: error) }
  }

  private static func size(bytes: [UInt8], path: String, limits: PictureLimits) throws(PictureError) -> (width: Int, height: Int) {
    do throws(PictureError.Reason) {
      let decoder = try PictureDecoder(bytes, limits: limits)
      return (decoder.width, decoder.height)
    } catch { throw PictureError(path: path, reason: error) }
  }
}
