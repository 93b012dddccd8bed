/// The closed set of things every device can do. Each case carries its attributes; the shape rule and the gradient rule stand side by side
/// in the attributes' own file under `Operations/`.
package enum Operation: Hashable, Sendable {
  // Leaves
  case input(Input)
  case constant(Constant)
  case array(ConstantArray)
  case parameter(ParameterRead)
  // Elementwise
  case unary(Unary)
  case binary(Binary)
  case select(Select)
  case dropout(Dropout)
  case clamp(Clamp)
  // Layout
  case reshape(Reshape)
  case transpose(Transpose)
  case broadcast(Broadcast)
  case slice(Slicing)
  case split(Split)
  case concatenate(Concatenate)
  case pad(Pad)
  case gather(Gather)
  case scatterAdd(ScatterAdd)
  // Reductions and row-wise functions
  case reduce(Reduce)
  case variance(Variance)
  case extremeGradient(ExtremeGradient)
  case productOfOthers(ProductOfOthers)
  case softmax(Softmax)
  case softmaxGradient(SoftmaxGradient)
  case softmaxCrossEntropy(SoftmaxCrossEntropy)
  case logSumExp(LogSumExp)
  case argumentOfExtreme(ArgumentOfExtreme)
  case cumulativeSum(CumulativeSum)
  case sortOrder(SortOrder)
  // Products
  case matmul(MatMul)
  case convolution(Convolution)
  case convolutionInputGradient(ConvolutionInputGradient)
  case convolutionWeightGradient(ConvolutionWeightGradient)
  // Pooling
  case maxPool(MaxPool)
  case maxPoolGradient(MaxPoolGradient)
  case maxPoolSelection(MaxPoolSelection)
  case averagePool(AveragePool)
  case averagePoolGradient(AveragePoolGradient)
  case adaptiveAveragePool(AdaptiveAveragePool)
  case adaptiveAveragePoolGradient(AdaptiveAveragePoolGradient)
  // Batch norm
  case batchNorm(BatchNormalization)
  case batchNormStatistics(BatchNormStatistics)
  case batchNormSums(BatchNormSums)

  /// The attributes as what they have in common.
  package var rule: any OperationRule {
    switch self {
    case .input(let rule): rule
    case .constant(let rule): rule
    case .array(let rule): rule
    case .parameter(let rule): rule
    case .unary(let rule): rule
    case .binary(let rule): rule
    case .select(let rule): rule
    case .dropout(let rule): rule
    case .clamp(let rule): rule
    case .reshape(let rule): rule
    case .transpose(let rule): rule
    case .broadcast(let rule): rule
    case .slice(let rule): rule
    case .split(let rule): rule
    case .concatenate(let rule): rule
    case .pad(let rule): rule
    case .gather(let rule): rule
    case .scatterAdd(let rule): rule
    case .reduce(let rule): rule
    case .variance(let rule): rule
    case .extremeGradient(let rule): rule
    case .productOfOthers(let rule): rule
    case .softmax(let rule): rule
    case .softmaxGradient(let rule): rule
    case .softmaxCrossEntropy(let rule): rule
    case .logSumExp(let rule): rule
    case .argumentOfExtreme(let rule): rule
    case .cumulativeSum(let rule): rule
    case .sortOrder(let rule): rule
    case .matmul(let rule): rule
    case .convolution(let rule): rule
    case .convolutionInputGradient(let rule): rule
    case .convolutionWeightGradient(let rule): rule
    case .maxPool(let rule): rule
    case .maxPoolGradient(let rule): rule
    case .maxPoolSelection(let rule): rule
    case .averagePool(let rule): rule
    case .averagePoolGradient(let rule): rule
    case .adaptiveAveragePool(let rule): rule
    case .adaptiveAveragePoolGradient(let rule): rule
    case .batchNorm(let rule): rule
    case .batchNormStatistics(let rule): rule
    case .batchNormSums(let rule): rule
    }
  }
}

/// What every operation has: a name, a shape rule and a gradient rule.
package protocol OperationRule: Hashable, Sendable {
  /// The name for messages and plans.
  var name: String { get }
  /// How many results there are.
  var outputCount: Int { get }
  /// The shape rule.
  /// - Throws: `ShapeError` whose `problem` says what does not fit and what would.
  func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType]
  /// The gradient rule: for each input that `context.needs`, the gradient of the loss with respect to it, recorded in the same graph;
  /// `nil` for an input on which no result depends smoothly, so that its gradient is 0 everywhere (what is compared, rounded, looked up by).
  /// It is made of operations that have rules themselves, so that gradients can be differentiated again. What has no rule says so by
  /// `context.reject`; there is no default.
  func gradients(_ context: GradientContext) -> [Tensor?]
}

extension OperationRule {
  package var outputCount: Int { 1 }

  /// Nothing but float32 among what is given.
  func expectFloats(_ types: [TensorType]) throws(ShapeError) {
    try expect(types.allSatisfy { $0.dtype == .float32 }, "it works on float32; `cast(to: .float32)` makes it of int32, exactly up to 2^24")
  }

  func expect(_ condition: Bool, _ problem: @autoclosure () -> String) throws(ShapeError) {
    if !condition { throw ShapeError(problem: problem()) }
  }
}

/// What a gradient rule is told.
package struct GradientContext {
  /// The operation's inputs.
  package let inputs: [Tensor]
  /// Its results.
  package let outputs: [Tensor]
  /// The gradient of the loss with respect to each result, `nil` where none reaches the loss.
  package let upstream: [Tensor?]
  /// Which inputs a gradient is wanted for.
  package let needs: [Bool]
  /// The operation's name, for messages.
  let operation: String

  /// The answer of an operation that has no gradient rule: an error that names it, which planning throws.
  /// - Parameter problem: why it has none, or what would be right.
  func reject(_ problem: String) -> [Tensor?] {
    inputs.map { input in input.graph.reject("gradient of \(operation)", inputs, because: problem) }
  }
}
