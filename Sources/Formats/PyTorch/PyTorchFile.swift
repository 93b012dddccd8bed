/// A checkpoint that `torch.save` wrote, open for reading: what its pickle describes, and where the storages are.
final class PyTorchFile: WeightsSource {
  let path: String
  /// In the order of the dictionaries that hold them.
  let tensors: [WeightsTensor]
  /// Tensors that cannot be read.
  let unread: [UnreadTensor]
  /// What else there are values of.
  let opaqueClasses: [OpaqueClass]

  private let content: any StorageContent
  private let layouts: [StoredTensor]

  /// A tensor and its storage.
  struct StoredTensor {
    let storage: Int
    let layout: StridedLayout
  }

  /// Names the tensors of a pickle and checks that each lies in its storage.
  init(path: String, root: PickleValue, heap: PickleHeap, content: any StorageContent, fileSize: UInt64) throws(FormatError) {
    var listing = CheckpointListing(path: path, heap: heap, fileSize: fileSize)
    try listing.add(root)
    self.path = path
    self.content = content
    tensors = listing.tensors
    layouts = listing.layouts
    unread = listing.unread
    opaqueClasses = OpaqueClass.all(in: heap)
  }

  func readsInPieces(_ tensor: WeightsTensor) -> Bool {
    layouts[tensor.index].layout.isContiguous && content.readsInPieces(layouts[tensor.index].storage)
  }

  func read(_ tensor: WeightsTensor, from first: Int, into destination: UnsafeMutableRawBufferPointer) throws(FormatError) {
    guard destination.count > 0 else { return }
    let (storage, layout) = (layouts[tensor.index].storage, layouts[tensor.index].layout)
    let size = tensor.type.size
    if layout.isContiguous {
      try content.read(storage, from: layout.offset * size + first, into: destination)
    } else if let last = layout.last {
      var span = [UInt8](repeating: 0, count: (last - layout.offset + 1) * size)
      try span.withMemory { (span) throws(FormatError) in
        try content.read(storage, from: layout.offset * size, into: span)
        layout.gather(UnsafeRawBufferPointer(span), elementSize: size, into: destination)
      }
    }
    if content.isBigEndian { swapBytes(destination, elementSize: size) }
  }

  private func swapBytes(_ bytes: UnsafeMutableRawBufferPointer, elementSize size: Int) {
    guard size > 1 else { return }
    for first in stride(from: 0, to: bytes.count, by: size) { bytes[first..<first + size].reverse() }
  }
}

/// The bytes of a checkpoint's storages.
protocol StorageContent: Sendable {
  /// Whether numbers have their most significant byte first.
  var isBigEndian: Bool { get }

  /// Whether a part of a storage costs no more than its share.
  func readsInPieces(_ storage: Int) -> Bool

  /// Reads a part of a storage, which the caller has found to lie in it.
  func read(_ storage: Int, from first: Int, into destination: UnsafeMutableRawBufferPointer) throws(FormatError)
}
