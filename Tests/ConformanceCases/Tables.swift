import GlissadeTensors

extension Table {
  /// Each operation and its gradient. A new operation is a new row in one of them.
  package static var all: [Table] {
    [
      .unary, .binary, .arithmetic, .orders, .broadcasting, .longChains, .mixedChains, .softmax, .layout, .slices, .joins, .padding,
      .lookups, .masks, .pooling, .adaptivePooling, .gatheredPooling, .batchNorm, .matmul,
      .matmulEpilogues,
      .convolution,
      .groupedConvolution, .convolutionGradients, .convolutionShapes, .convolutionEpilogues, .gradientOperations,
    ] + Reduction.allCases.map(Table.reductions)
  }
}
