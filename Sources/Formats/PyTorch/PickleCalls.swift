/// What the functions and classes of `PickleGlobal` make, and the storages that a file keeps outside its pickle.
extension PickleInterpreter {
  /// PyTorch's own limit.
  private static let mostDimensions = 64

  mutating func call(_ function: PickleGlobal, _ arguments: [PickleValue]) throws(FormatError) -> PickleValue {
    switch function {
    case .orderedDictionary: return try dictionary(arguments)
    case .size: return .tuple(try makeSequence(try elements(arguments.first ?? .none, of: "torch.Size")))
    case .defaultDictionary: return try dictionary(Array(arguments.dropFirst()))
    case .set: return .list(try makeSequence(arguments.isEmpty ? [] : try elements(arguments[0], of: "a set")))
    case .other: return .other
    case .opaque(let name):
      // What PyTorch makes tensors of in ways that are not known here: sparse and quantized ones, and those of other devices.
      let text = heap.classNames[name]
      let isTensor = text.hasPrefix("torch.") && text.contains("._rebuild_")
      return try makeObject(name, fault: isTensor ? "made by \(text)" : nil)
    case .reconstructor:
      guard case .global(let function) = arguments.first else { throw malformed("an object without a class") }
      switch function {
      case .opaque(let name): return try makeObject(name)
      case .orderedDictionary: return try dictionary(Array(arguments.dropFirst(2)))
      default: throw malformed("an object of a class that makes none")
      }
    case .rebuildTensor: return try tensor(arguments, counts: 4...4, type: nil)
    case .rebuildTensor2: return try tensor(arguments, counts: 6...7, type: nil)
    case .rebuildTensor3:
      guard arguments.count >= 7, case .global(let global) = arguments[6] else { throw malformed("a tensor without a type") }
      switch global {
      case .dtype(let type): return try tensor(arguments, counts: 7...8, type: type)
      case .opaque(let name): return try makeObject(name, fault: "of the type \(heap.classNames[name])")
      default: throw malformed("a tensor without a type")
      }
    case .rebuildFromType:
      guard arguments.count >= 3, case .global(let function) = arguments[0], case .tuple(let own) = arguments[2] else {
        throw malformed("a tensor of a class without what makes it")
      }
      switch function {
      case .rebuildTensor, .rebuildTensor2, .rebuildTensor3, .parameter, .opaque: return try call(function, heap.sequences[own])
      default: throw malformed("a tensor of a class that nothing makes")
      }
    case .parameter:
      switch arguments.first {
      case .tensor(let tensor): return .tensor(tensor)
      case .object(let object): return .object(object)
      default: throw malformed("a parameter that is no tensor")
      }
    case .storage, .untypedStorage, .otherStorage, .dtype: throw malformed("it calls what is no function")
    }
  }

  /// From nothing, from another dictionary, or from a list of pairs, which is how Python 2 wrote an ordered one.
  private mutating func dictionary(_ arguments: [PickleValue]) throws(FormatError) -> PickleValue {
    switch arguments.first {
    case nil: return .dictionary(try makeSequence([]))
    case .dictionary(let sequence): return .dictionary(try makeSequence(heap.sequences[sequence]))
    case .list(let sequence):
      var values: [PickleValue] = []
      for pair in heap.sequences[sequence] {
        let pair = try elements(pair, of: "a dictionary's entry")
        guard pair.count == 2 else { throw malformed("a dictionary's entry that is no pair") }
        values += pair
      }
      return .dictionary(try makeSequence(values))
    default: throw malformed("a dictionary made from something else")
    }
  }

  mutating func makeObject(_ name: Int, fault: String? = nil) throws(FormatError) -> PickleValue {
    try charge(fault == nil ? 64 : 256)
    heap.objects.append(PickledObject(name: name, fault: fault))
    return .object(heap.objects.count - 1)
  }

  /// A name's place, under which its values are counted.
  mutating func className(_ text: String) throws(FormatError) -> Int {
    if let known = classIndices[text] { return known }
    try charge(128 + 2 * text.utf8.count)
    heap.classNames.append(text)
    classIndices[text] = heap.classNames.count - 1
    return heap.classNames.count - 1
  }

  private func elements(_ value: PickleValue, of what: String) throws(FormatError) -> [PickleValue] {
    switch value {
    case .tuple(let sequence), .list(let sequence): return heap.sequences[sequence]
    default: throw malformed("\(what) made from something that is no list")
    }
  }

  private func integers(_ value: PickleValue, of what: String) throws(FormatError) -> [Int] {
    let values = try elements(value, of: what)
    guard values.count <= Self.mostDimensions else { throw malformed("a tensor of \(values.count) dimensions") }
    var integers: [Int] = []
    for value in values {
      guard case .integer(let integer) = value else { throw malformed("\(what) that are no integers of 64 bits") }
      integers.append(integer)
    }
    return integers
  }

  /// (storage, offset, size, stride[, requires_grad, hooks[, type][, metadata]]); whether it lies in its storage is seen once it has a name.
  private mutating func tensor(
    _ arguments: [PickleValue], counts: ClosedRange<Int>, type: SafetensorsType?
  ) throws(FormatError) -> PickleValue {
    // Its storage may be what is not known here.
    if case .object(let object) = arguments.first { return .object(object) }
    guard counts.contains(arguments.count), case .storage(let view) = arguments[0], case .integer(let offset) = arguments[1] else {
      throw malformed("a tensor without a storage or an offset")
    }
    let shape = try integers(arguments[2], of: "sizes")
    let strides = try integers(arguments[3], of: "strides")
    guard shape.count == strides.count else { throw malformed("a tensor of \(shape.count) sizes and \(strides.count) strides") }
    if arguments.count == counts.upperBound, counts.count == 2, case .dictionary(let sequence) = arguments[counts.upperBound - 1],
      !heap.sequences[sequence].isEmpty
    {
      throw malformed("a tensor that is stored negated or conjugated")
    }
    if heap.views[view].isOther {
      return try makeObject(try className("torch.Tensor"), fault: "of complex or quantized numbers")
    }
    guard let type = type ?? heap.views[view].type else { throw malformed("a tensor without a type") }
    if let stored = heap.views[view].type, stored.size != type.size {
      throw malformed("a tensor of \(type.torchName) in a storage of \(stored.torchName)")
    }
    try charge(128 + 32 * shape.count)
    heap.tensors.append(PickledTensor(view: view, type: type, layout: StridedLayout(shape: shape, strides: strides, offset: offset)))
    return .tensor(heap.tensors.count - 1)
  }

  /// ("storage", class, key, location, count[, (key, offset, count) or None]); of old versions also ("module", class, file, source).
  mutating func storage(_ identifier: PickleValue) throws(FormatError) -> PickleValue {
    guard case .tuple(let sequence) = identifier else { throw malformed("a storage without a description") }
    let parts = heap.sequences[sequence]
    if parts.count >= 2, case .string(let kind) = parts[0], heap.strings[kind] == "module" { return parts[1] }
    guard parts.count == 5 || parts.count == 6, case .string(let kind) = parts[0], heap.strings[kind] == "storage",
      case .global(let global) = parts[1], case .string(let key) = parts[2], case .integer(let count) = parts[4]
    else { throw malformed("a storage that is not described as PyTorch does") }
    let type: SafetensorsType?
    var otherSize: Int?
    switch global {
    case .storage(let stored): type = stored
    case .untypedStorage: type = nil
    case .otherStorage(let size): (type, otherSize) = (nil, size)
    case .opaque(let name): return try makeObject(name, fault: "in a storage of the type \(heap.classNames[name])")
    default: throw malformed("a storage that is not described as PyTorch does")
    }
    let elementSize = type?.size ?? otherSize ?? 1
    guard count >= 0, case (let byteCount, false) = count.multipliedReportingOverflow(by: elementSize) else {
      throw malformed("a storage of \(count) elements")
    }
    let storage = PickledStorage(key: heap.strings[key], byteCount: byteCount, elementSize: elementSize)
    var view = PickledStorageView(storage: try index(of: storage), type: type, isOther: otherSize != nil, first: 0, count: count)
    if parts.count == 6, case .tuple(let part) = parts[5] {
      let part = heap.sequences[part]
      guard part.count == 3, case .integer(let first) = part[1], case .integer(let length) = part[2], first >= 0, length >= 0,
        case (let end, false) = first.addingReportingOverflow(length), end <= count
      else { throw malformed("a part of a storage that lies outside of it") }
      view = PickledStorageView(storage: view.storage, type: type, isOther: otherSize != nil, first: first, count: length)
    }
    try charge(64)
    heap.views.append(view)
    return .storage(heap.views.count - 1)
  }

  private mutating func index(of storage: PickledStorage) throws(FormatError) -> Int {
    if let known = storageIndices[storage.key] {
      guard heap.storages[known].byteCount == storage.byteCount else {
        throw malformed("storage \(printable(storage.key)) has \(heap.storages[known].byteCount) bytes and \(storage.byteCount)")
      }
      return known
    }
    try charge(160)
    heap.storages.append(storage)
    storageIndices[storage.key] = heap.storages.count - 1
    return heap.storages.count - 1
  }
}
