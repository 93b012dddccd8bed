import GlissadeFormats

/// Where in a file a model's weights are: in which of its dictionaries, and behind what in front of their names.
package struct WeightsPlace: Sendable {
  /// The keys that lead to the dictionary, joined by dots; `nil` for the top of the file.
  package let key: String?
  /// What stands in front of the model's names, with a dot at its end; empty for nothing. PyTorch's wrappers (`module.`, `_orig_mod.`) are
  /// not mentioned.
  package let prefix: String
  /// The tensors there, under the model's names: those that it has, and what else the file has behind the prefix.
  package let file: WeightsFile
  /// The dictionary's other tensors, by their names in it; without counters.
  package let leftOut: [String]
}

/// The dictionaries of a file in which a model's weights may be.
package struct WeightsPlaces {
  private let file: WeightsFile
  private let dictionaries: [(keys: [String], file: WeightsFile)]

  /// So many are looked at, the outer ones first.
  private static let most = 64
  /// A model is not behind more keys than this in front of its names.
  private static let deepestPrefix = 8
  /// What people train with beside a model in one dictionary, by the beginning of its name there.
  private static let losses = ["criterion", "loss", "metric"]

  /// - Parameter file: a whole file, or a part of it.
  package init(in file: WeightsFile) {
    self.file = file
    var found: [(keys: [String], file: WeightsFile)] = []
    var queue: [(keys: [String], file: WeightsFile)] = [([], file)]
    var next = 0
    while next < queue.count, found.count < Self.most {
      let (keys, file) = queue[next]
      next += 1
      let parts = file.parts
      let loose = parts.isEmpty ? file : file.renaming { $0.count == 1 ? $0 : nil }
      if !parts.isEmpty, !loose.tensors.isEmpty { found.append((keys, loose.removingWrappers())) }
      found.append((keys, file.removingWrappers()))
      for part in parts where queue.count < Self.most { queue.append((keys + [part.key], file.part(part.key))) }
    }
    dictionaries = found
  }

  /// The places with the most of a model's names, the preferred one first: weights that were trained before their averages (`ema`, `swa`,
  /// `teacher`, `encoder_k`), usual keys before others, short prefixes before long ones, what comes first in the file before what comes later.
  /// Never empty: where no name is found, it is the whole state dictionary.
  /// - Parameter names: of the model's parameters.
  package func holding(_ names: [String]) -> [WeightsPlace] {
    let names = Set(names)
    var candidates: [Candidate] = []
    for (index, dictionary) in dictionaries.enumerated() where 2 * dictionary.file.tensors.count >= names.count {
      candidates += Self.candidates(index, dictionary.keys, dictionary.file, names)
    }
    let most = candidates.map(\.count).max() ?? 0
    guard most > 0 else {
      let all = ((try? file.stateDictionary()) ?? file).removingWrappers()
      return [WeightsPlace(key: nil, prefix: "", file: all, leftOut: [])]
    }
    var known: Set<Int> = []
    return candidates.enumerated().filter { $1.count == most }.sorted {
      ($0.element.rank + [$0.offset]).lexicographicallyPrecedes($1.element.rank + [$1.offset])
    }
    .filter { known.insert($1.firstTensor).inserted }.map { place($1, names) }
  }

  private struct Candidate {
    let dictionary: Int
    let prefix: String
    var count: Int
    /// Of the first tensor with one of the names: where two candidates have the same, they are one.
    let firstTensor: Int
    let rank: [Int]
  }

  private static func candidates(_ index: Int, _ keys: [String], _ file: WeightsFile, _ names: Set<String>) -> [Candidate] {
    var order: [Substring] = []
    var counts: [Substring: (count: Int, first: Int)] = [:]
    for tensor in file.tensors {
      let name = tensor.name
      var start = name.startIndex
      for _ in 0...deepestPrefix {
        if names.contains(String(name[start...])) {
          let prefix = name[..<start]
          if counts[prefix] == nil { order.append(prefix) }
          counts[prefix, default: (0, tensor.index)].count += 1
        }
        guard let dot = name[start...].firstIndex(of: ".") else { break }
        start = name.index(after: dot)
      }
    }
    return order.compactMap { prefix in
      guard let (count, first) = counts[prefix] else { return nil }
      let isAverage = WeightsFile.namesAverages(keys.joined(separator: ".") + "." + prefix)
      let rank = [isAverage ? 1 : 0, keys.map(WeightsFile.rank).min() ?? .max, prefix.count { $0 == "." }]
      return Candidate(dictionary: index, prefix: String(prefix), count: count, firstTensor: first, rank: rank)
    }
  }

  private func place(_ candidate: Candidate, _ names: Set<String>) -> WeightsPlace {
    let (keys, file) = dictionaries[candidate.dictionary]
    let prefix = candidate.prefix
    let roots = Set(names.map { $0.prefix { $0 != "." } })
    var leftOut: [String] = []
    let inside = file.renaming { keys in
      let name = keys.joined(separator: ".")
      guard name.hasPrefix(prefix), name != prefix else {
        if !WeightsFile.isCounter(name) { leftOut.append(name) }
        return nil
      }
      let own = String(name.dropFirst(prefix.count))
      if names.contains(own) || own.hasSuffix("num_batches_tracked") { return [own] }
      if WeightsFile.isCounter(own) { return nil }
      let root = own.prefix { $0 != "." }
      guard !roots.contains(root), Self.losses.contains(where: { root.lowercased().hasPrefix($0) }) else { return [own] }
      leftOut.append(name)
      return nil
    }
    return WeightsPlace(key: keys.isEmpty ? nil : keys.joined(separator: "."), prefix: prefix, file: inside, leftOut: leftOut)
  }
}
