import CPictures

/// A picture's bytes, its header read and within the limits.
struct PictureDecoder {
  private let bytes: [UInt8]
  private let kind: PictureBytes.Kind
  private let header: PictureHeader

  /// The size as stored.
  var width: Int { Int(header.width) }
  var height: Int { Int(header.height) }

  init(_ bytes: [UInt8], limits: PictureLimits) throws(PictureError.Reason) {
    kind = try PictureBytes.kind(bytes)
    self.bytes = bytes
    header = try Self.header(bytes, kind, eighths: 8)
    if let objection = limits.objection(width: Int(header.width), height: Int(header.height)) { throw objection }
  }

  func decode(background: Picture.Colour, reducedTo side: Int?) throws(PictureError.Reason) -> Picture {
    let eighths = kind == .jpeg ? eighths(reducedTo: side) : 8
    let header = eighths == 8 ? header : try Self.header(bytes, kind, eighths: eighths)
    let (width, height) = (Int(header.decodedWidth), Int(header.decodedHeight))
    guard width > 0, height > 0, width <= self.width, height <= self.height else { throw .damaged("its sizes contradict each other") }
    let colour = [background.red, background.green, background.blue]
    var failure: (code: Int32, text: String)?
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      failure = Self.message { message in
        withUnsafePointer(to: header) { header in
          switch kind {
          case .jpeg: picture_jpeg_decode(bytes, bytes.count, Int32(eighths), header, buffer.baseAddress, message)
          case .png: picture_png_decode(bytes, bytes.count, header, colour, buffer.baseAddress, message)
          case .webp: picture_webp_decode(bytes, bytes.count, header, colour, buffer.baseAddress, message)
          case .tiff: picture_tiff_decode(bytes, bytes.count, header, colour, buffer.baseAddress, message)
          }
        }
      }
      count = failure == nil ? width * height * 3 : 0
    }
    if let failure { throw .damaged(failure.text) }
    return Picture(width, height, pixels).turned(orientation)
  }

  /// The smallest size, in eighths, whose shorter side is long enough.
  private func eighths(reducedTo side: Int?) -> Int {
    guard let side else { return 8 }
    return [1, 2, 4].first { (min(width, height) * $0 + 7) / 8 >= max(side, 1) } ?? 8
  }

  private var orientation: Int {
    switch kind {
    case .jpeg: Orientation.ofJPEG(bytes)
    case .png: Orientation.ofPNG(bytes)
    case .webp: Orientation.ofWebP(bytes)
    case .tiff: Int(header.orientation)
    }
  }

  private static func header(_ bytes: [UInt8], _ kind: PictureBytes.Kind, eighths: Int) throws(PictureError.Reason) -> PictureHeader {
    var header = PictureHeader()
    let failure = message { message in
      switch kind {
      case .jpeg: picture_jpeg_header(bytes, bytes.count, Int32(eighths), &header, message)
      case .png: picture_png_header(bytes, bytes.count, &header, message)
      case .webp: picture_webp_header(bytes, bytes.count, &header, message)
      case .tiff: picture_tiff_header(bytes, bytes.count, &header, message)
      }
    }
    if let failure { throw failure.code == pictureUnsupported ? .unsupported(failure.text) : .damaged(failure.text) }
    return header
  }

  /// What a decoder complains about; nil where all is well.
  private static func message(_ work: (UnsafeMutablePointer<CChar>?) -> Int32) -> (code: Int32, text: String)? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(pictureMessageSize)) { buffer in
      buffer.initialize(repeating: 0)
      let code = work(buffer.baseAddress)
      guard code != 0 else { return nil }
      return (code, String(decoding: buffer.lazy.map { UInt8(bitPattern: $0) }.prefix { $0 != 0 }, as: UTF8.self))
    }
  }
}

extension Picture {
  /// Upright, where it was stored with one of EXIF's orientations.
  func turned(_ orientation: Int) -> Picture {
    guard (2...8).contains(orientation) else { return self }
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { buffer, count in
      picture_orient(pixels, width, height, Int32(orientation), buffer.baseAddress)
      count = pixels.count
    }
    return orientation >= 5 ? Picture(height, width, turned) : Picture(width, height, turned)
  }
}
