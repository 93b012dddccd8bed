import Foundation
import GlissadePictures
import TestSupport
import Testing

/// Files that are damaged, cut short, or meant to hurt: each is refused with its name and the reason.
@Suite struct HostileTests {
  private func refusal(_ bytes: [UInt8], limits: PictureLimits = .standard) -> String? {
    do throws(PictureError) {
      _ = try Picture(bytes: bytes, path: "x.jpg", limits: limits)
      return nil
    } catch {
      #expect(error.path == "x.jpg" && error.description.hasPrefix("x.jpg: ") && !error.description.contains("\n"))
      return error.description
    }
  }

  private func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: PictureFixtures.path(name))))
  }

  @Test(arguments: PictureFixtures.names) func everyTruncationIsRefused(name: String) throws {
    let whole = try bytes(name)
    #expect(refusal(whole) == nil)
    // libtiff puts the directory at the end, and with that what concerns no pixels.
    let isFree = name.contains(".tif")
    let picture = try Picture(bytes: whole, path: "x")
    for count in [1, 2, 3, 8, whole.count - 2, whole.count - 1] + Array(stride(from: 0, to: whole.count, by: 64)) {
      let part = Array(whole.prefix(count))
      let isSame = isFree && (try? Picture(bytes: part, path: "x")) == picture
      #expect(refusal(part) != nil || isSame, "\(count) of \(whole.count) bytes")
    }
  }

  @Test func damagedData() throws {
    var png = try bytes("rgb.png")
    png[png.count / 2] ^= 0x55
    #expect(refusal(png)?.contains("damaged: ") == true)
    // A file that ends within the picture, followed by an end marker.
    let jpeg = try bytes("420.jpg")
    #expect(refusal(Array(jpeg.prefix(jpeg.count * 3 / 4)) + [0xff, 0xd9])?.contains("damaged: ") == true)
  }

  @Test func otherFormatsAreNamed() {
    func start(_ text: String, at offset: Int = 0) -> [UInt8] { [UInt8](repeating: 0, count: offset) + Array(text.utf8) }
    let kinds: [(String, [UInt8])] = [
      ("a GIF", start("GIF89a")), ("a BMP", start("BM1234")), ("text", start("Hello\n")), ("an AVIF", start("ftypavif", at: 4)),
      ("something unknown", [0, 1, 2, 3]), ("a PDF", start("%PDF-1.7")),
    ]
    for (name, bytes) in kinds { #expect(refusal(bytes) == "x.jpg: neither a JPEG nor a PNG, WebP or TIFF but \(name)") }
    #expect(refusal([]) == "x.jpg: the file is empty")
  }

  @Test func kindsThatAreNotDecodedAreNamed() throws {
    #expect(
      refusal(try bytes("float.tif"))
        == "x.jpg: cannot be decoded: a TIFF of floating-point numbers of 32 bits, and whole numbers of up to 16 bits are read")
  }

  @Test func tooLargeIsRefusedFromTheHeader() throws {
    func header(_ width: Int, _ height: Int) -> [UInt8] {
      HandmadePicture.file(HandmadePicture.header(width: width, height: height), data: [0])
    }
    #expect(refusal(header(100_000, 1))?.contains("too large: 100000×1 pixels, and 16384 a side are the limit") == true)
    #expect(refusal(header(16_000, 16_000))?.contains("too large: 16000×16000 pixels, and 100000000 in all") == true)
    #expect(refusal(header(0, 5))?.contains("damaged") == true)
    #expect(refusal(header(0x7fff_ffff, 0x7fff_ffff)) != nil)
    // The same of a JPEG: its frame header says height, then width.
    var jpeg = try bytes("444.jpg")
    let frame = try #require(jpeg.indices.dropLast(9).first { jpeg[$0] == 0xff && jpeg[$0 + 1] == 0xc0 })
    jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0xff, 0xdc, 0xff, 0xdc])
    #expect(refusal(jpeg)?.contains("too large: 65500×65500 pixels") == true)
    for name in ["lossy.webp", "rgb.tif"] {
      #expect(refusal(try bytes(name), limits: PictureLimits(side: 23))?.contains("too large: 24×17 pixels") == true)
    }
    #expect(refusal(try bytes("rgb.png"), limits: PictureLimits(side: 23))?.contains("too large: 24×17 pixels") == true)
    #expect(refusal(try bytes("rgb.png"), limits: PictureLimits(side: 24, pixels: 24 * 17)) == nil)
    #expect(throws: PictureError.self) {
      try Picture(contentsOf: PictureFixtures.path("rgb.png"), limits: PictureLimits(fileBytes: 100))
    }
  }

  /// A picture of a few bytes that would be far larger than it says, and texts that would fill the memory: neither is unpacked.
  @Test func bombs() {
    let million = [UInt8](repeating: 0, count: 4 << 20)
    let long = HandmadePicture.file(HandmadePicture.header(width: 2, height: 2), data: [UInt8](repeating: 0, count: 14) + million)
    // What follows the last row concerns nobody.
    _ = refusal(long)
    let text = HandmadePicture.chunk("zTXt", Array("Comment".utf8) + [0, 0] + HandmadePicture.zlib(million))
    let profile = HandmadePicture.chunk("iCCP", Array("p".utf8) + [0, 0] + HandmadePicture.zlib(million))
    let rows: [UInt8] = [0, 1, 2, 3, 4, 5, 6, 0, 7, 8, 9, 10, 11, 12]
    let before = residentBytes()
    for _ in 0..<50 {
      #expect(refusal(HandmadePicture.file(HandmadePicture.header(width: 2, height: 2), data: rows, before: [profile, text])) == nil)
    }
    #expect(residentBytes() - before < 100 << 20)
  }

  /// A small progressive file that repeats a scan would keep a processor busy for as long as it likes.
  @Test func scansWithoutEnd() throws {
    let jpeg = try bytes("422-progressive.jpg")
    let scans = jpeg.indices.dropLast().filter { jpeg[$0] == 0xff && jpeg[$0 + 1] == 0xda }
    let last = try #require(scans.last)
    let scan = jpeg[last..<(jpeg.count - 2)]
    var many = Array(jpeg.dropLast(2))
    for _ in 0..<150 { many += scan }
    many += [0xff, 0xd9]
    #expect(refusal(many)?.contains("damaged") == true)
  }

  @Test func whatIsNoFile() {
    #expect(throws: PictureError(path: "/no/such.png", reason: .system(call: "open", code: ENOENT))) {
      try Picture(contentsOf: "/no/such.png")
    }
    #expect(throws: PictureError(path: "/tmp", reason: .notRegular)) { try Picture(contentsOf: "/tmp") }
    #expect(throws: PictureError(path: "/dev/null", reason: .notRegular)) { try Picture(contentsOf: "/dev/null") }
  }

  @Test func nonsenseInEXIFIsUpright() throws {
    let upright = try Picture(bytes: bytes("orientation-1.jpg"), path: "x")
    let jpeg = try bytes("orientation-6.jpg")
    let place = try #require(jpeg.indices.first { jpeg[$0...].starts(with: Array("Exif".utf8)) })
    // Every byte of the tag's way replaced by nonsense: the picture is turned, or upright, or refused, and never worse.
    for offset in 0..<40 where place + offset < jpeg.count {
      for value: UInt8 in [0, 1, 9, 0x7f, 0xff] {
        var damaged = jpeg
        damaged[place + offset] = value
        if let picture = try? Picture(bytes: damaged, path: "x") { #expect(picture.pixels.count == upright.pixels.count) }
      }
    }
    var outOfRange = jpeg
    let tag = try #require(
      jpeg.indices.dropLast(10).first { Array(jpeg[$0..<$0 + 4]) == [1, 0x12, 0, 3] || Array(jpeg[$0..<$0 + 4]) == [0x12, 1, 3, 0] })
    for offset in 8..<12 { outOfRange[tag + offset] = 9 }
    #expect(try Picture(bytes: outOfRange, path: "x").width == 24)
  }

  private func residentBytes() -> Int {
    let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
  }
}
