/// Finding a model's weights in a checkpoint that also holds an optimizer's state and the like.
extension WeightsFile {
  /// The suffixes of files of weights, for finding them in folders and archives.
  package static let usualSuffixes = [".safetensors", ".pth", ".pt", ".bin", ".pth.tar", ".ckpt"]

  /// The keys under which people save a model's weights, in the order in which they are taken: what was trained before what was averaged.
  static let usualKeys = [
    "state_dict", "model_state_dict", "model_state", "model", "net_state_dict", "network_state_dict", "net", "network", "module",
    "model_weights", "weights", "params", "state_dict_ema", "model_ema", "model_ema_state_dict", "ema_state_dict", "ema_model",
    "ema", "params_ema",
  ]

  /// Words in the keys of what a training has beside its model.
  private static let wordsOfTraining: Set<String> = [
    "optimizer", "optimizers", "optim", "opt", "scheduler", "schedulers", "lr", "scaler", "amp", "callbacks", "loops", "rng", "criterion",
    "loss", "metric", "metrics", "args", "config", "cfg", "hparams",
  ]

  /// Words in the keys of weights that are averages of what was trained.
  private static let wordsOfAverages: Set<String> = ["ema", "swa", "averaged", "avg", "teacher", "target", "momentum", "shadow", "k"]

  /// A dictionary that has tensors, and how many.
  public struct Part: Equatable, Sendable {
    /// Its key in the dictionary it is in.
    public let key: String
    /// Tensors in it, at any depth.
    public let count: Int
  }

  /// The dictionaries and lists at the top of the file that have tensors in them, in order; none in a safetensors file. There may be tensors
  /// beside them.
  public var parts: [Part] {
    var order: [String] = []
    var counts: [String: Int] = [:]
    for tensor in tensors where tensor.keys.count > 1 {
      if counts[tensor.keys[0]] == nil { order.append(tensor.keys[0]) }
      counts[tensor.keys[0], default: 0] += 1
    }
    return order.map { Part(key: $0, count: counts[$0, default: 0]) }
  }

  /// The tensors of a dictionary, under their names in there. Empty when there is none of that key.
  /// - Parameter key: its key at the top of the file; of one that is deeper, the keys that lead to it, joined by dots.
  public func part(_ key: String) -> WeightsFile {
    renaming { keys in
      var path = ""
      for count in 1..<max(keys.count, 1) {
        path += (count > 1 ? "." : "") + keys[count - 1]
        if path == key { return Array(keys[count...]) }
        if path.utf8.count >= key.utf8.count { return nil }
      }
      return nil
    }
  }

  /// The weights of a checkpoint, under their names in the model.
  ///
  /// Goes down from the top of the file while all tensors are in one dictionary. Where several have tensors (weights and an optimizer's
  /// state, say), takes the one under the first of the usual keys: `state_dict`, `model_state_dict`, `model_state`, `model`, `net`, `network`,
  /// `module`, `weights`, `params` and their kin, then those of averaged weights (`state_dict_ema`, `model_ema`, `ema`). Without any of these,
  /// takes the only one whose key is none of a training's state. Tensors at the top beside a dictionary of a usual key are left out.
  /// - Throws: `FormatError` that lists the dictionaries where none of this decides; `part(_:)` chooses.
  public func stateDictionary() throws(FormatError) -> WeightsFile {
    var file = self
    while let key = try file.keyOfWeights() { file = file.part(key) }
    return file
  }

  /// The key of the dictionary that the weights are in; `nil` where they are at the top.
  private func keyOfWeights() throws(FormatError) -> String? {
    let parts = parts
    let loose = tensors.reduce(0) { $0 + ($1.keys.count == 1 ? 1 : 0) }
    if let only = parts.first, parts.count == 1, loose == 0 { return only.key }
    func isUsual(_ part: Part) -> Bool { Self.rank(part.key) < Self.usualKeys.count }
    let usual = parts.filter(isUsual).sorted { Self.rank($0.key) < Self.rank($1.key) }
    if let first = usual.first, !Self.namesAverages(first.key) { return first.key }
    let others = parts.filter { Self.wordsOfTraining.isDisjoint(with: Self.words(of: $0.key)) }
    if let first = usual.first, others.allSatisfy(isUsual) { return first.key }
    guard loose == 0, !parts.isEmpty else { return nil }
    if let only = others.first, others.count == 1 { return only.key }
    let list = parts.prefix(8).map { "\(printable($0.key)) (\($0.count))" }.joined(separator: ", ")
    throw FormatError(
      path: path,
      reason: .malformed("several dictionaries have tensors in them: \(list)\(parts.count > 8 ? ", …" : ""); choose one by its key"))
  }

  /// A usual key's place among these, and their number for any other.
  package static func rank(_ key: String) -> Int {
    usualKeys.firstIndex(of: key.lowercased()) ?? usualKeys.count
  }

  /// Whether a key or a prefix speaks of averages.
  package static func namesAverages(_ name: String) -> Bool { !wordsOfAverages.isDisjoint(with: words(of: name)) }

  private static func words(of name: String) -> Set<String> {
    Set(name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init))
  }
}

extension WeightsTensor {
  /// The same tensor under another name.
  func named(_ keys: [String]) -> WeightsTensor {
    WeightsTensor(name: keys.joined(separator: "."), keys: keys, type: type, shape: shape, byteCount: byteCount, index: index)
  }
}
