// What model code calls on tensors. Every function records an operation; none throws: see `Graph.firstError`.

extension Tensor {
  // MARK: Elementwise

  /// A function of each element.
  public func applying(_ function: UnaryFunction) -> Tensor {
    applyingToIntegers(function) ?? graph.record(.unary(Unary(function: function)), [self])
  }

  /// A function of each pair of elements, after NumPy's broadcasting.
  public func combined(with other: Tensor, _ function: BinaryFunction) -> Tensor {
    if let shortcut = simplified(with: other, function) { return shortcut }
    let areIntegers = isValid && other.isValid && dtype == .int32 && other.dtype == .int32
    return graph.record(.binary(Binary(function: areIntegers ? function.ofIntegers ?? function : function)), [self, other])
  }

  /// The constant that this tensor is, if it is one.
  var constantValue: Float? {
    guard isValid, dtype == .float32, case .constant(let constant) = graph.nodes[id.node].operation else { return nil }
    return constant.value
  }

  /// A number as a scalar of this tensor's element type; where int32 cannot express it, of float32, which the operation then refuses.
  func scalar(_ value: Float) -> Tensor {
    if isValid, dtype == .int32, let integer = Int32(exactly: value) { return graph.constant(integer: integer) }
    return graph.constant(value)
  }

  /// x·1, x/1, x+0 and x−0 are x.
  private func simplified(with other: Tensor, _ function: BinaryFunction) -> Tensor? {
    guard isValid, other.isValid, graph === other.graph else { return nil }
    switch function {
    case .multiply:
      if other.constantValue == 1, shape.broadcast(with: other.shape) == shape { return self }
      if constantValue == 1, shape.broadcast(with: other.shape) == other.shape { return other }
    case .divide: if other.constantValue == 1, shape.broadcast(with: other.shape) == shape { return self }
    case .add:
      if other.constantValue == 0, shape.broadcast(with: other.shape) == shape { return self }
      if constantValue == 0, shape.broadcast(with: other.shape) == other.shape { return other }
    case .subtract: if other.constantValue == 0, shape.broadcast(with: other.shape) == shape { return self }
    default: break
    }
    return nil
  }

  /// a + b, element by element, with NumPy's broadcasting; both of one element type.
  public static func + (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, .add) }
  /// a − b, element by element, with NumPy's broadcasting; both of one element type.
  public static func - (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, .subtract) }
  /// a · b, element by element, with NumPy's broadcasting; `matmul` is the product of matrices.
  public static func * (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, .multiply) }
  /// a / b, element by element, with NumPy's broadcasting.
  public static func / (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, .divide) }
  /// a + b, of each element.
  public static func + (a: Tensor, b: Float) -> Tensor { a + a.scalar(b) }
  /// a − b, of each element.
  public static func - (a: Tensor, b: Float) -> Tensor { a - a.scalar(b) }
  /// a · b, of each element.
  public static func * (a: Tensor, b: Float) -> Tensor { a * a.scalar(b) }
  /// a / b, of each element.
  public static func / (a: Tensor, b: Float) -> Tensor { a / a.scalar(b) }
  /// a + b, of each element.
  public static func + (a: Float, b: Tensor) -> Tensor { b + a }
  /// a − b, of each element.
  public static func - (a: Float, b: Tensor) -> Tensor { b.scalar(a) - b }
  /// a · b, of each element.
  public static func * (a: Float, b: Tensor) -> Tensor { b * a }
  /// a / b, of each element.
  public static func / (a: Float, b: Tensor) -> Tensor { b.scalar(a) / b }
  /// −a, of each element.
  public static prefix func - (a: Tensor) -> Tensor { a.applying(.negate) }

  /// Zeroes each element with probability `rate` and scales the others by 1 / (1 − rate), while training; otherwise the tensor itself.
  public func dropout(_ rate: Float) -> Tensor {
    guard graph.isTraining, rate != 0 else { return self }
    return graph.record(.dropout(Dropout(rate: rate, stream: graph.nextRandomStream())), [self])
  }

  // MARK: Layout

  /// The same elements under another shape.
  public func reshaped(to shape: Shape) -> Tensor {
    shape == self.shape && isValid ? self : graph.record(.reshape(Reshape(shape: shape)), [self])
  }

  /// All axes but the first as one: [batch, …] to [batch, features].
  public func flattened() -> Tensor {
    guard isValid, shape.rank >= 1 else { return graph.reject("flatten", [self], because: "it needs at least one axis") }
    return reshaped(to: [shape[0], shape.count / shape[0]])
  }

  /// The axes in another order: axis k of the result is axis `permutation[k]` of this tensor. `nil` reverses them.
  public func transposed(_ permutation: [Int]? = nil) -> Tensor {
    let permutation = permutation ?? Array((0..<shape.rank).reversed())
    return graph.record(.transpose(Transpose(permutation: permutation)), [self])
  }

  /// Stretched to a larger shape, as NumPy's `broadcast_to`.
  public func broadcast(to shape: Shape) -> Tensor {
    shape == self.shape && isValid ? self : graph.record(.broadcast(Broadcast(shape: shape)), [self])
  }

  /// Rows of this [rows, columns] table by number; an index outside it gives NaN.
  public func rows(_ indices: Tensor) -> Tensor {
    guard !isValid || (shape.rank == 2 && dtype == .float32) else {
      return graph.reject("rows", [self, indices], because: "the table has to be [rows, columns] of float32")
    }
    return taken(indices, axis: 0)
  }

  // MARK: Reductions. Of int32 sums, products and extremes are int32, exact, and wrap around as those of two do; a mean is refused.

  package func reduced(_ reduction: Reduction, axes: [Int]?, keepingAxes: Bool) -> Tensor {
    if isWhole, let result = reducedIntegers(reduction, axes: axes, keepingAxes: keepingAxes) { return result }
    return graph.record(.reduce(Reduce(reduction: reduction, axes: ascending(axes), keepingAxes: keepingAxes)), [self])
  }

  /// Axes counted from the first, in ascending order; all where none are given.
  func ascending(_ axes: [Int]?) -> [Int] {
    axes.map { $0.map { $0 < 0 ? $0 + shape.rank : $0 }.sorted() } ?? Array(0..<shape.rank)
  }

  /// The sum over some axes, or all. Negative axes count from the last. Of int32 it is int32, exact, and wraps around beyond it.
  public func sum(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor { reduced(.sum, axes: axes, keepingAxes: keepingAxes) }
  /// The mean over some axes, or all. int32 has to be `cast(to: .float32)` before.
  public func mean(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor { reduced(.mean, axes: axes, keepingAxes: keepingAxes) }
  /// The largest element over some axes, or all, of either element type.
  public func max(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor { reduced(.max, axes: axes, keepingAxes: keepingAxes) }
  /// The smallest element over some axes, or all, of either element type.
  public func min(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor { reduced(.min, axes: axes, keepingAxes: keepingAxes) }

  /// Undoes broadcasting: sums over the axes along which `shape` was stretched to this tensor's.
  func summed(to shape: Shape) -> Tensor {
    guard isValid, shape != self.shape else { return self }
    let missing = self.shape.rank - shape.rank
    let axes = (0..<self.shape.rank).filter { $0 < missing || (shape[$0 - missing] == 1 && self.shape[$0] != 1) }
    return reduced(.sum, axes: axes, keepingAxes: false).reshaped(to: shape)
  }

  // MARK: Products

  /// The matrix product over the last two axes; leading axes are batches, which broadcast. A tensor of one axis is a row on the left and a
  /// column on the right, whose axis the result has not: with two of them that is the scalar product (PyTorch's `matmul`).
  /// - Parameters:
  ///   - transposeSelf: whether the last two axes of this tensor are taken the other way round.
  ///   - transposeOther: the same of the other.
  public func matmul(_ other: Tensor, transposeSelf: Bool = false, transposeOther: Bool = false) -> Tensor {
    guard isValid, other.isValid, shape.rank == 1 || other.shape.rank == 1 else {
      return graph.record(.matmul(MatMul(transposeA: transposeSelf, transposeB: transposeOther)), [self, other])
    }
    let (isRow, isColumn) = (shape.rank == 1, other.shape.rank == 1)
    let left = isRow ? reshaped(to: [1, shape[0]]) : self
    // A column is read along the inner axis, as it lies.
    let right = isColumn ? other.reshaped(to: [1, other.shape[0]]) : other
    let product = left.matmul(right, transposeSelf: !isRow && transposeSelf, transposeOther: isColumn || transposeOther)
    guard product.isValid else { return product }
    let batch = product.shape.batch.dimensions
    return product.reshaped(to: Shape(batch + (isRow ? [] : [product.shape[-2]]) + (isColumn ? [] : [product.shape[-1]])))
  }

  /// Convolution of these [N, H, W, C] images with weights [outC, kH, kW, C / groups].
  /// - Parameter extraPadding: more zeros at the bottom and on the right, beyond those of `padding`.
  public func convolved(
    _ weights: Tensor, stride: (height: Int, width: Int) = (1, 1), padding: (height: Int, width: Int) = (0, 0),
    dilation: (height: Int, width: Int) = (1, 1), groups: Int = 1, extraPadding: (height: Int, width: Int) = (0, 0)
  ) -> Tensor {
    let window = Window(
      kernel: (weights.shape[1], weights.shape[2]), stride: stride, padding: padding, dilation: dilation, extraPadding: extraPadding)
    return graph.record(.convolution(Convolution(window: window, groups: groups)), [self, weights])
  }

  // MARK: Pooling

  /// The largest value of each window of these [N, H, W, C] images.
  public func maxPooled(_ window: Window) -> Tensor { graph.recordAll(.maxPool(MaxPool(window: window)), [self])[0] }

  /// The mean of each window of these [N, H, W, C] images.
  /// - Parameter countsPadding: whether padding counts as zeros (PyTorch's `count_include_pad`, default true).
  public func averagePooled(_ window: Window, countsPadding: Bool = true) -> Tensor {
    graph.record(.averagePool(AveragePool(window: window, countsPadding: countsPadding)), [self])
  }

  /// The mean over each cell of a grid of `height` × `width` cells that covers these [N, H, W, C] images (PyTorch's
  /// `adaptive_avg_pool2d`): cell i of n spans pixels floor(i·size / n) ..< ceil((i + 1)·size / n), so cells may overlap, and the images
  /// may be smaller than the grid.
  public func adaptivelyPooled(height: Int, width: Int) -> Tensor {
    if isValid, shape.rank == 4, shape[1] == height, shape[2] == width { return self }
    return graph.record(.adaptiveAveragePool(AdaptiveAveragePool(height: height, width: width)), [self])
  }

  // MARK: Normalisation

  /// Softmax over the last axis.
  public func softmax() -> Tensor { graph.record(.softmax(Softmax(isLogarithmic: false)), [self]) }
  /// The logarithm of softmax over the last axis.
  public func logSoftmax() -> Tensor { graph.record(.softmax(Softmax(isLogarithmic: true)), [self]) }

  /// Batch norm by the batch's own statistics, over all axes but the last.
  /// - Returns: the normalised tensor, and the batch's mean and biased variance of each channel.
  public func batchNormalized(weight: Tensor, bias: Tensor, epsilon: Float) -> (y: Tensor, mean: Tensor, variance: Tensor) {
    let results = graph.recordAll(.batchNorm(BatchNormalization(epsilon: epsilon)), [self, weight, bias])
    return (results[0], results[1], results[2])
  }
}

/// Mean cross-entropy of softmax(logits) against class numbers.
/// - Parameters:
///   - logits: [batch, classes].
///   - labels: [batch] of int32.
///   - labelSmoothing: ε: the target is (1 − ε)·onehot + ε / classes; default 0.
/// - Returns: the loss, and how many rows have their largest logit at their label (both scalars).
public func softmaxCrossEntropy(_ logits: Tensor, _ labels: Tensor, labelSmoothing: Float = 0) -> (loss: Tensor, correct: Tensor) {
  let results = logits.graph.recordAll(.softmaxCrossEntropy(SoftmaxCrossEntropy(labelSmoothing: labelSmoothing)), [logits, labels])
  return (results[0], results[2])
}

/// eˣ.
public func exp(_ x: Tensor) -> Tensor { x.applying(.exponential) }
/// The natural logarithm.
public func log(_ x: Tensor) -> Tensor { x.applying(.logarithm) }
/// The square root.
public func sqrt(_ x: Tensor) -> Tensor { x.applying(.squareRoot) }
/// The magnitude.
public func abs(_ x: Tensor) -> Tensor { x.applying(.absolute) }
/// The larger of each pair; a tie shares the gradient.
public func maximum(_ a: Tensor, _ b: Tensor) -> Tensor { a.combined(with: b, .maximum) }
/// The smaller of each pair; a tie shares the gradient.
public func minimum(_ a: Tensor, _ b: Tensor) -> Tensor { a.combined(with: b, .minimum) }
/// a to the power b.
public func power(_ a: Tensor, _ b: Tensor) -> Tensor { a.combined(with: b, .power) }
