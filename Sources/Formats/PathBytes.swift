/// Names of files as text from which their bytes can be had again.
///
/// Linux takes any bytes for names, and most are UTF-8. A byte that is no part of valid UTF-8 becomes the character U+10FE00 + byte, which
/// nobody uses; where a name does hold such a character, each of its bytes is treated so. `printable` shows them as `\xfc`.
package enum PathBytes {
  private static let first: UInt32 = 0x10_fe80
  private static let base: UInt32 = 0x10_fe00

  /// The text for some bytes.
  package static func text(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self), !isEscaped(text) { return text }
    var result = String.UnicodeScalarView()
    var decoder = UTF8()
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      // One character, or one byte of what is none.
      var iterator = rest.makeIterator()
      if case .scalarValue(let scalar) = decoder.decode(&iterator), byte(scalar) == nil {
        result.append(scalar)
        rest = rest.dropFirst(UTF8.width(scalar))
      } else {
        for value in rest.prefix(escapedLength(rest)) { result.append(character(value)) }
        rest = rest.dropFirst(escapedLength(rest))
      }
      decoder = UTF8()
    }
    return String(result)
  }

  /// The bytes that a text stands for.
  package static func bytes(_ text: String) -> [UInt8] {
    guard isEscaped(text) else { return Array(text.utf8) }
    return text.unicodeScalars.flatMap { scalar in byte(scalar).map { [$0] } ?? Array(UTF8.encode(scalar).map(Array.init) ?? []) }
  }

  /// Whether some bytes of a text are no UTF-8.
  package static func isEscaped(_ text: String) -> Bool { text.utf8.contains(0xf4) && text.unicodeScalars.contains { byte($0) != nil } }

  /// Calls a system function with a path.
  package static func with<Result>(_ path: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    // Far the most paths are plain text.
    guard isEscaped(path) else { return path.withCString(body) }
    let bytes = bytes(path).map { CChar(bitPattern: $0) } + [0]
    return bytes.withUnsafeBufferPointer { buffer in buffer.baseAddress.map(body) ?? path.withCString(body) }
  }

  /// The byte that a character stands for.
  package static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
    scalar.value >= first && scalar.value < base + 256 ? UInt8(truncatingIfNeeded: scalar.value - base) : nil
  }

  private static func character(_ byte: UInt8) -> Unicode.Scalar { Unicode.Scalar(base + UInt32(byte)) ?? "?" }

  /// A character that is itself used for escapes is four bytes long; anything else that is no UTF-8 goes byte by byte.
  private static func escapedLength(_ bytes: ArraySlice<UInt8>) -> Int {
    guard bytes.first == 0xf4, bytes.count >= 4, let text = String(validating: bytes.prefix(4), as: UTF8.self), isEscaped(text) else {
      return 1
    }
    return 4
  }
}
