/// Writes the pickle of a state dictionary, in protocol 2, as `torch.save` would.
struct PickleWriter {
  private(set) var bytes: [UInt8] = []
  private var places: [String: UInt8] = [:]

  /// An ordered dictionary of tensors; tensor i is all of storage i.
  init(_ entries: [WeightsEntry]) {
    emit(.proto)
    bytes.append(2)
    dictionary()
    emit(.mark)
    for (index, entry) in entries.enumerated() {
      string(entry.name)
      tensor(entry, storage: index)
    }
    emit(.setItems)
    emit(.stop)
  }

  private mutating func emit(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

  /// `collections.OrderedDict()`
  private mutating func dictionary() {
    global("collections", "OrderedDict")
    emit(.emptyTuple)
    emit(.reduce)
  }

  private mutating func tensor(_ entry: WeightsEntry, storage: Int) {
    let count = entry.shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    // The newer types have no storage class: their storages are bytes, and the tensor knows the type.
    let storageClass = entry.type.torchStorageName
    global("torch._utils", storageClass == nil ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2")
    emit(.mark)
    emit(.mark)
    string("storage")
    if let storageClass { global("torch", storageClass) } else { global("torch.storage", "UntypedStorage") }
    string("\(storage)")
    string("cpu")
    integer(storageClass == nil ? count * entry.type.size : count)
    emit(.tuple)
    emit(.binPersID)
    integer(0)
    tuple(entry.shape)
    tuple(Self.strides(entry.shape))
    emit(.newFalse)
    dictionary()
    if storageClass == nil { global("torch", entry.type.torchName) }
    emit(.tuple)
    emit(.reduce)
  }

  /// Row-major.
  private static func strides(_ shape: [Int]) -> [Int] {
    var stride = 1
    return shape.reversed().map { size in
      defer { stride = stride.multipliedReportingOverflow(by: max(size, 1)).partialValue }
      return stride
    }.reversed()
  }

  private mutating func tuple(_ values: [Int]) {
    guard !values.isEmpty else { return emit(.emptyTuple) }
    emit(.mark)
    for value in values { integer(value) }
    emit(.tuple)
  }

  private mutating func integer(_ value: Int) {
    switch value {
    case 0..<1 << 8:
      emit(.binInt1)
      bytes.append(UInt8(value))
    case 0..<1 << 31:
      emit(.binInt)
      append(UInt32(value))
    default:
      emit(.long1)
      bytes.append(8)
      append(value)
    }
  }

  private mutating func string(_ text: String) {
    let text = Array(text.utf8)
    emit(.binUnicode)
    append(UInt32(truncatingIfNeeded: text.count))
    bytes += text
  }

  /// Named in full the first time, and recalled afterwards.
  private mutating func global(_ module: String, _ name: String) {
    let key = "\(module)\n\(name)\n"
    if let place = places[key] {
      emit(.binGet)
      bytes.append(place)
      return
    }
    emit(.global)
    bytes += Array(key.utf8)
    let place = UInt8(places.count)
    places[key] = place
    emit(.binPut)
    bytes.append(place)
  }

  private mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.littleEndian) { bytes += Array($0) }
  }
}
