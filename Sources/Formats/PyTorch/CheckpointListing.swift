/// Finds the tensors in nested dictionaries, lists and tuples, and gives each its path.
struct CheckpointListing {
  private(set) var tensors: [WeightsTensor] = []
  private(set) var layouts: [PyTorchFile.StoredTensor] = []

  private let path: String
  private let heap: PickleHeap
  private let fileSize: Int
  private var names: Set<String> = []
  private var totalBytes = 0
  private var namesBytes = 0
  private var visits = 0
  /// What is known of each sequence: whether there are tensors in it, or that it is being looked at.
  private var findings: [Finding]

  private enum Finding {
    case unknown
    case inProgress
    case empty
    case hasTensors
  }

  private static let deepest = 100
  /// Elements of containers looked at; a container can be in many places.
  private static let mostVisits = 1 << 22
  /// A checkpoint may use one storage many times, but not so often that a copy of it fills a disk.
  private static let mostRepetition = 256

  init(path: String, heap: PickleHeap, fileSize: UInt64) {
    self.path = path
    self.heap = heap
    self.fileSize = Int(clamping: fileSize)
    findings = Array(repeating: .unknown, count: heap.sequences.count)
  }

  /// Lists all tensors of a value. A tensor by itself is named `tensor`.
  mutating func add(_ root: PickleValue) throws(FormatError) {
    guard try hasTensors(root, depth: 0) else { throw malformed("no tensors in it") }
    try add(root, keys: [])
  }

  private func malformed(_ text: String) -> FormatError { FormatError(path: path, reason: .malformed(text)) }

  // Each sequence is looked through once, however often others refer to it.
  private mutating func hasTensors(_ value: PickleValue, depth: Int) throws(FormatError) -> Bool {
    switch value {
    case .tensor: return true
    case .list(let sequence), .tuple(let sequence), .dictionary(let sequence):
      switch findings[sequence] {
      case .hasTensors: return true
      case .empty: return false
      case .inProgress: throw malformed("a list or dictionary in it contains itself")
      case .unknown: break
      }
      guard depth < Self.deepest else { throw malformed("lists and dictionaries nested deeper than \(Self.deepest) levels") }
      findings[sequence] = .inProgress
      var found = false
      for element in heap.sequences[sequence] where try hasTensors(element, depth: depth + 1) { found = true }
      findings[sequence] = found ? .hasTensors : .empty
      return found
    default: return false
    }
  }

  private mutating func add(_ value: PickleValue, keys: [String]) throws(FormatError) {
    guard try hasTensors(value, depth: keys.count) else { return }
    switch value {
    case .list(let sequence), .tuple(let sequence), .dictionary(let sequence): visits += heap.sequences[sequence].count
    default: break
    }
    guard visits <= Self.mostVisits else { throw malformed("lists and dictionaries with more than \(Self.mostVisits) elements in all") }
    switch value {
    case .tensor(let tensor): try add(heap.tensors[tensor], keys: keys.isEmpty ? ["tensor"] : keys)
    case .list(let sequence), .tuple(let sequence):
      for (index, element) in heap.sequences[sequence].enumerated() { try add(element, keys: keys + ["\(index)"]) }
    case .dictionary(let sequence):
      let values = heap.sequences[sequence]
      for index in stride(from: 0, to: values.count, by: 2) where try hasTensors(values[index + 1], depth: keys.count) {
        try add(values[index + 1], keys: keys + [try key(values[index], in: keys)])
      }
    default: break
    }
  }

  private func key(_ value: PickleValue, in keys: [String]) throws(FormatError) -> String {
    switch value {
    case .string(let string): return heap.strings[string]
    case .integer(let integer): return "\(integer)"
    default: throw malformed("in \(printable(keys.joined(separator: "."))): a tensor under a key that is neither text nor an integer")
    }
  }

  private mutating func add(_ tensor: PickledTensor, keys: [String]) throws(FormatError) {
    let name = keys.joined(separator: ".")
    do throws(TensorFault) {
      guard names.insert(name).inserted else { throw .badName }
      let byteCount = try check(tensor)
      let listed = WeightsTensor(
        name: name, keys: keys, type: tensor.type, shape: tensor.layout.shape, byteCount: byteCount, index: tensors.count)
      tensors.append(listed)
      let view = heap.views[tensor.view]
      // The check has seen that this place exists.
      let layout = StridedLayout(
        shape: tensor.layout.shape, strides: tensor.layout.strides, offset: tensor.layout.offset &+ view.first)
      layouts.append(PyTorchFile.StoredTensor(storage: view.storage, layout: layout))
      totalBytes = totalBytes.addingReportingOverflow(byteCount).overflow ? .max : totalBytes + byteCount
    } catch {
      throw FormatError(path: path, reason: .tensor(name: name, error))
    }
    namesBytes += 2 * name.utf8.count + 256
    let namesLimit = fileSize / 2 + (32 << 20)
    guard namesBytes <= namesLimit else { throw malformed("the names of its tensors need more than \(namesLimit) bytes") }
    guard totalBytes <= fileSize.multipliedReportingOverflow(by: Self.mostRepetition).partialValue else {
      throw malformed("its tensors have more than \(Self.mostRepetition) times the file's bytes")
    }
  }

  /// The tensor's bytes, once it is certain that it lies in its storage.
  private func check(_ tensor: PickledTensor) throws(TensorFault) -> Int {
    let (layout, size, view) = (tensor.layout, tensor.type.size, heap.views[tensor.view])
    guard let byteCount = tensor.type.byteCount(shape: layout.shape) else { throw .badShape(layout.shape) }
    guard layout.offset >= 0, layout.strides.allSatisfy({ $0 >= 0 }) else { throw .badStrides(layout.strides, offset: layout.offset) }
    guard byteCount > 0 else { return 0 }
    let elements = view.type == nil ? view.count / size : view.count
    guard let last = layout.last else { throw .badStrides(layout.strides, offset: layout.offset) }
    guard last < elements else { throw .outsideStorage(last: last, elements: elements) }
    let storage = heap.storages[view.storage].byteCount
    guard byteCount <= max(storage, 1 << 20) else { throw .repeatsStorage(bytes: byteCount, storage: storage) }
    return byteCount
  }
}
