/// How a camera was held, from 1 (upright) to 8: EXIF's tag 0x0112, in a JPEG's APP1 segment, a PNG's eXIf or
/// a WebP's EXIF chunk.
///
/// A picture without it, or with one that makes no sense, is upright.
enum Orientation {
  static func ofJPEG(_ bytes: [UInt8]) -> Int {
    var place = 2
    while place + 4 <= bytes.count, bytes[place] == 0xff {
      let marker = bytes[place + 1]
      // Fill bytes may come before a marker, and pictures after the start of a scan.
      if marker == 0xff {
        place += 1
        continue
      }
      if marker == 0xda || marker == 0xd9 { return 1 }
      let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
      let end = place + 2 + length
      guard length >= 2, end <= bytes.count else { return 1 }
      let segment = bytes[(place + 4)..<end]
      if marker == 0xe1, segment.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0]) { return inTIFF(segment.dropFirst(6)) }
      place = end
    }
    return 1
  }

  static func ofPNG(_ bytes: [UInt8]) -> Int {
    var place = 8
    while place + 12 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - place - 12 else { return 1 }
      let data = bytes[(place + 8)..<(place + 8 + length)]
      if bytes[(place + 4)..<(place + 8)].elementsEqual("eXIf".utf8) { return inTIFF(data) }
      place += 12 + length
    }
    return 1
  }

  static func ofWebP(_ bytes: [UInt8]) -> Int {
    var place = 12
    while place + 8 <= bytes.count {
      let length = bytes[(place + 4)..<(place + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - place - 8 else { return 1 }
      if bytes[place..<(place + 4)].elementsEqual("EXIF".utf8) {
        let data = bytes[(place + 8)..<(place + 8 + length)]
        // Some write it with the mark that it has in a JPEG.
        return inTIFF(data.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0]) ? data.dropFirst(6) : data)
      }
      place += 8 + length + length % 2
    }
    return 1
  }

  /// The first directory's orientation.
  private static func inTIFF(_ data: ArraySlice<UInt8>) -> Int {
    let isLittle = data.starts(with: [0x49, 0x49, 0x2a, 0])
    guard isLittle || data.starts(with: [0x4d, 0x4d, 0, 0x2a]) else { return 1 }
    func number(_ offset: Int, _ size: Int) -> Int? {
      guard offset >= 0, offset <= data.count - size else { return nil }
      let part = data[(data.startIndex + offset)..<(data.startIndex + offset + size)]
      return isLittle ? part.reversed().reduce(0) { $0 << 8 | Int($1) } : part.reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(4, 4), let entries = number(directory, 2) else { return 1 }
    for entry in 0..<entries {
      let place = directory + 2 + 12 * entry
      guard let tag = number(place, 2) else { return 1 }
      // One number of 16 bits.
      if tag == 0x0112, number(place + 2, 2) == 3, number(place + 4, 4) == 1, let value = number(place + 8, 2), (1...8).contains(value) {
        return value
      }
    }
    return 1
  }
}
