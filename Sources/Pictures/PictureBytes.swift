import Glibc
import GlissadeFormats

/// The bytes of a file that should be a picture.
enum PictureBytes {
  /// Reads a file, or its beginning.
  static func read(path: String, limit: Int, first: Int = .max) throws(PictureError) -> [UInt8] {
    // O_NONBLOCK: opening a pipe must fail below, not wait for a writer. Regular files ignore it.
    let descriptor = PathBytes.with(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else {
      let code = errno
      throw PictureError(path: path, reason: code == ENOENT && FileIdentity.isLink(path) ? .brokenLink : .system(call: "open", code: code))
    }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw PictureError(path: path, reason: .system(call: "inspect", code: errno)) }
    guard information.st_mode & S_IFMT == S_IFREG else { throw PictureError(path: path, reason: .notRegular) }
    let size = Int(information.st_size)
    guard size > 0 else { throw PictureError(path: path, reason: .empty) }
    guard size <= limit else {
      throw PictureError(path: path, reason: .tooLarge("a file of \(size) bytes, and \(limit) are the limit"))
    }
    let wanted = min(size, first)
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
      while count < wanted {
        let received = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, wanted - count)
        if received > 0 {
          count += received
        } else if received == 0 || errno != EINTR {
          code = received < 0 ? errno : 0
          break
        }
      }
    }
    if code != 0 { throw PictureError(path: path, reason: .system(call: "read", code: code)) }
    return bytes
  }

  /// The formats that are read, for messages.
  static let formats = "JPEG, PNG, WebP and TIFF"
  static let anyFormat = "JPEG, PNG, WebP or TIFF"

  /// The kinds of pictures that can be decoded.
  enum Kind {
    case jpeg, png, webp, tiff
  }

  /// What a file's content is, by its beginning; nil for anything that is not decoded, and for what cannot be read.
  static func kind(ofFile path: String) -> Kind? {
    let longestMark = 16
    guard let bytes = try? read(path: path, limit: .max, first: longestMark) else { return nil }
    return try? kind(bytes)
  }

  /// What the content is, whatever the file's name says.
  static func kind(_ bytes: [UInt8]) throws(PictureError.Reason) -> Kind {
    func begins(_ start: [UInt8], at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: start) }
    func begins(_ start: String, at offset: Int = 0) -> Bool { begins(Array(start.utf8), at: offset) }
    if begins([0xff, 0xd8, 0xff]) { return .jpeg }
    if begins([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) { return .png }
    if bytes.isEmpty { throw .empty }
    if begins("GIF8") { throw .otherFormat("a GIF") }
    if begins("RIFF"), begins("WEBP", at: 8) { return .webp }
    if begins("BM") { throw .otherFormat("a BMP") }
    // The second of each is for files beyond 4 GB, which small ones may use as well.
    if begins("II*\0") || begins("MM\0*") || begins("II+\0") || begins("MM\0+") { return .tiff }
    if begins("ftypavif", at: 4) { throw .otherFormat("an AVIF") }
    if begins("ftyphei", at: 4) || begins("ftypmif1", at: 4) { throw .otherFormat("a HEIF") }
    if begins([0xff, 0x0a]) || begins("JXL ", at: 4) { throw .otherFormat("a JPEG XL") }
    if begins([0x00, 0x00, 0x00, 0x0c, 0x6a, 0x50]) { throw .otherFormat("a JPEG 2000") }
    if begins("%PDF") { throw .otherFormat("a PDF") }
    if begins("<svg") || begins("<?xml") { throw .otherFormat("an SVG or another XML document") }
    if begins("P6") || begins("P5") || begins("P3") { throw .otherFormat("a PNM") }
    let isText = bytes.prefix(512).allSatisfy { $0 >= 0x20 && $0 != 0x7f || [0x09, 0x0a, 0x0d].contains($0) }
    throw .otherFormat(isText ? "text" : "something unknown")
  }
}

extension PictureError.Reason: Error {}
