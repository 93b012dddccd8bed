import GlissadeFormats
import GlissadeTensors

extension OperationCase.Step {
  /// Records convolutions, poolings and normalisations of lines, images and volumes, and what else has windows; `nil` where the operation is
  /// none of these.
  func ofPixels(_ x: [Tensor], _ a: Attributes) throws -> Tensor? {
    switch (operation, x.count) {
    case ("convolution1D", 2):
      return x[0].convolved1D(
        x[1], stride: try a.one("stride"), padding: try a.one("padding"), dilation: try a.one("dilation"), groups: try a.integer("groups"))
    case ("convolution2D", 2):
      return x[0].convolved(
        x[1], stride: try a.pair("stride"), padding: try a.pair("padding"), dilation: try a.pair("dilation"),
        groups: try a.integer("groups"))
    case ("convolution3D", 2):
      return x[0].convolved3D(
        x[1], stride: try a.triple("stride"), padding: try a.triple("padding"), dilation: try a.triple("dilation"),
        groups: try a.integer("groups"))
    case ("transposedConvolution1D", 2):
      return x[0].transposedConvolved1D(
        x[1], stride: try a.one("stride"), padding: try a.one("padding"), outputPadding: try a.one("outputPadding"),
        dilation: try a.one("dilation"), groups: try a.integer("groups"))
    case ("transposedConvolution2D", 2):
      return x[0].transposedConvolved(
        x[1], stride: try a.pair("stride"), padding: try a.pair("padding"), outputPadding: try a.pair("outputPadding"),
        dilation: try a.pair("dilation"), groups: try a.integer("groups"))
    case ("transposedConvolution3D", 2):
      return x[0].transposedConvolved3D(
        x[1], stride: try a.triple("stride"), padding: try a.triple("padding"), outputPadding: try a.triple("outputPadding"),
        dilation: try a.triple("dilation"), groups: try a.integer("groups"))
    case ("maxPool1D", 1):
      return x[0].maxPooled1D(
        kernel: try a.one("kernel"), stride: try a.one("stride"), padding: try a.one("padding"), dilation: try a.one("dilation"),
        roundsUp: a.flag("roundsUp"))
    case ("averagePool1D", 1):
      return x[0].averagePooled1D(
        kernel: try a.one("kernel"), stride: try a.one("stride"), padding: try a.one("padding"), roundsUp: a.flag("roundsUp"),
        countsPadding: a.flag("countsPadding"))
    case ("maxPool2D", 1): return x[0].maxPooled(try window(a))
    case ("averagePool2D", 1): return x[0].averagePooled(try window(a), countsPadding: a.flag("countsPadding"))
    case ("adaptivePool", 1): return x[0].adaptivelyPooled(height: try a.integer("height"), width: try a.integer("width"))
    case ("adaptiveMaxPool", 1): return x[0].adaptivelyMaxPooled(height: try a.integer("height"), width: try a.integer("width"))
    case ("adaptivePool1D", 1): return x[0].adaptivelyPooled1D(try a.integer("length"))
    case ("adaptiveMaxPool1D", 1): return x[0].adaptivelyMaxPooled1D(try a.integer("length"))
    case ("resize", 1):
      return x[0].resized(height: try a.integer("height"), width: try a.integer("width"), alignsCorners: a.flag("alignsCorners"))
    case ("enlarge", 1): return x[0].enlarged(height: try a.integer("height"), width: try a.integer("width"))
    case ("batchNorm", 3): return x[0].batchNormalized(weight: x[1], bias: x[2], epsilon: try a.number("epsilon")).y
    case ("layerNorm", 1...3):
      return x[0].layerNormalized(
        axes: try a.integer("axes"), weight: x.count > 1 ? x[1] : nil, bias: x.count > 2 ? x[2] : nil, epsilon: try a.number("epsilon"))
    case ("rmsNorm", 1...2):
      return x[0].rmsNormalized(axes: try a.integer("axes"), weight: x.count > 1 ? x[1] : nil, epsilon: try a.number("epsilon"))
    case ("groupNorm", 1...3):
      return x[0].groupNormalized(
        groups: try a.integer("groups"), weight: x.count > 1 ? x[1] : nil, bias: x.count > 2 ? x[2] : nil, epsilon: try a.number("epsilon"))
    default: return nil
    }
  }

  private func window(_ a: Attributes) throws -> Window {
    Window(
      kernel: try a.pair("kernel"), stride: try a.pair("stride"), padding: try a.pair("padding"), dilation: try a.pair("dilation"),
      roundsUp: a.flag("roundsUp"))
  }
}
