import Glibc

/// An event file that TensorBoard displays while it grows: values by step.
///
/// It is a record file of TensorFlow (length, its checksum, data, their checksum) that holds `Event` messages; see tensorflow's
/// `core/lib/io/record_writer.h` and `core/util/event.proto`. Each event reaches the file at once. A process that is killed leaves a last
/// record cut short at the worst, which TensorBoard passes over.
public final class TensorBoardFile {
  /// The file.
  public let path: String
  private let descriptor: Int32

  /// The last step of which events were taken over; `nil` where none were.
  public let lastKept: Int?

  /// Makes an event file in a folder. Those of this kind that are there already are removed, but no other program's, so that the folder tells
  /// one story; what they held of some steps is taken over.
  /// - Parameters:
  ///   - folder: where.
  ///   - time: seconds since 1970, part of the name and of the first event.
  ///   - kept: the steps whose events are taken over; default none.
  /// - Throws: `FormatError` where the file cannot be made or written.
  public init(replacingIn folder: String, time: Double, keeping kept: ClosedRange<Int>? = nil) throws(FormatError) {
    let (events, last) = kept.map { Self.events(in: folder, of: $0) } ?? ([], nil)
    lastKept = last
    Self.removeAll(in: folder)
    path = "\(folder)/\(Self.prefix)\(Int64(time))\(Self.suffix)"
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw .system("create", path) }
    try append(Self.version(time: time))
    for event in events { try append(event) }
  }

  deinit { close(descriptor) }

  private static let prefix = "events.out.tfevents."
  private static let suffix = ".glissade"

  /// Whether a file is called as this type calls its files.
  public static func isOwn(_ name: String) -> Bool { name.hasPrefix(prefix) && name.hasSuffix(suffix) }

  /// Removes the event files of a folder that this type has made.
  public static func removeAll(in folder: String) {
    for name in names(in: folder) { unlink("\(folder)/\(name)") }
  }

  /// The names of such files, in their order.
  private static func names(in folder: String) -> [String] {
    guard let entries = opendir(folder) else { return [] }
    defer { closedir(entries) }
    var names: [String] = []
    while let entry = readdir(entries) {
      names.append(withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names.filter(isOwn).sorted()
  }

  /// The events of such files that hold values of some steps. What is behind damage is left out.
  private static func events(in folder: String, of steps: ClosedRange<Int>) -> (events: [[UInt8]], last: Int?) {
    var (events, last): ([[UInt8]], Int?) = ([], nil)
    for name in names(in: folder) {
      guard let bytes = try? FileBytes.read(path: "\(folder)/\(name)", limit: largest) else { continue }
      var rest = bytes[...]
      while rest.count >= 16, let length = Int(exactly: number(rest.prefix(8))), length <= rest.count - 16 {
        let record = Array(rest.dropFirst(12).prefix(length))
        guard number(rest.dropFirst(12 + length).prefix(4)) == UInt64(CRC32C.masked(record)) else { break }
        rest = rest.dropFirst(16 + length)
        guard let at = self.step(of: record), steps.contains(at) else { continue }
        events.append(record)
        last = max(last ?? at, at)
      }
    }
    return (events, last)
  }

  /// What is larger is begun anew.
  private static let largest = 1 << 28

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

  /// The step of an event as this type writes it: wall_time = 1, step = 2, summary = 5. `nil` for the first event of a file, which has none.
  private static func step(of event: [UInt8]) -> Int? {
    guard event.count > 10, event[0] == 1 << 3 | 1, event[9] == 2 << 3 else { return nil }
    var value: UInt64 = 0
    for (index, byte) in event[10...].prefix(10).enumerated() {
      value |= UInt64(byte & 0x7F) << UInt64(7 * index)
      if byte < 0x80 { return Int(exactly: Int64(bitPattern: value)) }
    }
    return nil
  }

  /// Appends the values of a step.
  /// - Parameters:
  ///   - step: where on the axis.
  ///   - time: seconds since 1970.
  ///   - scalars: values by their tags; a tag's part before `/` is the group that it is shown in.
  /// - Throws: `FormatError` with the errno of a failed write.
  public func add(step: Int, time: Double, _ scalars: [(tag: String, value: Float)]) throws(FormatError) {
    try add(step: step, time: time, values: scalars.map { ($0.tag, .scalar($0.value)) })
  }

  /// Appends the values of a step, of any kind.
  public func add(step: Int, time: Double, values: [(tag: String, value: TensorBoardValue)]) throws(FormatError) {
    guard !values.isEmpty else { return }
    try append(Self.event(step: step, time: time, values))
  }

  /// The first event of every file: Event { wall_time = 1, file_version = 3 }.
  private static func version(time: Double) -> [UInt8] {
    var event = ProtobufWriter()
    event.double(1, time)
    event.text(3, "brain.Event:2")
    return event.bytes
  }

  /// Event { wall_time = 1, step = 2, summary = 5 { value = 1 } }.
  private static func event(step: Int, time: Double, _ values: [(tag: String, value: TensorBoardValue)]) -> [UInt8] {
    var event = ProtobufWriter()
    event.double(1, time)
    event.integer(2, Int64(step))
    event.message(5) { summary in
      for each in values { summary.message(1) { each.value.write(each.tag, to: &$0) } }
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
