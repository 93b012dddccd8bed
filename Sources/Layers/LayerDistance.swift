extension LayerPath {
  /// How far each weight of a model is from the answer, in blocks: 0 in the head, 1 in the last block of the backbone, and so on.
  ///
  /// A block is what is numbered in a list, such as `blocks.3` or `layer1.0`, with all that is in it; a layer that is in no list is one by
  /// itself. They are counted in the order in which the model declares them. What has nothing but vectors (a norm behind its convolution)
  /// belongs to the block before it. Learning rates that fall layer by layer, as in Howard and Ruder 2018, go by these numbers.
  public static func distancesFromHead(of model: some Layer) -> [String: Int] {
    let head = headPaths(of: model)
    var blocks: [(name: String, paths: [String], isOfVectors: Bool)] = []
    for (path, parameter) in parameters(of: model) where parameter.role == .weight && !head.contains(path) {
      let (name, isVector) = (block(of: path), parameter.shape.rank <= 1)
      if let last = blocks.indices.last, blocks[last].name == name {
        blocks[last].paths.append(path)
        blocks[last].isOfVectors = blocks[last].isOfVectors && isVector
      } else {
        blocks.append((name, [path], isVector))
      }
    }
    var distances = Dictionary(uniqueKeysWithValues: head.map { ($0, 0) })
    var distance = 1
    for block in blocks.reversed() {
      for path in block.paths { distances[path] = distance }
      if !block.isOfVectors { distance += 1 }
    }
    // Vectors before everything else are of the first block.
    for block in blocks.prefix(while: \.isOfVectors) { for path in block.paths { distances[path] = max(distance - 1, 1) } }
    return distances
  }

  /// The block that a parameter is in: its path up to the first number, or its first component.
  private static func block(of path: String) -> String {
    let layers = path.split(separator: ".").dropLast()
    guard let number = layers.firstIndex(where: { Int($0) != nil }) else { return String(layers.first ?? path[...]) }
    return layers[...number].joined(separator: ".")
  }
}
