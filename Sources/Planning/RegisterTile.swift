import GlissadeKernels
import GlissadeTensors

/// The tile of sums that the kernels of products keep in registers.
public struct RegisterTile: Hashable, Sendable, CustomStringConvertible {
  public var rows: Int
  /// A multiple of 16.
  public var columns: Int

  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }

  /// As in `6×64`.
  public var description: String { "\(rows)×\(columns)" }
}

extension DeviceProfile {
  /// The time that a whole tile of `wideTile` takes for a multiplication, of what one of `tile` takes. (AVX-512, 6×64 of 8×32: fewer loads for as
  /// many multiply-adds.)
  private static var wideTime: Double { 0.87 }

  /// The profile for a step: with the wide tile if its products are quicker with it, columns that nobody needs included.
  func suiting(_ graph: Graph) -> DeviceProfile {
    guard let wideTile else { return self }
    var (usual, wide) = (0.0, 0.0)
    for node in graph.nodes {
      guard let (columns, work) = graph.product(node) else { continue }
      func padding(_ tile: RegisterTile) -> Double { Double((columns + tile.columns - 1) / tile.columns * tile.columns) / Double(columns) }
      usual += work * padding(tile)
      wide += work * padding(wideTile) * Self.wideTime
    }
    guard wide < usual else { return self }
    var result = self
    result.tile = wideTile
    return result
  }
}

extension Graph {
  /// The columns of the product that an operation is, and its multiplications; `nil` for what is no product.
  fileprivate func product(_ node: Node) -> (columns: Int, work: Double)? {
    func shape(_ input: Int) -> Shape { tensor(node.inputs[input]).shape }
    let result = node.outputs[0].shape
    switch node.operation {
    case .matmul(let rule):
      let a = shape(0)
      return (max(result[-1], 1), Double(result.count) * Double(rule.transposeA ? a[-2] : a[-1]))
    case .convolution(let rule):
      return product(ConvolutionShape(rule.window, rule.groups, x: shape(0), y: result), \.outputChannels)
    case .convolutionInputGradient(let rule):
      return product(ConvolutionShape(rule.window, rule.groups, x: result, y: shape(0)), \.inputChannels)
    case .convolutionWeightGradient(let rule):
      return product(ConvolutionShape(rule.window, rule.groups, x: shape(0), y: shape(1)), \.inputChannels)
    default: return nil
    }
  }

  private func product(_ shape: ConvolutionShape, _ channels: KeyPath<ConvolutionShape, Int32>) -> (columns: Int, work: Double)? {
    shape.isDepthwise ? nil : (max(Int(shape[keyPath: channels] / max(shape.groups, 1)), 1), Double(shape.flops) / 2)
  }
}
