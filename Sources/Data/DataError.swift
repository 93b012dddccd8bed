import GlissadeFormats

/// What can go wrong with a dataset or a loader. Every case prints as one readable line that names the file or argument.
public enum DataError: Error, Equatable, Sendable {
  /// The folder does not exist; `hint` says how to get it, when that is known.
  case missingFolder(path: String, hint: String?)
  /// The path exists but is no folder.
  case notAFolder(path: String)
  /// The folder lacks a file; `tried` are the names looked for.
  case missingFile(folder: String, tried: [String], hint: String?)
  /// The operating system refused to open or read a file; `message` is its reason.
  case unreadable(path: String, message: String)
  /// A gzip file ends before its compressed data do.
  case truncatedGzip(path: String)
  /// A gzip file fails its check sum or is not gzip data; `message` is zlib's reason.
  case corruptGzip(path: String, message: String)
  /// The file does not begin with the number that marks its format.
  case wrongMagic(path: String, found: UInt32, expected: UInt32)
  /// The file holds fewer bytes than its header promises.
  case truncated(path: String, bytes: Int, expected: Int)
  /// The file holds more bytes than its header promises.
  case trailingBytes(path: String, expected: Int)
  /// A dimension in the header is zero or makes the data larger than memory can address.
  case badDimensions(path: String, dimensions: [Int])
  /// Something is wrong with a table, in a line (counted from 1) or a column where they are known.
  case table(path: String, line: Int?, column: String?, problem: String)
  /// Samples have another shape than they must have.
  case wrongShape(source: String, found: [Int], expected: [Int])
  /// Images and labels differ in number.
  case countMismatch(images: String, imageCount: Int, labels: String, labelCount: Int)
  /// A label is not in 0 ..< classes.
  case labelOutOfRange(source: String, index: Int, value: Int, classes: Int)
  /// A sample index is not in 0 ..< count.
  case indexOutOfRange(index: Int, count: Int)
  /// A destination is too small for the samples asked for.
  case destinationTooSmall(what: String, capacity: Int, needed: Int)
  /// The data given have another size than shape and count need.
  case wrongSize(what: String, found: Int, expected: Int)
  /// An argument lies outside its range; `requirement` says what would be right.
  case invalidArgument(name: String, value: String, requirement: String)
  /// More samples cannot be read than may be left out; `first` are the first reasons.
  case tooManyUnreadable(count: Int, total: Int, allowedShare: Double, first: [String])
  /// There is nothing to deliver: no samples, or fewer than one batch where short batches are dropped.
  case empty(what: String)
  /// All buffers of a loader are in the consumer's hands while it asks for one more batch.
  case batchesNotReturned(buffers: Int)
  /// Memory for a buffer could not be had.
  case outOfMemory(what: String, bytes: Int)
  /// There is less memory than samples would take.
  case tooLittleMemory(MemoryError)
  /// The background thread could not be started; `message` is the operating system's reason.
  case threadFailed(message: String)
}

extension DataError: CustomStringConvertible {
  /// The error as one readable line.
  public var description: String {
    switch self {
    case .missingFolder(let path, let hint): "\(path): no such folder" + Self.suffix(hint)
    case .notAFolder(let path): "\(path): not a folder"
    case .missingFile(let folder, let tried, let hint):
      "\(folder): none of the files " + tried.joined(separator: ", ") + " is there" + Self.suffix(hint)
    case .unreadable(let path, let message): "\(path): cannot be read: \(message)"
    case .truncatedGzip(let path): "\(path): truncated: the file ends within its compressed data"
    case .corruptGzip(let path, let message): "\(path): corrupt compressed data: \(message)"
    case .wrongMagic(let path, let found, let expected):
      "\(path): not the expected kind of IDX file: it begins with \(Self.hex(found)) instead of \(Self.hex(expected))"
    case .truncated(let path, let bytes, let expected): "\(path): truncated: \(bytes) bytes where the header promises \(expected)"
    case .trailingBytes(let path, let expected): "\(path): more than the \(expected) bytes its header promises"
    case .badDimensions(let path, let dimensions): "\(path): impossible dimensions \(dimensions)"
    case .table(let path, let line, let column, let problem):
      path + (line.map { ": line \($0)" } ?? "") + (column.map { ": column '\(Self.printable($0))'" } ?? "") + ": "
        + Self.printable(problem)
    case .wrongShape(let source, let found, let expected): "\(source): samples of shape \(found), expected \(expected)"
    case .countMismatch(let images, let imageCount, let labels, let labelCount):
      "\(images) holds \(imageCount) images but \(labels) holds \(labelCount) labels"
    case .labelOutOfRange(let source, let index, let value, let classes):
      "\(source): label \(value) of sample \(index) is not in 0 ..< \(classes), the number of classes"
    case .indexOutOfRange(let index, let count): "sample index \(index) is not in 0 ..< \(count)"
    case .destinationTooSmall(let what, let capacity, let needed):
      "the destination for \(what) holds \(capacity) elements, \(needed) are needed"
    case .wrongSize(let what, let found, let expected): "\(what): \(found) elements, expected \(expected)"
    case .invalidArgument(let name, let value, let requirement): "\(name) is \(value) but must be \(requirement)"
    case .tooManyUnreadable(let count, let total, let share, let first):
      "\(count) of \(total) cannot be used, and a share of \(share) may be left out (--unreadable): " + first.joined(separator: "; ")
        + (count > first.count ? "; …" : "")
    case .empty(let what): what
    case .batchesNotReturned(let buffers): "all \(buffers) batch buffers are in use: finish a batch before asking for the next"
    case .tooLittleMemory(let error): error.description
    case .outOfMemory(let what, let bytes): "no memory for \(what) (\(bytes) bytes)"
    case .threadFailed(let message): "the loader's thread could not be started: \(message)"
    }
  }

  /// On one line, whatever a file has put into it, and not longer than anybody reads.
  private static func printable(_ text: String) -> String {
    let characters = text.unicodeScalars.prefix(401).map { scalar in
      scalar.value < 32 || scalar.value == 127 || scalar.properties.isDefaultIgnorableCodePoint ? " " : Character(scalar)
    }
    return characters.count > 400 ? String(characters.prefix(400)) + "…" : String(characters)
  }

  private static func suffix(_ hint: String?) -> String {
    hint.map { "; " + $0 } ?? ""
  }

  private static func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
  }
}
