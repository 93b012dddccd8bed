/// What stands in front of a model's names in a file.
extension WeightsFile {
  /// What PyTorch's wrappers put in front of the names of all that they hold, and in the middle where they hold a part of a model:
  /// DataParallel and AveragedModel, torch.compile, FSDP and activation checkpoints.
  private static let wrappers: Set<Substring> = [
    "module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module",
  ]

  /// Names that people give to a model inside another.
  private static let usualPrefixes: Set<Substring> = ["model", "net", "network"]

  /// The last parts of the names of counters, which are no weights: of batches, of averaged models, and what profilers leave behind.
  private static let counters: Set<Substring> = ["num_batches_tracked", "n_averaged", "total_ops", "total_params"]

  /// Whether a name is a counter's.
  package static func isCounter(_ name: String) -> Bool {
    counters.contains(name.lastIndex(of: ".").map { name[name.index(after: $0)...] } ?? name[...])
  }

  /// Without a prefix that every name has. The same file where one name has not, or where nothing would be left of one.
  public func removingPrefix(_ prefix: String = "module.") -> WeightsFile {
    guard !tensors.isEmpty, tensors.allSatisfy({ $0.name.hasPrefix(prefix) && $0.name != prefix }) else { return self }
    return renaming { keys in
      let name = keys.joined(separator: ".")
      return name.hasPrefix(prefix) && name != prefix ? [String(name.dropFirst(prefix.count))] : nil
    }
  }

  /// The tensors behind a prefix, without it, and none of the others. Of wrappers (see `removingWrappers`) in front of it nothing need be said.
  /// - Parameter prefix: with or without the dot at its end, as in `backbone` or `module.encoder_q.`.
  /// - Throws: `FormatError` with the prefixes that there are, where nothing has this one.
  public func tensors(under prefix: String) throws(FormatError) -> WeightsFile {
    if prefix.isEmpty { return self }
    let dotted = prefix.hasSuffix(".") ? prefix : prefix + "."
    for file in [self, removingWrappers()] {
      let found = file.renaming { keys in
        let name = keys.joined(separator: ".")
        return name.hasPrefix(dotted) && name != dotted ? [String(name.dropFirst(dotted.count))] : nil
      }
      if !found.tensors.isEmpty { return found }
    }
    var order: [String] = []
    var counts: [String: Int] = [:]
    for tensor in removingWrappers().tensors {
      let first = tensor.name.firstIndex(of: ".").map { String(tensor.name[...$0]) } ?? tensor.name
      if counts[first] == nil { order.append(first) }
      counts[first, default: 0] += 1
    }
    let list = order.prefix(8).map { "\(printable($0)) (\(counts[$0, default: 0]))" }.joined(separator: ", ")
    throw FormatError(
      path: path, reason: .malformed("no name begins with \(printable(dotted)); names begin with \(list)\(order.count > 8 ? ", …" : "")"))
  }

  /// Under the names that the model has by itself: without `module.`, `_orig_mod.` and what other wrappers of PyTorch's put in front of names
  /// or into their middle, in any nesting; then without `model.`, `net.` or `network.` where all names have it. Counters beside them, as
  /// `n_averaged`, do not count. The same file where two names would become one.
  public func removingWrappers() -> WeightsFile {
    var file = renamingUnlessAmbiguous { name in
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      let kept = parts.filter { !Self.wrappers.contains($0) }
      return kept.isEmpty || kept.count == parts.count ? name : kept.joined(separator: ".")
    }
    while let prefix = file.commonUsualPrefix {
      file = file.renamingUnlessAmbiguous { $0.hasPrefix(prefix) && $0 != prefix ? String($0.dropFirst(prefix.count)) : $0 }
    }
    return file
  }

  private var commonUsualPrefix: String? {
    let names = tensors.map(\.name).filter { !Self.isCounter($0) || $0.contains(".") }
    guard let first = names.first?.prefix(while: { $0 != "." }), Self.usualPrefixes.contains(first) else { return nil }
    let prefix = first + "."
    return names.allSatisfy { $0.hasPrefix(prefix) && $0.utf8.count > prefix.utf8.count } ? String(prefix) : nil
  }

  private func renamingUnlessAmbiguous(_ change: (String) -> String) -> WeightsFile {
    let names = tensors.map { change($0.name) }
    guard zip(tensors, names).contains(where: { $0.name != $1 }), Set(names).count == names.count else { return self }
    return renaming { keys in
      let name = keys.joined(separator: ".")
      let changed = change(name)
      return changed == name ? keys : [changed]
    }
  }
}
