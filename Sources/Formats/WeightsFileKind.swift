/// What a file of weights is by its first bytes, or what it is instead.
enum WeightsFileKind {
  case safetensors
  case archive
  case stream

  /// - Throws: `FormatError` that says what the file is, where that can be told.
  init(of file: InputFile) throws(FormatError) {
    let start = try file.bytes(at: 0, count: Int(min(file.size, 512)))
    if start.isEmpty {
      throw FormatError(path: file.path, reason: .malformed("truncated: an empty file; a download or a copy of it did not get any further"))
    }
    var cursor = LittleEndianCursor(start)
    if let length: UInt64 = cursor.number(), length <= file.size - 8, start.count > 8, start[8] == UInt8(ascii: "{") {
      // First of all, because the length in front of the header may look like anything else.
      self = .safetensors
    } else if start.starts(with: [0x50, 0x4b, 0x03, 0x04]) || start.starts(with: [0x50, 0x4b, 0x05, 0x06]) {
      self = .archive
    } else if let other = Self.otherKind(start) {
      throw FormatError(path: file.path, reason: .malformed(other))
    } else if start[0] == 0x80 || Self.isTextPickle(start) {
      self = .stream
    } else if start.count >= 8, start[6] == 0, start[7] == 0, start.contains(where: { $0 != 0 }) {
      // Such a length, if it is one, is not beyond all bounds; what is wrong with it is said by its reader.
      self = .safetensors
    } else {
      let zeros = start.allSatisfy { $0 == 0 }
      throw FormatError(
        path: file.path,
        reason: .malformed(
          "neither a safetensors file nor a PyTorch checkpoint, an archive or a stream"
            + (zeros ? ": it begins with zeros, as files do whose download was not finished" : "")))
    }
  }

  /// Protocols 0 and 1 have no mark of their own: they begin with a number, or, where somebody means harm, with a name.
  private static func isTextPickle(_ start: [UInt8]) -> Bool {
    if start.starts(with: "L119547037146038801333356".utf8) { return true }
    guard start[0] == UInt8(ascii: "c") || start[0] == UInt8(ascii: "(") else { return false }
    return start.prefix(64).contains(UInt8(ascii: "\n")) && !start.prefix(16).contains(0)
  }

  /// What people have in place of weights, with what to do about it.
  private static func otherKind(_ start: [UInt8]) -> String? {
    if start.count >= 262, start[257..<262].elementsEqual("ustar".utf8) {
      return
        "a tar archive, which is not read: unpack it, or, where it is the form of PyTorch's first versions, load it in PyTorch and save it again"
    }
    if let (_, text) = signatures.first(where: { start.starts(with: $0.bytes) }) { return text }
    if start.count >= 8, start[4..<8].elementsEqual("TFL3".utf8) { return "a TensorFlow Lite model" + instead }
    if isONNX(start) { return "an ONNX model, which is written here and not read" + instead }
    return text(start)
  }

  private static let instead = "; PyTorch checkpoints and safetensors files are read"

  private static let signatures: [(bytes: [UInt8], text: String)] = [
    ([0x1f, 0x8b], "compressed by gzip; unpack it (gunzip, or tar -xzf) and name what is in it"),
    ([0x28, 0xb5, 0x2f, 0xfd], "compressed by zstd; unpack it and name what is in it"),
    ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "compressed by xz; unpack it and name what is in it"),
    (Array("BZh".utf8), "compressed by bzip2; unpack it and name what is in it"),
    ([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "a 7z archive; unpack it and name what is in it"),
    (Array("Rar!".utf8), "a RAR archive; unpack it and name what is in it"),
    ([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a], "an HDF5 file, as Keras saves weights (.h5)" + instead),
    (Array("GGUF".utf8), "a GGUF file, as llama.cpp has them; it is neither a safetensors file nor a PyTorch checkpoint"),
    ([0x93] + Array("NUMPY".utf8), "a NumPy array (.npy)" + instead),
    ([0xff, 0xd8, 0xff], "a JPEG picture, not weights"), ([0x89] + Array("PNG".utf8), "a PNG picture, not weights"),
    (Array("%PDF".utf8), "a PDF document, not weights"), (Array("\u{7f}ELF".utf8), "a program, not weights"),
  ]

  /// A message whose first field is a small version, and whose second is the producer's name or the like.
  private static func isONNX(_ start: [UInt8]) -> Bool {
    guard start.count > 4, start[0] == 0x08, (1...32).contains(start[1]), start[2] == 0x12 || start[2] == 0x3a else { return false }
    return start[2] == 0x3a || start[4...].prefix(Int(min(start[3], 16))).allSatisfy { (0x20..<0x7f).contains($0) }
  }

  private static func text(_ start: [UInt8]) -> String? {
    let bytes = start.starts(with: [0xef, 0xbb, 0xbf]) ? start.dropFirst(3) : start[...]
    guard let first = bytes.first(where: { !($0 == 0x20 || (0x09...0x0d).contains($0)) }) else { return nil }
    // Cut where it may be within a character.
    let head = String(decoding: bytes, as: UTF8.self).drop { $0.isWhitespace }.prefix(200)
    if head.hasPrefix("version https://git-lfs.github.com/spec/") {
      return "a Git LFS pointer, which stands for weights that are not there: fetch them with 'git lfs pull'"
    }
    let lower = head.lowercased()
    if lower.hasPrefix("<!doctype") || lower.hasPrefix("<html") || lower.hasPrefix("<head") || lower.hasPrefix("<!--") {
      return "a web page (HTML), not weights: what was downloaded is the page about the file, or one that says why it cannot be had"
    }
    if lower.hasPrefix("<?xml") || lower.hasPrefix("<error") {
      return "an XML text, not weights: probably the server's message that the file cannot be had"
    }
    let isText = bytes.prefix(64).allSatisfy { $0 >= 0x20 && $0 < 0x7f || (0x09...0x0d).contains($0) }
    if isText, first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
      return "a JSON text, not weights: \(printable(String(head), limit: 80))"
    }
    return nil
  }
}
