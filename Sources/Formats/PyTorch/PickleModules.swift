/// Whole modules, as `torch.save(model)` writes them: what is in them is found without their classes.
extension PickleInterpreter {
  /// Where in a module's attributes its dictionaries are: `Module.__init__` makes them before any other.
  private static let furthest = 64

  /// The parameters, the buffers that a `state_dict` has, and the modules in a module, by turns with their names.
  /// - Parameter state: the attributes of an object, keys and values by turns.
  /// - Returns: `nil` where it is no module.
  mutating func moduleEntries(of state: Int) throws(FormatError) -> [PickleValue]? {
    var parts: [String: PickleValue] = [:]
    let attributes = heap.sequences[state]
    for index in stride(from: 0, to: min(attributes.count, 2 * Self.furthest), by: 2) {
      guard case .string(let key) = attributes[index], heap.strings[key].hasPrefix("_") else { continue }
      parts[heap.strings[key]] = attributes[index + 1]
    }
    guard case .dictionary(let parameters) = parts["_parameters"], case .dictionary(let buffers) = parts["_buffers"],
      case .dictionary(let modules) = parts["_modules"]
    else { return nil }
    var omitted: Set<String> = []
    if case .list(let names) = parts["_non_persistent_buffers_set"] {
      try charge(32 * heap.sequences[names].count)
      for case .string(let name) in heap.sequences[names] { omitted.insert(heap.strings[name]) }
    }
    try charge(16 * heap.sequences[buffers].count)
    var entries = heap.sequences[parameters]
    let kept = heap.sequences[buffers]
    for index in stride(from: 0, to: kept.count, by: 2) {
      if case .string(let name) = kept[index], omitted.contains(heap.strings[name]) { continue }
      entries += kept[index...index + 1]
    }
    return entries + heap.sequences[modules]
  }
}
