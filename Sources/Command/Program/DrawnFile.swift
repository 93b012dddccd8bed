import Glissade
import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that a command draws into, a page or a picture. It takes the place of an earlier one, and of nothing else.
enum DrawnFile {
  case page
  case picture

  /// Sees whether a file may be written: nothing is there, or something that is made of characters like this one, or no file at all (a pipe, say).
  /// - Parameters:
  ///   - path: the file's.
  ///   - option: what names it, as `--out`.
  /// - Throws: `Misuse` where somebody's file would be lost, or the name promises another format.
  func check(_ path: String, _ option: String) throws(Misuse) {
    try checkContent(of: path, option)
    if let ending = Self.formats.first(where: { path.lowercased().hasSuffix(".\($0)") }), !endings.contains(ending) {
      throw Misuse(
        "\(option) is \(printable(path)), and what is written is \(format), no \(ending.uppercased()); take \(printable(path.dropLast(ending.count) + endings[0]))"
      )
    }
  }

  private func checkContent(of path: String, _ option: String) throws(Misuse) {
    if path.isEmpty { throw Misuse("\(option) is empty, and it has to name a file") }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else { return }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = descriptor < 0 ? 0 : max(read(descriptor, &bytes, bytes.count), 0)
    let beginning = String(decoding: bytes.prefix(count), as: UTF8.self).lowercased()
    let isOurs =
      switch self {
      case .page: beginning.hasPrefix("<!doctype html>")
      case .picture: beginning.hasPrefix("<svg")
      }
    if !isOurs { throw Misuse("\(option) is \(printable(path)), which is there and is no \(name); take another name, or remove it") }
  }

  /// Writes it, whole or not at all.
  /// - Throws: `Failure`.
  static func write(_ text: String, to path: String) throws(Failure) {
    do throws(FormatError) { try AtomicFile.write(path: path, text: text) } catch { throw Failure("\(error)") }
  }

  private var name: String {
    switch self {
    case .page: "page"
    case .picture: "picture of this kind (SVG)"
    }
  }

  private var format: String {
    switch self {
    case .page: "HTML"
    case .picture: "SVG"
    }
  }

  /// What its name may end in, the usual one first.
  private var endings: [String] {
    switch self {
    case .page: ["html", "htm"]
    case .picture: ["svg"]
    }
  }

  /// Endings by which whoever gives them expects a certain format.
  private static let formats = [
    "svg", "html", "htm", "png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "pdf", "ps", "eps", "csv", "json", "md", "txt",
  ]
}
