import GlissadeData
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Rows of numbers, in memory or in a file without a name. Filled by one thread; read by any, also meanwhile.
final class FeatureStore: Sendable {
  /// Numbers in a row.
  let width: Int
  private let count: Int
  private let place: Place
  private let filled = Mutex(0)

  private enum Place {
    case memory(UnsafeMutablePointerBox)
    case file(Int32, folder: String)
  }

  /// Memory that is written once, before it is read.
  private struct UnsafeMutablePointerBox: @unchecked Sendable {
    let numbers: UnsafeMutableBufferPointer<Float>
  }

  /// - Parameters:
  ///   - width: numbers in a row.
  ///   - count: rows.
  ///   - folder: where the file is; `nil` for memory.
  /// - Throws: `DataError` where there is no room.
  init(width: Int, count: Int, folder: String?) throws(DataError) {
    self.width = width
    self.count = count
    guard let folder else {
      let size = max(width * count, 1)
      guard let memory = malloc(4 * size) else { throw .outOfMemory(what: "a backbone's features", bytes: 4 * size) }
      let numbers = UnsafeMutableBufferPointer(start: memory.bindMemory(to: Float.self, capacity: size), count: size)
      place = .memory(UnsafeMutablePointerBox(numbers: numbers))
      return
    }
    var template = Array("\(folder)/glissade-features-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    guard file >= 0 else {
      throw .unreadable(path: folder, message: "no file for features can be made there: \(String(cString: strerror(errno)))")
    }
    unlink(template)
    _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    place = .file(file, folder: folder)
  }

  deinit {
    switch place {
    case .memory(let box): free(box.numbers.baseAddress)
    case .file(let file, _): close(file)
    }
  }

  /// Adds whole rows behind those that are there.
  func append(_ rows: [Float]) throws(DataError) {
    let start = filled.withLock { $0 } * width
    guard width > 0, rows.count % width == 0, start + rows.count <= width * count else {
      throw .wrongSize(what: "features", found: start + rows.count, expected: width * count)
    }
    switch place {
    case .memory(let box): _ = box.numbers[start...].update(fromContentsOf: rows)
    case .file(let file, let folder):
      let problem = rows.withUnsafeBytes { bytes in
        Self.transfer(bytes.count) { done in
          pwrite(file, bytes.baseAddress.map { $0 + done }, bytes.count - done, 4 * start + done)
        }
      }
      if let problem { throw .unreadable(path: folder, message: "features cannot be kept there: \(problem)") }
    }
    filled.withLock { $0 += rows.count / width }
  }

  /// Reads a row.
  func read(_ row: Int, into target: UnsafeMutableBufferPointer<Float>) throws(DataError) {
    let available = filled.withLock { $0 }
    guard (0..<available).contains(row) else { throw .indexOutOfRange(index: row, count: available) }
    switch place {
    case .memory(let box): _ = target.update(fromContentsOf: box.numbers[(row * width)..<((row + 1) * width)])
    case .file(let file, let folder):
      let bytes = UnsafeMutableRawBufferPointer(target)
      let size = 4 * width
      let problem = Self.transfer(size) { done in
        pread(file, bytes.baseAddress.map { $0 + done }, size - done, size * row + done)
      }
      if let problem { throw .unreadable(path: folder, message: "features kept there cannot be read: \(problem)") }
    }
  }

  /// Repeats a call that may do less than it was asked to.
  /// - Returns: what went wrong.
  private static func transfer(_ count: Int, _ call: (_ done: Int) -> Int) -> String? {
    var done = 0
    while done < count {
      let moved = call(done)
      if moved > 0 {
        done += moved
      } else if moved == 0 {
        return "the file is shorter than it was"
      } else if errno != EINTR {
        return String(cString: strerror(errno))
      }
    }
    return nil
  }
}
