/// Finding a model's weights in a checkpoint that also holds an optimizer's state and the like.
extension WeightsFile {
  /// The keys under which people save a model's weights.
  static let usualKeys = ["state_dict", "model_state_dict", "model", "net", "network", "weights", "module"]

  /// A dictionary that has tensors, and how many.
  public struct Part: Equatable, Sendable {
    /// Its key in the dictionary it is in.
    public let key: String
    /// Tensors in it, at any depth.
    public let count: Int
  }

  /// The dictionaries and lists at the top of the file that have tensors in them, in order. None where a tensor is at the top itself, as in
  /// every safetensors file.
  public var parts: [Part] {
    guard tensors.allSatisfy({ $0.keys.count > 1 }) else { return [] }
    var order: [String] = []
    var counts: [String: Int] = [:]
    for tensor in tensors {
      if counts[tensor.keys[0]] == nil { order.append(tensor.keys[0]) }
      counts[tensor.keys[0], default: 0] += 1
    }
    return order.map { Part(key: $0, count: counts[$0, default: 0]) }
  }

  /// The tensors of a dictionary at the top of the file, under their names in there. Empty when there is none of that key.
  public func part(_ key: String) -> WeightsFile {
    listing(
      tensors.compactMap { tensor in
        guard tensor.keys.count > 1, tensor.keys[0] == key else { return nil }
        return tensor.named(Array(tensor.keys.dropFirst()))
      })
  }

  /// The weights of a checkpoint, under their names in the model.
  ///
  /// Goes down from the top of the file while all tensors are in one dictionary. Where several have tensors (weights and an optimizer's
  /// state, say), takes the one under a usual key: `state_dict`, `model_state_dict`, `model`, `net`, `network`, `weights`, `module`.
  /// - Throws: `FormatError` that lists the dictionaries when none or more than one has a usual key; `part(_:)` chooses.
  public func stateDictionary() throws(FormatError) -> WeightsFile {
    var file = self
    while true {
      let parts = file.parts
      if parts.isEmpty { return file }
      let usual = parts.count == 1 ? parts : parts.filter { Self.usualKeys.contains($0.key) }
      guard let choice = usual.first, usual.count == 1 else {
        let list = parts.prefix(8).map { "\(printable($0.key)) (\($0.count))" }.joined(separator: ", ")
        throw FormatError(
          path: path,
          reason: .malformed("several dictionaries have tensors in them: \(list)\(parts.count > 8 ? ", …" : ""); choose one by its key"))
      }
      file = file.part(choice.key)
    }
  }

  /// Without a prefix that every name has, such as the `module.` that PyTorch's DataParallel puts in front. The same file where one name has
  /// not, or where nothing would be left of one.
  public func removingPrefix(_ prefix: String = "module.") -> WeightsFile {
    guard !tensors.isEmpty, tensors.allSatisfy({ $0.name.hasPrefix(prefix) && $0.name != prefix }) else { return self }
    return listing(tensors.map { $0.named([String($0.name.dropFirst(prefix.count))]) })
  }
}

extension WeightsTensor {
  /// The same tensor under another name.
  func named(_ keys: [String]) -> WeightsTensor {
    WeightsTensor(name: keys.joined(separator: "."), keys: keys, type: type, shape: shape, byteCount: byteCount, index: index)
  }
}
