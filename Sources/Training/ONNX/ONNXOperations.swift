import GlissadeFormats
import GlissadeTensors

extension ONNXTranslation {
  /// Writes what computes a node.
  mutating func translate(_ node: Int) throws(ONNXExportError) {
    if let norm = patterns.batchNorms[node] { return try translateBatchNorm(node, norm) }
    switch graph.nodes[node].operation {
    case .input(let rule): declareInput(node, rule)
    case .constant, .array, .parameter: break  // written where they are used
    case .unary(let rule): try translateUnary(node, rule.function)
    case .binary(let rule): try translateBinary(node, rule.function)
    case .clamp(let rule): try translateClamp(node, rule)
    case .reshape(let rule): try translateReshape(node, rule.shape)
    case .transpose(let rule): try translateTranspose(node, rule.permutation)
    case .broadcast(let rule): try translateBroadcast(node, rule.shape)
    case .select: try translateSelect(node)
    case .slice(let rule): try translateSlice(node, rule)
    case .split(let rule): try translateSplit(node, rule)
    case .concatenate(let rule): try translateConcatenate(node, rule)
    case .pad(let rule): try translatePad(node, rule)
    case .gather(let rule): try translateGather(node, rule)
    case .scatterAdd(let rule): try translateScatterAdd(node, rule)
    case .reduce(let rule): try translateReduce(node, rule)
    case .variance(let rule): try translateVariance(node, rule)
    case .softmax(let rule): try translateSoftmax(node, rule)
    case .logSumExp: try translateLogSumExp(node)
    case .argumentOfExtreme(let rule): try translateArgument(node, rule)
    case .cumulativeSum(let rule): try translateCumulativeSum(node, rule)
    case .sortOrder(let rule): try translateSortOrder(node, rule)
    case .matmul(let rule): try translateMatMul(node, rule)
    case .convolution(let rule): try translateConvolution(node, rule)
    case .convolutionInputGradient(let rule): try translateTransposedConvolution(node, rule)
    case .maxPool(let rule): try translatePool(node, rule.window, countsPadding: nil)
    case .averagePool(let rule): try translatePool(node, rule.window, countsPadding: rule.countsPadding)
    case .adaptiveAveragePool(let rule): try translateAdaptivePool(node, rule)
    case .dropout, .batchNorm, .batchNormStatistics: throw refusal(node, "it belongs to training; record the model in evaluation mode")
    case .extremeGradient, .productOfOthers, .softmaxGradient, .softmaxCrossEntropy, .convolutionWeightGradient,
      .maxPoolGradient, .maxPoolSelection, .averagePoolGradient, .adaptiveAveragePoolGradient, .batchNormSums:
      throw refusal(node, "there is no such operator")
    }
  }

  func scope(_ node: Int) -> Int { graph.nodes[node].scope }
  func input(_ node: Int, _ index: Int) -> ValueID { graph.nodes[node].inputs[index] }
  func shape(_ value: ValueID) -> [Int] { graph.tensor(value).shape.dimensions }

  // MARK: Elementwise

  private mutating func translateUnary(_ node: Int, _ function: UnaryFunction) throws(ONNXExportError) {
    let x = try value(input(node, 0))
    let at = scope(node)
    let y: String
    switch function {
    case .negate: y = add("Neg", at, [x.name])
    case .absolute: y = add("Abs", at, [x.name])
    case .sign: y = add("Sign", at, [x.name])
    case .square: y = add("Mul", at, [x.name, x.name])
    case .squareRoot: y = add("Sqrt", at, [x.name])
    case .reciprocalSquareRoot: y = add("Reciprocal", at, [add("Sqrt", at, [x.name])])
    case .reciprocal: y = add("Reciprocal", at, [x.name])
    case .exponential: y = add("Exp", at, [x.name])
    case .logarithm: y = add("Log", at, [x.name])
    case .sine: y = add("Sin", at, [x.name])
    case .cosine: y = add("Cos", at, [x.name])
    case .relu: y = add("Relu", at, [x.name])
    case .relu6: y = add("Clip", at, [x.name, scalar(0), scalar(6)])
    case .sigmoid: y = add("Sigmoid", at, [x.name])
    case .hyperbolicTangent: y = add("Tanh", at, [x.name])
    case .softplus: y = add("Softplus", at, [x.name])
    case .silu: y = add("Mul", at, [x.name, add("Sigmoid", at, [x.name])])
    case .gelu:
      // x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))): the operator set has no Gelu yet.
      let cube = add("Mul", at, [add("Mul", at, [x.name, x.name]), x.name])
      let inner = add("Add", at, [x.name, add("Mul", at, [cube, scalar(0.044715)])])
      let tangent = add("Tanh", at, [add("Mul", at, [inner, scalar(0.797_884_56)])])
      y = add("Mul", at, [add("Mul", at, [x.name, scalar(0.5)]), add("Add", at, [tangent, scalar(1)])])
    case .roundDown: y = add("Floor", at, [x.name])
    case .roundToEven: y = add("Round", at, [x.name])
    case .errorFunction: y = add("Erf", at, [x.name])
    case .exponentialMinusOne:
      // tanh(x/2)·(eˣ + 1), which is precise near 0: there is no operator of its own.
      let half = add("Tanh", at, [add("Mul", at, [x.name, scalar(0.5)])])
      y = add("Mul", at, [half, add("Add", at, [add("Exp", at, [x.name]), scalar(1)])])
    case .logarithmOnePlus:
      // With u = 1 + x, ln u and what rounding took from u, divided by the slope. The bounds keep infinities out of it.
      let bounded = add("Min", at, [x.name, scalar(1e38)])
      let sum = add("Add", at, [bounded, scalar(1)])
      let lost = add("Sub", at, [bounded, add("Sub", at, [sum, scalar(1)])])
      let logarithm = add("Log", at, [add("Add", at, [x.name, scalar(1)])])
      y = add("Add", at, [logarithm, add("Div", at, [lost, add("Max", at, [sum, scalar(1e-30)])])])
    case .selu: y = add("Selu", at, [x.name])
    case .softsign: y = add("Softsign", at, [x.name])
    case .mish: y = add("Mul", at, [x.name, add("Tanh", at, [add("Softplus", at, [x.name])])])
    case .hardSigmoid: y = add("HardSigmoid", at, [x.name], ["alpha": .float(1 / 6), "beta": .float(0.5)])
    case .hardSwish: y = add("HardSwish", at, [x.name])
    case .hardSwishSlope: throw refusal(node, "there is no such operator")
    case .exactGelu:
      let error = add("Erf", at, [add("Mul", at, [x.name, scalar(0.707_106_78)])])
      y = add("Mul", at, [add("Mul", at, [x.name, scalar(0.5)]), add("Add", at, [error, scalar(1)])])
    case .positive: y = number(add("Greater", at, [x.name, scalar(0)]), at)
    case .logicalNot: y = number(add("Equal", at, [x.name, scalar(0)]), at)
    case .toFloat: y = number(x.name, at)
    case .toInteger: y = add("Cast", at, [x.name], ["to": .integer(ONNXModel.ElementType.int32.rawValue)])
    }
    set(node, y, x.arrangement)
  }

  private mutating func translateClamp(_ node: Int, _ rule: Clamp) throws(ONNXExportError) {
    let x = try value(input(node, 0))
    // An empty name is a bound that is not there.
    let bounds = [rule.lower, rule.upper].map { $0.isFinite ? scalar($0) : "" }
    set(node, add("Clip", scope(node), [x.name] + (bounds[1].isEmpty ? Array(bounds.prefix(1)) : bounds)), x.arrangement)
  }

  private mutating func translateBinary(_ node: Int, _ function: BinaryFunction) throws(ONNXExportError) {
    let operation: String
    var (takesMasks, isRelation) = (false, false)
    switch function {
    case .add, .integerAdd: operation = "Add"
    case .subtract, .integerSubtract: operation = "Sub"
    case .multiply, .integerMultiply: operation = "Mul"
    case .divide: operation = "Div"
    case .maximum, .integerMaximum: operation = "Max"
    case .minimum, .integerMinimum: operation = "Min"
    case .power: operation = "Pow"
    case .greater, .integerGreater: (operation, isRelation) = ("Greater", true)
    case .greaterOrEqual, .integerGreaterOrEqual: (operation, isRelation) = ("GreaterOrEqual", true)
    case .equal, .integerEqual, .notEqual, .integerNotEqual: (operation, isRelation) = ("Equal", true)
    case .logicalAnd: (operation, takesMasks, isRelation) = ("And", true, true)
    case .logicalOr: (operation, takesMasks, isRelation) = ("Or", true, true)
    case .logicalXor: (operation, takesMasks, isRelation) = ("Xor", true, true)
    case .keep, .drop: operation = "Where"
    case .leakyRelu:
      if let slope = constant(input(node, 1)), shape(input(node, 1)).reduce(1, *) == 1 {
        let x = try value(input(node, 0))
        return set(node, add("LeakyRelu", scope(node), [x.name], ["alpha": .float(slope)]), x.arrangement)
      }
      operation = "PRelu"
    case .elu, .celu:
      guard let alpha = constant(input(node, 1)), shape(input(node, 1)).reduce(1, *) == 1 else {
        throw refusal(node, "there is no such operator with an alpha that is computed")
      }
      let x = try value(input(node, 0))
      return set(
        node, add(function == .elu ? "Elu" : "Celu", scope(node), [x.name], ["alpha": .float(alpha)]), x.arrangement)
    case .reluGradient, .relu6Gradient, .sigmoidGradient, .tanhGradient, .geluGradient, .siluGradient, .leakyReluSlope, .join,
      .eluSlope, .mishGradient, .exactGeluGradient:
      throw refusal(node, "there is no such operator")
    }
    let (a, b) = (input(node, 0), input(node, 1))
    let arrangement = try common(a, b)
    var operands = [try operand(a, node, arrangement), try operand(b, node, arrangement)]
    let at = scope(node)
    if takesMasks { operands = operands.map { mask($0, at) } }
    if operation == "Where" {
      let zero = graph.tensor(b).dtype == .int32 ? initializer("integer.0.", [], .shortIntegers([0])) : scalar(0)
      operands = [mask(operands[0], at)] + (function == .keep ? [operands[1], zero] : [zero, operands[1]])
    }
    var y = add(operation, at, operands)
    if [.notEqual, .integerNotEqual].contains(function) { y = add("Not", at, [y]) }
    set(node, isRelation ? number(y, at) : y, arrangement)
  }

  /// What is true as 1, or an integer, in float32.
  private mutating func number(_ name: String, _ at: Int) -> String {
    add("Cast", at, [name], ["to": .integer(ONNXModel.ElementType.float32.rawValue)])
  }

  /// A mask as what is true.
  private mutating func mask(_ name: String, _ at: Int) -> String {
    add("Cast", at, [name], ["to": .integer(ONNXModel.ElementType.boolean.rawValue)])
  }

  private mutating func translateSelect(_ node: Int) throws(ONNXExportError) {
    var found: [ONNXArrangement] = []
    for index in 0..<3 { found.append(try arrangement(input(node, index))) }
    let isImage = found.contains(.image) && found.allSatisfy { $0 == .image || $0 == .same }
    let arrangement = isImage ? .image : found.allSatisfy { $0 == found[0] } ? found[0] : .same
    var operands: [String] = []
    for index in 0..<3 { operands.append(try operand(input(node, index), node, arrangement)) }
    set(node, add("Where", scope(node), [mask(operands[0], scope(node)), operands[1], operands[2]]), arrangement)
  }

  /// The arrangement in which two operands meet.
  private mutating func common(_ a: ValueID, _ b: ValueID) throws(ONNXExportError) -> ONNXArrangement {
    let (first, second) = (try arrangement(a), try arrangement(b))
    if first == .image || second == .image {
      // A flattened picture does not meet a whole one element by element; what broadcasts is brought to ours.
      return [first, second].allSatisfy { $0 == .image || $0 == .same } ? .image : .same
    }
    if first == second { return first }
    // One is flattened, the other as here, or flattened in another way.
    let (flat, other, shape) = first == .same ? (second, first, shape(a)) : (first, second, shape(b))
    guard other == .same, case .flattened(let height, let width, let channels) = flat else { return .same }
    let isVector = (shape.last ?? 1) == 1 || (parameter(first == .same ? a : b) != nil && shape.last == height * width * channels)
    return isVector ? flat : .same
  }

  private mutating func arrangement(_ id: ValueID) throws(ONNXExportError) -> ONNXArrangement {
    parameter(id) != nil || constant(id) != nil ? .same : try value(id).arrangement
  }

  /// An elementwise operation's operand in an arrangement.
  private mutating func operand(_ id: ValueID, _ node: Int, _ arrangement: ONNXArrangement) throws(ONNXExportError) -> String {
    let shape = shape(id)
    if let constant = constant(id) {
      // A full constant is a scalar that the other operand stretches, unless it is what gives the result its shape.
      let other = input(node, 0) == id ? input(node, 1) : input(node, 0)
      if shape.isEmpty || self.shape(other) == graph.nodes[node].outputs[0].shape.dimensions { return scalar(constant) }
    }
    if shape.reduce(1, *) == 1, shape.count <= 1 { return try value(id).name }
    switch arrangement {
    case .same: return try ours(id).name
    case .image:
      let found = try value(id)
      if found.arrangement == .image { return found.name }
      let padded = Array(repeating: 1, count: max(0, 4 - shape.count)) + shape
      let turned = ONNXArrangement.toImage.map { padded[$0] }
      if let parameter = parameter(id) {
        // [channels, height, width] broadcasts over the batch.
        let values = permuted(parameter.values, padded, ONNXArrangement.toImage)
        let trimmed = padded[0] == 1 ? Array(turned.dropFirst()) : turned
        return initializer("\(parameter.path).channels", trimmed, .floats(values))
      }
      let four = shape.count == 4 ? found.name : add("Reshape", scope(node), [found.name, integers(try reshape(node, shape, padded))])
      return add("Transpose", scope(node), [four], ["perm": .integers(ONNXArrangement.toImage)])
    case .flattened(let height, let width, let channels):
      if let parameter = parameter(id), shape.last != 1 {
        let split = Array(shape.dropLast()) + [height, width, channels]
        let rank = split.count
        let order = Array(0..<rank - 3) + [rank - 1, rank - 3, rank - 2]
        return initializer("\(parameter.path).flattened", shape, .floats(permuted(parameter.values, split, order)))
      }
      return try value(id).name
    }
  }

  private mutating func translateBatchNorm(_ node: Int, _ norm: ONNXPatterns.BatchNorm) throws(ONNXExportError) {
    let x = try value(norm.x)
    func vector(_ id: ValueID, _ translation: inout ONNXTranslation) throws(ONNXExportError) -> String {
      if case .flattened = x.arrangement { return try translation.operand(id, node, x.arrangement) }
      return try translation.value(id).name
    }
    var inputs = [shape(norm.x).count == 4 && x.arrangement == .same ? try asImage(norm.x) : x.name]
    for id in [norm.weight, norm.bias, norm.mean, norm.variance] { inputs.append(try vector(id, &self)) }
    let y = add("BatchNormalization", scope(node), inputs, ["epsilon": .float(norm.epsilon)])
    set(node, y, shape(norm.x).count == 4 ? .image : x.arrangement)
  }

  /// A picture with its channels first.
  mutating func asImage(_ id: ValueID) throws(ONNXExportError) -> String {
    let found = try value(id)
    if found.arrangement == .image { return found.name }
    let mine = try ours(id)
    return add("Transpose", graph.nodes[id.node].scope, [mine.name], ["perm": .integers(ONNXArrangement.toImage)])
  }

  // MARK: Layout

  /// The target of ONNX's `Reshape` for a shape, whatever the batch: 0 keeps the first axis, −1 is what is left.
  private func reshape(_ node: Int, _ from: [Int], _ to: [Int]) throws(ONNXExportError) -> [Int] {
    let dependsOnBatch = from.contains { $0 % batch == 0 }
    guard dependsOnBatch, let first = to.first else { return to }
    if let start = from.first, start == first { return [0] + to.dropFirst() }
    guard first % batch == 0 else { throw refusal(node, "it moves the batch away from the first axis") }
    return [-1] + to.dropFirst()
  }

  private mutating func translateReshape(_ node: Int, _ shape: Shape) throws(ONNXExportError) {
    let x = input(node, 0)
    let from = self.shape(x)
    let to = shape.dimensions
    let found = try value(x)
    if found.arrangement == .image, to.count == 2, from[0] == to[0] {
      let y = add("Flatten", scope(node), [found.name])
      // One pixel, or one channel: both orders are the same.
      let isSame = from[1] * from[2] == 1 || from[3] == 1
      return set(node, y, isSame ? .same : .flattened(height: from[1], width: from[2], channels: from[3]))
    }
    if from == to { return alias(node, of: found) }
    let mine = try ours(x)
    set(node, add("Reshape", scope(node), [mine.name, integers(try reshape(node, from, to))]), .same)
  }

  private mutating func translateTranspose(_ node: Int, _ permutation: [Int]) throws(ONNXExportError) {
    let found = try value(input(node, 0))
    // What a picture is there already.
    if found.arrangement == .image, permutation == ONNXArrangement.toImage { return set(node, found.name, .same) }
    let mine = try ours(input(node, 0))
    set(node, add("Transpose", scope(node), [mine.name], ["perm": .integers(permutation)]), .same)
  }

  private mutating func translateBroadcast(_ node: Int, _ shape: Shape) throws(ONNXExportError) {
    let from = self.shape(input(node, 0))
    let padded = Array(repeating: 1, count: max(0, shape.rank - from.count)) + from
    var target: [Int] = []
    for (axis, (old, new)) in zip(padded, shape.dimensions).enumerated() {
      if new % batch == 0, old != new, axis > 0 || new != batch { throw refusal(node, "it stretches to the batch's size") }
      // An extent of 1 keeps what is there.
      target.append(old == new ? 1 : new)
    }
    let mine = try ours(input(node, 0))
    set(node, add("Expand", scope(node), [mine.name, try extents(target, node)]), .same)
  }

  /// A shape as a value, whose first extent is the batch's where it is here.
  mutating func extents(_ shape: [Int], _ node: Int) throws(ONNXExportError) -> String {
    guard !shape.dropFirst().contains(batch) else { throw refusal(node, "it depends on the batch's size") }
    guard shape.first == batch else { return integers(shape) }
    // Every input has the batch first.
    let first = graph.nodes.firstIndex { if case .input = $0.operation { true } else { false } }
    guard let first else { throw refusal(node, "it depends on the batch's size, and there is no input") }
    let whole = add("Shape", scope(node), [try value(ValueID(node: first)).name])
    let batch = add("Slice", scope(node), [whole, integers([0]), integers([1])])
    return add("Concat", scope(node), [batch, integers(Array(shape.dropFirst()))], ["axis": .integer(0)])
  }

  // MARK: Reductions

  private mutating func translateReduce(_ node: Int, _ rule: Reduce) throws(ONNXExportError) {
    let id = input(node, 0)
    if rule.axes.contains(0), shape(id).first == batch { throw refusal(node, "it goes over the batch") }
    var x = try value(id)
    var axes = rule.axes
    let rest = (0..<shape(id).count).filter { !axes.contains($0) }
    let operation =
      ["sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin", "product": "ReduceProd"][rule.reduction.rawValue]
      ?? ""
    var arrangement = ONNXArrangement.same
    // What is left of a picture's axes may be in another order there: height or width beside channels.
    if x.arrangement == .image, rule.keepingAxes || !(rest.contains(3) && (rest.contains(1) || rest.contains(2))) {
      axes = axes.map { ONNXArrangement.imageAxis[$0] }.sorted()
      if rule.keepingAxes { arrangement = .image }
    } else {
      x = try ours(id)
    }
    let keep = ONNXModel.Attribute.integer(rule.keepingAxes ? 1 : 0)
    let y =
      operation == "ReduceSum"
      ? add(operation, scope(node), [x.name, integers(axes)], ["keepdims": keep])
      : add(operation, scope(node), [x.name], ["axes": .integers(axes), "keepdims": keep])
    set(node, y, arrangement)
  }

  private mutating func translateVariance(_ node: Int, _ rule: Variance) throws(ONNXExportError) {
    let id = input(node, 0)
    let count = rule.axes.reduce(1) { $0 * shape(id)[$1] }
    if rule.axes.contains(0), shape(id).first == batch { throw refusal(node, "it goes over the batch") }
    let x = try ours(id)
    let at = scope(node)
    let axes = ONNXModel.Attribute.integers(rule.axes)
    let keep = ONNXModel.Attribute.integer(rule.keepingAxes ? 1 : 0)
    let mean = add("ReduceMean", at, [x.name], ["axes": axes, "keepdims": .integer(1)])
    let deviations = add("Sub", at, [x.name, mean])
    let squares = add("ReduceMean", at, [add("Mul", at, [deviations, deviations])], ["axes": axes, "keepdims": keep])
    let share = Float(count) / Float(Swift.max(0, count - rule.correction))
    set(node, rule.correction == 0 ? squares : add("Mul", at, [squares, scalar(share)]), .same)
    let second = ValueID(node: node, output: 1)
    guard graph.nodes.contains(where: { $0.inputs.contains(second) }) else { return }
    set(second, rule.keepingAxes ? mean : add("ReduceMean", at, [x.name], ["axes": axes, "keepdims": .integer(0)]), .same)
  }

  private mutating func translateLogSumExp(_ node: Int) throws(ONNXExportError) {
    let x = try ours(input(node, 0))
    guard shape(input(node, 0)).count > 1 else { throw refusal(node, "it goes over the batch") }
    set(node, add("ReduceLogSumExp", scope(node), [x.name], ["axes": .integers([-1]), "keepdims": .integer(0)]), .same)
  }

  private mutating func translateArgument(_ node: Int, _ rule: ArgumentOfExtreme) throws(ONNXExportError) {
    let x = try ours(input(node, 0))
    guard shape(input(node, 0)).count > 1 else { throw refusal(node, "it goes over the batch") }
    let place = add(rule.isMinimum ? "ArgMin" : "ArgMax", scope(node), [x.name], ["axis": .integer(-1), "keepdims": .integer(0)])
    set(node, add("Cast", scope(node), [place], ["to": .integer(ONNXModel.ElementType.int32.rawValue)]), .same)
  }

  private mutating func translateCumulativeSum(_ node: Int, _ rule: CumulativeSum) throws(ONNXExportError) {
    guard shape(input(node, 0)).count > 1 else { throw refusal(node, "it goes over the batch") }
    let x = try ours(input(node, 0))
    let axis = initializer("integer.-1", [], .integers([-1]))
    set(node, add("CumSum", scope(node), [x.name, axis], ["reverse": .integer(rule.isReversed ? 1 : 0)]), .same)
  }

  private mutating func translateSortOrder(_ node: Int, _ rule: SortOrder) throws(ONNXExportError) {
    guard shape(input(node, 0)).count > 1 else { throw refusal(node, "it goes over the batch") }
    let x = try ours(input(node, 0))
    let attributes: [String: ONNXModel.Attribute] = ["axis": .integer(-1), "largest": .integer(rule.isDescending ? 1 : 0)]
    // Its first result is the numbers themselves.
    let places = addSecond("TopK", scope(node), [x.name, integers([rule.count])], attributes)
    set(node, add("Cast", scope(node), [places], ["to": .integer(ONNXModel.ElementType.int32.rawValue)]), .same)
  }

  private mutating func translateSoftmax(_ node: Int, _ rule: Softmax) throws(ONNXExportError) {
    var x = try value(input(node, 0))
    if case .flattened = x.arrangement { x = try ours(input(node, 0)) }
    let axis = x.arrangement == .image ? 1 : -1
    set(node, add(rule.isLogarithmic ? "LogSoftmax" : "Softmax", scope(node), [x.name], ["axis": .integer(axis)]), x.arrangement)
  }
}
