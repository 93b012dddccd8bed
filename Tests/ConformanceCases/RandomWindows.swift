import GlissadeTensors

/// Convolutions and pooling, of lines, images and volumes.
extension RandomGraph {
  mutating func overPixels(_ x: Value) -> (String, Value)? {
    switch x.tensor.shape.rank {
    case 3: overLines(x)
    case 4: overImages(x)
    case 5: overVolumes(x)
    default: nil
    }
  }

  private func grown(_ x: Value, over taps: Int) -> Double { x.bound * Double(taps).squareRoot() * 2 }

  private mutating func overLines(_ x: Value) -> (String, Value) {
    let shape = x.tensor.shape
    let kernel = min(1 + below(3), shape[1])
    let stride = 1 + below(2)
    switch dice.next() % 5 {
    case 0:
      let y = x.tensor.maxPooled1D(kernel: kernel, stride: stride, padding: kernel / 2, roundsUp: chance(2))
      return ("maxPool1d", Value(tensor: y, bound: x.bound, isExact: x.isExact))
    case 1:
      let y = x.tensor.averagePooled1D(
        kernel: kernel, stride: stride, padding: kernel / 2, roundsUp: chance(2), countsPadding: chance(2))
      return ("averagePool1d", Value(tensor: y, bound: x.bound))
    case 2:
      let outputs = dice.extent(below: 12)
      let weights = parameter([shape[2], kernel, outputs])
      let y = x.tensor.transposedConvolved1D(weights.tensor, stride: stride, outputPadding: below(stride))
      return ("transposedConv1d", Value(tensor: y, bound: grown(x, over: kernel * shape[2])))
    default:
      let weights = parameter([dice.extent(below: 20), kernel, shape[2]])
      let y = x.tensor.convolved1D(weights.tensor, stride: stride, padding: kernel / 2)
      return ("conv1d", Value(tensor: y, bound: grown(x, over: kernel * shape[2])))
    }
  }

  private mutating func overImages(_ x: Value) -> (String, Value) {
    let shape = x.tensor.shape
    let kernel = (height: min(1 + below(3), shape[1]), width: min(1 + below(3), shape[2]))
    let stride = (height: 1 + below(2), width: 1 + below(2))
    let padding = (height: kernel.height / 2, width: kernel.width / 2)
    let window = Window(kernel: kernel, stride: stride, padding: padding, roundsUp: chance(3))
    switch dice.next() % 7 {
    case 0: return ("maxPool", Value(tensor: x.tensor.maxPooled(window), bound: x.bound, isExact: x.isExact))
    case 1: return ("averagePool", Value(tensor: x.tensor.averagePooled(window, countsPadding: chance(2)), bound: x.bound))
    case 2:
      let grid = (1 + below(4), 1 + below(4))
      if chance(2) {
        let y = x.tensor.adaptivelyMaxPooled(height: grid.0, width: grid.1)
        return ("adaptiveMaxPool", Value(tensor: y, bound: x.bound, isExact: x.isExact))
      }
      return ("adaptivePool", Value(tensor: x.tensor.adaptivelyPooled(height: grid.0, width: grid.1), bound: x.bound))
    case 3:
      let outputs = dice.extent(below: 12)
      let weights = parameter([shape[3], kernel.height, kernel.width, outputs])
      let y = x.tensor.transposedConvolved(
        weights.tensor, stride: stride, outputPadding: (below(stride.height), below(stride.width)))
      return ("transposedConv2d", Value(tensor: y, bound: grown(x, over: kernel.height * kernel.width * shape[3])))
    default:
      let isDepthwise = chance(3)
      let outputs = isDepthwise ? shape[3] : dice.extent(below: 34)
      let weights = parameter([outputs, kernel.height, kernel.width, isDepthwise ? 1 : shape[3]])
      let y = x.tensor.convolved(weights.tensor, stride: stride, padding: padding, groups: isDepthwise ? shape[3] : 1)
      return (isDepthwise ? "depthwise" : "convolution", Value(tensor: y, bound: grown(x, over: weights.tensor.shape.count / outputs)))
    }
  }

  private mutating func overVolumes(_ x: Value) -> (String, Value) {
    let shape = x.tensor.shape
    let kernel = (1...3).map { min(1 + below(2), shape[$0]) }
    let taps = kernel.reduce(shape[4], *)
    if chance(2) {
      let weights = parameter([dice.extent(below: 8), kernel[0], kernel[1], kernel[2], shape[4]])
      let y = x.tensor.convolved3D(weights.tensor, stride: (1 + below(2), 1, 1 + below(2)), padding: (kernel[0] / 2, 0, kernel[2] / 2))
      return ("conv3d", Value(tensor: y, bound: grown(x, over: taps)))
    }
    let weights = parameter([shape[4], kernel[0], kernel[1], kernel[2], dice.extent(below: 6)])
    return (
      "transposedConv3d", Value(tensor: x.tensor.transposedConvolved3D(weights.tensor, stride: (2, 1, 1)), bound: grown(x, over: taps))
    )
  }
}
