import Synchronization

/// What threads find out about the pictures of a list.
final class Problems: Sendable {
  private let contents: Mutex<(errors: [PictureError?], bytes: [Int])>

  init(count: Int) { contents = Mutex((Array(repeating: nil, count: count), Array(repeating: 0, count: count))) }

  /// The first error of each picture.
  var found: [PictureError?] { contents.withLock { $0.errors } }
  /// What each takes in memory; 0 where that is not known.
  var bytes: [Int] { contents.withLock { $0.bytes } }

  func note(_ index: Int, bytes: Int) { contents.withLock { $0.bytes[index] = bytes } }

  func catching(_ index: Int, _ work: () throws(PictureError) -> Void) {
    do throws(PictureError) { try work() } catch {
      contents.withLock { if $0.errors[index] == nil { $0.errors[index] = error } }
    }
  }
}
