import Synchronization

/// Decoded pictures in memory. Which of them are kept is decided beforehand, so that it does not depend on which thread is first; what is
/// in stays in, because an epoch goes through all pictures, and throwing out the oldest would throw out what is needed next.
final class PictureStore: Sendable {
  private let isKept: [Bool]
  private let pictures: Mutex<[(picture: Picture, hash: UInt64)?]>

  init(keeping isKept: [Bool]) {
    self.isKept = isKept
    pictures = Mutex(Array(repeating: nil, count: isKept.count))
  }

  subscript(index: Int) -> Picture? { pictures.withLock { $0[index]?.picture } }

  /// Keeps a picture that is among those to keep, with the hash of its file.
  func keep(_ picture: Picture, _ hash: UInt64, at index: Int) {
    if isKept[index] { pictures.withLock { $0[index] = (picture, hash) } }
  }

  /// The hash of each picture's file, where the picture is kept.
  var hashes: [UInt64?] { pictures.withLock { $0.map { $0?.hash } } }

  /// Bytes of pixels that are kept.
  var bytes: Int { pictures.withLock { $0.reduce(0) { $0 + ($1?.picture.pixels.count ?? 0) } } }
}
