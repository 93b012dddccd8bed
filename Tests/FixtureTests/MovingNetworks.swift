import GlissadeLayers
import GlissadeTensors

/// Networks of slices, joins, padding, masks and elements by number, for what is written as ONNX.
enum MovingNetworks {
  /// Of pictures [8, 6, 4], which stay pictures as long as they can.
  struct Pictures: Layer {
    let conv = Conv2D(4, 6, kernel: 3)
    let dense = Dense(12, 5)

    func forward(_ x: Tensor) -> Tensor {
      let padded = x.padded([(0, 0), (1, 2), (2, -1), (0, 0)], mode: .constant(0.25)).padded(
        [(0, 0), (2, 1), (0, 2), (0, 0)], mode: .reflect)
      let both = concatenate([padded, padded.flipped(axes: [2])], axis: 3).sliced(axis: 1, from: -2, by: -1)
      let halves = both.split(into: 2, axis: 3)
      let y = conv(halves[0].kept(where: halves[1] .> 0, otherwise: halves[1]))
      let columns = y.sliced(axis: 2, 0..<4, by: 3)
      return dense(columns.max(axes: [1]).flattened())
    }
  }

  /// Of rows of 8 numbers, which it takes as tokens.
  struct Tokens: Layer {
    let table = Parameter("table", shape: [5, 6], initializer: .uniform(low: -1, high: 1))
    let scale = Parameter("scale", shape: [6], initializer: .uniform(low: -1, high: 1))

    func forward(_ x: Tensor) -> Tensor {
      let graph = x.graph
      let tokens = minimum((abs(x) * 5).cast(to: .int32), graph.constant(integer: 4))
      let embedded = graph[table].taken(tokens) * graph[scale]
      let scores = embedded.matmul(embedded, transposeOther: true)
      let mask = graph.lowerTriangle(rows: 8, columns: 8) .& (tokens .!= 2).addingAxis(1)
      let attended = scores.kept(where: mask, otherwise: -1e9).softmax().matmul(embedded)
      let picked = attended.gather(minimum(tokens + 1, graph.constant(integer: 3)).addingAxis(2), axis: 1)
      let counts = tokens.oneHot(5).sum(axes: [1]) * graph.constant([1, -1, 0.5, 2, 0.25])
      let rolled = x.rolled(by: 3, axis: 1).padded([(0, 0), (0, 2)], mode: .replicate).upperTriangles(of: 10)
      return concatenate(
        [picked.sum(axes: [1, 2]).addingAxis(1), counts, rolled, stack([x.at(-1, axis: 1), x.at(0, axis: 1)], axis: 1)], axis: 1)
    }
  }

  /// Sums by number, of rows of 8 numbers: with an index for each element, and as the gradient of what is looked up.
  struct Sums: Layer {
    let dense = Dense(13, 4)

    func forward(_ x: Tensor) -> Tensor {
      let graph = x.graph
      let tokens = minimum((abs(x) * 5).cast(to: .int32), graph.constant(integer: 4))
      let own = x.scattered(tokens, axis: 1, extent: 5)
      let few = x.taken(graph.constant(integers: [3, 1, 1, 6], shape: [2, 2]), axis: 1)
      // Of a sum over the batch, whose parts know nothing of each other.
      let slopes = graph.gradients(of: (few * few * few).sum(), withRespectTo: [x])
      return dense(concatenate([own, slopes[0] ?? x], axis: 1))
    }
  }
}

extension Tensor {
  /// Each row on a diagonal, and the upper triangle of that, summed again: what it was.
  fileprivate func upperTriangles(of extent: Int) -> Tensor {
    let index = graph.arange(0..<extent)
    let diagonal = addingAxis(2).kept(where: index.addingAxis(1) .== index, otherwise: 0)
    return diagonal.upperTriangle().sum(axes: [1]) + diagonal.lowerTriangle(diagonal: -1).sum(axes: [2])
  }
}
