/// Finds the tensors in nested dictionaries, lists, tuples and modules, and gives each its path.
struct CheckpointListing {
  private(set) var tensors: [WeightsTensor] = []
  private(set) var layouts: [PyTorchFile.StoredTensor] = []
  /// Tensors that cannot be read.
  private(set) var unread: [UnreadTensor] = []

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
    guard try hasTensors(root, depth: 0) else { throw malformed("no tensors in it" + othersInIt) }
    try add(root, keys: [])
    guard tensors.isEmpty, let first = unread.first else { return }
    throw malformed("none of its \(unread.count) tensors can be read: \(printable(first.name)) is \(first.reason)")
  }

  /// What there is instead, such as NumPy's arrays.
  private var othersInIt: String {
    let classes = OpaqueClass.all(in: heap)
    guard !classes.isEmpty else { return "" }
    let list = classes.prefix(4).map { "\(printable($0.name)) (\($0.count))" }.joined(separator: ", ")
    return "; it holds values of \(list)\(classes.count > 4 ? ", …" : ""). In PyTorch, save the model's state_dict() instead"
  }

  private func malformed(_ text: String) -> FormatError { FormatError(path: path, reason: .malformed(text)) }

  // Each sequence is looked through once, however often others refer to it.
  private mutating func hasTensors(_ value: PickleValue, depth: Int) throws(FormatError) -> Bool {
    switch value {
    case .tensor: return true
    case .object(let object):
      if heap.objects[object].fault != nil { return true }
      return try heap.objects[object].entries.map { (entries) throws(FormatError) in try hasTensors(.dictionary(entries), depth: depth) }
        ?? false
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

  /// - Parameter isInModule: whether names go on in the last key: a module's are paths.
  private mutating func add(_ value: PickleValue, keys: [String], isInModule: Bool = false) throws(FormatError) {
    guard try hasTensors(value, depth: keys.count) else { return }
    switch value {
    case .list(let sequence), .tuple(let sequence), .dictionary(let sequence): visits += heap.sequences[sequence].count
    default: break
    }
    guard visits <= Self.mostVisits else { throw malformed("lists and dictionaries with more than \(Self.mostVisits) elements in all") }
    switch value {
    case .tensor(let tensor): try add(heap.tensors[tensor], keys: keys.isEmpty ? ["tensor"] : keys)
    case .object(let object): try add(heap.objects[object], keys: keys, isInModule: isInModule)
    case .list(let sequence), .tuple(let sequence):
      for (index, element) in heap.sequences[sequence].enumerated() { try add(element, keys: keys + ["\(index)"]) }
    case .dictionary(let sequence): try add(entries: sequence, keys: keys, isInModule: isInModule)
    default: break
    }
  }

  private mutating func add(entries sequence: Int, keys: [String], isInModule: Bool) throws(FormatError) {
    let values = heap.sequences[sequence]
    for index in stride(from: 0, to: values.count, by: 2) where try hasTensors(values[index + 1], depth: keys.count) {
      let key = key(values[index], at: index / 2)
      let path = isInModule ? keys.dropLast() + [(keys.last ?? "") + "." + key] : keys + [key]
      try add(values[index + 1], keys: path, isInModule: isInModule)
    }
  }

  private mutating func add(_ object: PickledObject, keys: [String], isInModule: Bool) throws(FormatError) {
    if let reason = object.fault {
      let keys = keys.isEmpty ? ["tensor"] : keys
      unread.append(UnreadTensor(keys: keys, reason: reason))
      return try charge(names: keys.joined(separator: "."))
    }
    guard let entries = object.entries else { return }
    visits += heap.sequences[entries].count
    guard object.isModule, !isInModule else { return try add(entries: entries, keys: keys, isInModule: isInModule) }
    // A module's first names are keys of their own, as its state_dict has them.
    let values = heap.sequences[entries]
    for index in stride(from: 0, to: values.count, by: 2) where try hasTensors(values[index + 1], depth: keys.count) {
      try add(values[index + 1], keys: keys + [key(values[index], at: index / 2)], isInModule: true)
    }
  }

  /// Dictionaries of a training's state have keys of all kinds: numbers, classes, tuples.
  private func key(_ value: PickleValue, at index: Int) -> String {
    switch value {
    case .string(let string): heap.strings[string]
    case .integer(let integer): "\(integer)"
    case .boolean(let value): value ? "True" : "False"
    case .number(let number): "\(number)"
    case .global(.opaque(let name)): heap.classNames[name]
    default: "(\(index))"
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
    try charge(names: name)
    guard totalBytes <= fileSize.multipliedReportingOverflow(by: Self.mostRepetition).partialValue else {
      throw malformed("its tensors have more than \(Self.mostRepetition) times the file's bytes")
    }
  }

  private mutating func charge(names name: String) throws(FormatError) {
    namesBytes += 2 * name.utf8.count + 256
    let namesLimit = fileSize / 2 + (32 << 20)
    guard namesBytes <= namesLimit else { throw malformed("the names of its tensors need more than \(namesLimit) bytes") }
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
