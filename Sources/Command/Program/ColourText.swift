import Glissade

extension Picture.Colour {
  /// Reads `white`, `black`, or two hexadecimal digits each for red, green and blue, as in `#ffe0c0`.
  init?(_ text: String) {
    switch text {
    case "white": self = .white
    case "black": self = .black
    default:
      let digits = text.dropFirst()
      guard text.hasPrefix("#"), digits.utf8.count == 6, digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16) else {
        return nil
      }
      self.init(
        red: UInt8(truncatingIfNeeded: value >> 16), green: UInt8(truncatingIfNeeded: value >> 8), blue: UInt8(truncatingIfNeeded: value))
    }
  }

  /// `#rrggbb`.
  var text: String {
    let digits = String(UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue), radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }
}
