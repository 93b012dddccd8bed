import GlissadeLayers

/// Where a layer stands in a `LayerList`: what it is given.
struct LayerPlace: Sendable {
  /// The whole list.
  let text: String
  /// Of a sample.
  let input: Shape
  let initialization: Initialization

  /// The last axis; 0 without any.
  var channels: Int { input.rank == 0 ? 0 : input[-1] }
  /// Whether it is pictures: [height, width, channels].
  var isOfPictures: Bool { input.rank == 3 }

  func error(_ problem: String) -> LayerListError { LayerListError(text, problem) }

  /// - Throws: `LayerListError` for an input with another number of axes.
  func require(_ ranks: [Int], _ what: String) throws(LayerListError) {
    guard ranks.contains(input.rank) else { throw error("it takes \(what), and gets \(input)") }
  }

  /// The layers, one applied after another, and what they make.
  /// - Throws: `LayerListError`, which names the layer that does not fit.
  func sequence(_ items: [LayerItem]) throws(LayerListError) -> [(layer: any Layer, output: Shape)] {
    var layers: [(layer: any Layer, output: Shape)] = []
    var place = self
    for (index, item) in items.enumerated() {
      let made = try place.named(item, number: index + 1)
      layers.append(made)
      place = LayerPlace(text: text, input: made.output, initialization: initialization)
    }
    return layers
  }

  /// The same as `layer`, with what is wrong told of the layer.
  private func named(_ item: LayerItem, number: Int) throws(LayerListError) -> (layer: any Layer, output: Shape) {
    do throws(LayerListError) { return try layer(item) } catch {
      throw self.error("layer \(number), \(item), of \(input): \(error.problem)")
    }
  }

  /// A layer, and what it makes of its input.
  /// - Throws: `LayerListError` for one that does not take it.
  func layer(_ item: LayerItem) throws(LayerListError) -> (layer: any Layer, output: Shape) {
    let layer = try LayerKinds.kind(item.name, in: text).make(LayerArguments(kind: LayerKinds.kind(item.name, in: text), item: item), self)
    return (layer, try output(of: layer))
  }

  /// What a layer makes of a sample, which is seen by recording it.
  private func output(of layer: any Layer) throws(LayerListError) -> Shape {
    let graph = Graph(isTraining: false)
    let result = layer(graph.input("x", shape: Shape([2] + input.dimensions)))
    if let found = graph.firstError { throw error(found.problem) }
    guard result.isValid, result.shape.rank > 0, result.shape[0] == 2 else { throw error("it makes no sample of a sample") }
    return Shape(Array(result.shape.dimensions.dropFirst()))
  }
}
