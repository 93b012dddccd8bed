import Glibc

/// An event file that TensorBoard displays while it grows: scalars by step.
///
/// It is a record file of TensorFlow (length, its checksum, data, their checksum) that holds `Event` messages; see tensorflow's
/// `core/lib/io/record_writer.h` and `core/util/event.proto`. Each event reaches the file at once. A process that is killed leaves a last
/// record cut short at the worst, which TensorBoard passes over.
public final class TensorBoardFile {
  /// The file.
  public let path: String
  private let descriptor: Int32

  /// Makes an event file in a folder. Those of this kind that are there already are removed, but no other program's: what they held is to be
  /// written again, so that the folder tells one story.
  /// - Parameters:
  ///   - folder: where.
  ///   - time: seconds since 1970, part of the name and of the first event.
  /// - Throws: `FormatError` where the file cannot be made or written.
  public init(replacingIn folder: String, time: Double) throws(FormatError) {
    Self.removeAll(in: folder)
    path = "\(folder)/\(Self.prefix)\(Int64(time))\(Self.suffix)"
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw .system("create", path) }
    try append(Self.version(time: time))
  }

  deinit { close(descriptor) }

  private static let prefix = "events.out.tfevents."
  private static let suffix = ".glissade"

  /// Whether a file is called as this type calls its files.
  public static func isOwn(_ name: String) -> Bool { name.hasPrefix(prefix) && name.hasSuffix(suffix) }

  /// Removes the event files of a folder that this type has made.
  public static func removeAll(in folder: String) {
    guard let entries = opendir(folder) else { return }
    var names: [String] = []
    while let entry = readdir(entries) {
      names.append(withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    closedir(entries)
    for name in names where isOwn(name) { unlink("\(folder)/\(name)") }
  }

  /// Appends the values of a step.
  /// - Parameters:
  ///   - step: where on the axis.
  ///   - time: seconds since 1970.
  ///   - scalars: values by their tags; a tag's part before `/` is the group that it is shown in.
  /// - Throws: `FormatError` with the errno of a failed write.
  public func add(step: Int, time: Double, _ scalars: [(tag: String, value: Float)]) throws(FormatError) {
    try append(Self.event(step: step, time: time, scalars))
  }

  /// The first event of every file: Event { wall_time = 1, file_version = 3 }.
  private static func version(time: Double) -> [UInt8] {
    var event = ProtobufWriter()
    event.double(1, time)
    event.text(3, "brain.Event:2")
    return event.bytes
  }

  /// Event { wall_time = 1, step = 2, summary = 5 { value = 1 { tag = 1, simple_value = 2 } } }.
  private static func event(step: Int, time: Double, _ scalars: [(tag: String, value: Float)]) -> [UInt8] {
    var event = ProtobufWriter()
    event.double(1, time)
    event.integer(2, Int64(step))
    event.message(5) { summary in
      for scalar in scalars {
        summary.message(1) { value in
          value.text(1, scalar.tag)
          value.float(2, scalar.value)
        }
      }
    }
    return event.bytes
  }

  private func append(_ event: [UInt8]) throws(FormatError) {
    func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }
    let length = little(UInt64(event.count))
    let record = length + little(CRC32C.masked(length)) + event + little(CRC32C.masked(event))
    // In one piece, so that a reader sees whole records.
    let writer = FileWriter(path: path, descriptor: descriptor)
    try writer.write(record)
    try writer.flush()
  }
}
