import GlissadeTensors

/// A graph that nobody thought of: operations in random order on values of random shapes, the same for the same seed.
///
/// Nothing says what is right: devices, and plans that fuse and do not, have to agree. So that they can, numbers stay of a size (`Value.bound`).
struct RandomGraph {
  /// What there is so far, and a limit of its magnitude.
  struct Value {
    var tensor: Tensor
    var bound: Double
    /// Whether it has the same bits wherever it is computed, so that devices take the same decisions by it.
    var isExact = false
  }

  let seed: UInt64
  let graph: Graph
  var dice: Dice
  var values: [Value] = []
  /// Parameters in the order of their making, which is always the same.
  private(set) var parameters: [Parameter] = []
  /// What was done, for messages.
  private(set) var story: [String] = []

  /// - Parameters:
  ///   - graph: where it is recorded, among others.
  ///   - steps: how many operations, without those that keep numbers small.
  init(seed: UInt64, in graph: Graph, steps: Int) {
    self.seed = seed
    self.graph = graph
    dice = Dice("random graph \(seed)")
    values.append(parameter(dice.shape(rank: pick([1, 2, 2, 3, 4, 4]))))
    values.append(parameter(pick([values[0].tensor.shape, dice.shape(rank: 2)])))
    for _ in 0..<steps {
      // The newest value more often than not, so that graphs are deep.
      let x = dice.next() % 3 == 0 ? pick(values) : values[values.count - 1]
      guard let (name, y) = step(x), y.tensor.isValid, y.tensor.shape.count <= 4000 else { continue }
      story.append("\(name) \(x.tensor.shape) → \(y.tensor.shape)")
      values.append(calmed(y))
    }
  }

  mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
  mutating func below(_ count: Int) -> Int { Int(dice.next() % UInt64(count)) }
  mutating func chance(_ oneIn: UInt64) -> Bool { dice.next() % oneIn == 0 }

  /// A parameter of its own, uniform in −1…1.
  mutating func parameter(_ shape: Shape) -> Value {
    let parameter = Parameter("p\(seed).\(parameters.count)", shape: shape)
    parameters.append(parameter)
    return Value(tensor: graph[parameter], bound: 1, isExact: true)
  }

  /// The same, smaller where it might have grown.
  private func calmed(_ value: Value) -> Value {
    guard value.bound > 6 else { return value }
    return Value(tensor: (value.tensor * Float(3 / value.bound)).applying(.hyperbolicTangent), bound: 1)
  }

  /// What another value was made of. What was left out again, because it is too large, has read nothing.
  private var read: Set<ValueID> {
    var read = Set<ValueID>()
    var isNeeded = [Bool](repeating: false, count: graph.nodes.count)
    for value in values { isNeeded[value.tensor.id.node] = true }
    for index in isNeeded.indices.reversed() where isNeeded[index] {
      for input in graph.nodes[index].inputs {
        isNeeded[input.node] = true
        read.insert(input)
      }
    }
    return read
  }

  /// The loss, in which every value that nothing read has a part, weighted by position.
  var loss: Tensor {
    let read = read
    let ends = values.filter { !read.contains($0.tensor.id) } + [values[values.count - 1]]
    return ends.enumerated().reduce(graph.constant(0)) { sum, end in
      let y = end.element.tensor
      // Not each element alike, or gradients of what sums to a constant would be nothing.
      return sum + (y.applying(.square) * 0.5 + y * Float(0.3 + 0.2 * Double(end.offset))).mean()
    }
  }
}

extension RandomGraph {
  /// One more value from `x`; `nil` where the operation that was drawn does not fit its shape.
  private mutating func step(_ x: Value) -> (String, Value)? {
    switch dice.next() % 20 {
    case 0, 1: elementwise(x)
    case 2, 3: pairwise(x)
    case 4: arranged(x)
    case 5, 6: reduced(x)
    case 7: normalized(x)
    case 8, 9, 10: multiplied(x)
    case 11, 12: overPixels(x)
    case 13: looked(up: x)
    case 14, 15, 16: moved(x)
    default: chosen(x)
    }
  }

  private mutating func elementwise(_ x: Value) -> (String, Value) {
    let function = pick([
      UnaryFunction.negate, .absolute, .square, .sine, .cosine, .relu, .relu6, .sigmoid, .hyperbolicTangent, .gelu, .silu, .softplus,
      .errorFunction, .exponentialMinusOne, .selu, .mish, .softsign, .hardSigmoid, .hardSwish, .exactGelu,
    ])
    let bound =
      switch function {
      case .square: x.bound * x.bound
      case .sigmoid, .hyperbolicTangent, .sine, .cosine, .errorFunction, .softsign, .hardSigmoid: 1.0
      case .exponentialMinusOne: Real.exp(x.bound)
      default: x.bound + 1
      }
    if chance(8) { return clamped(x) }
    if chance(10) { return power(x) }
    if chance(6) { return ("dropout", Value(tensor: x.tensor.dropout(0.25), bound: x.bound * 1.34)) }
    let isExact = x.isExact && [.negate, .absolute, .relu, .relu6].contains(function)
    return (function.rawValue, Value(tensor: x.tensor.applying(function), bound: bound, isExact: isExact))
  }

  private mutating func clamped(_ x: Value) -> (String, Value) {
    let (lower, upper): (Float?, Float?) = pick([(-0.7, 0.9), (-0.7, nil), (nil, 0.4), (0.1, 0.2), (0.3, -0.3)])
    let bound = max(lower == nil || upper == nil ? x.bound : 0, 1)
    return ("clamp", Value(tensor: x.tensor.clamped(from: lower, to: upper), bound: bound, isExact: x.isExact))
  }

  private mutating func power(_ x: Value) -> (String, Value) {
    let base = x.tensor.abs() + 0.5
    guard chance(2) else {
      return ("power", Value(tensor: base.pow(pick([1.5, -0.5, -1, 3])), bound: Real.exp(Real.log(x.bound + 1) * 3)))
    }
    let exponent = parameter([x.tensor.shape[-1]])
    return ("power of a tensor", Value(tensor: base.pow(exponent.tensor), bound: x.bound + 2))
  }

  private mutating func pairwise(_ x: Value) -> (String, Value) {
    let shape = x.tensor.shape
    // A value of the past that fits, or a parameter with some axes stretched or missing.
    let fitting = values.filter { $0.tensor.shape.broadcast(with: shape)?.count ?? .max <= 4000 }
    var other = pick(fitting)
    if chance(2) {
      let kept = shape.dimensions.map { dice.next() % 3 == 0 ? 1 : $0 }
      other = parameter(Shape(Array(kept.dropFirst(Int(dice.next() % UInt64(shape.rank + 1))))))
    }
    let function = pick([BinaryFunction.add, .subtract, .multiply, .multiply, .maximum, .minimum, .divide])
    let (a, b) = chance(2) ? (x, other) : (other, x)
    if function == .divide {
      let divisor = b.tensor.applying(.square) + 1
      return ("divide", Value(tensor: a.tensor / divisor, bound: a.bound))
    }
    let isExact = a.isExact && b.isExact && [.maximum, .minimum].contains(function)
    let bound = function == .multiply ? a.bound * b.bound : a.bound + b.bound
    return (
      "\(function.rawValue) with \(other.tensor.shape)",
      Value(tensor: a.tensor.combined(with: b.tensor, function), bound: bound, isExact: isExact)
    )
  }

  private mutating func arranged(_ x: Value) -> (String, Value)? {
    let shape = x.tensor.shape
    switch dice.next() % 3 {
    case 0:
      return (
        "transpose", Value(tensor: x.tensor.transposed(Array(0..<shape.rank).shuffled(using: &dice)), bound: x.bound, isExact: x.isExact)
      )
    case 1:
      // Factors in another grouping.
      var extents = shape.dimensions.flatMap { Self.factors($0) }.shuffled(using: &dice)
      while extents.count > 4 { extents.append(extents.removeFirst() * extents.removeFirst()) }
      return ("reshape", Value(tensor: x.tensor.reshaped(to: Shape(extents.isEmpty ? [1] : extents)), bound: x.bound, isExact: x.isExact))
    default:
      let stretched = Shape([Int(2 + dice.next() % 3)] + shape.dimensions)
      guard shape.rank < 4 else { return nil }
      return ("broadcast", Value(tensor: x.tensor.broadcast(to: stretched), bound: x.bound, isExact: x.isExact))
    }
  }

  private static func factors(_ number: Int) -> [Int] {
    guard let factor = [2, 3, 5, 7].first(where: { number % $0 == 0 }), number > 1 else { return number > 1 ? [number] : [] }
    return [factor] + factors(number / factor)
  }

  private mutating func reduced(_ x: Value) -> (String, Value) {
    let axes = (0..<x.tensor.shape.rank).filter { _ in dice.next() % 2 == 0 }
    let count = axes.reduce(1) { $0 * x.tensor.shape[$1] }
    let (keeps, kind) = (chance(2), dice.next() % 8)
    switch kind {
    case 0 where count >= 2:
      return ("variance over \(axes)", Value(tensor: x.tensor.variance(axes: axes, keepingAxes: keeps), bound: 2 * x.bound * x.bound))
    case 1:
      return ("logSumExp over \(axes)", Value(tensor: x.tensor.logSumExp(axes: axes, keepingAxes: keeps), bound: x.bound + 8))
    case 2: return ("norm over \(axes)", Value(tensor: x.tensor.norm(axes: axes, keepingAxes: keeps), bound: x.bound * Double(count)))
    case 3 where count <= 4:
      let bound = (0..<count).reduce(1.0) { product, _ in product * x.bound }
      return ("product over \(axes)", Value(tensor: x.tensor.product(axes: axes, keepingAxes: keeps), bound: bound))
    default:
      let reduction = pick([Reduction.sum, .mean, .max, .min])
      let y = x.tensor.reduced(reduction, axes: axes, keepingAxes: keeps)
      let isExact = x.isExact && (reduction == .max || reduction == .min)
      return (
        "\(reduction.rawValue) over \(axes)",
        Value(tensor: y, bound: reduction == .sum ? x.bound * Double(count) : x.bound, isExact: isExact)
      )
    }
  }

  private mutating func normalized(_ x: Value) -> (String, Value)? {
    let shape = x.tensor.shape
    guard shape.rank >= 1 else { return nil }
    switch dice.next() % 3 {
    case 0: return ("softmax", Value(tensor: x.tensor.softmax(), bound: 1))
    case 1: return ("logSoftmax", Value(tensor: x.tensor.logSoftmax(), bound: 2 * x.bound + 8))
    default:
      guard shape.rank >= 2, shape.count >= 4 * shape[-1] else { return nil }
      let (weight, bias) = (parameter([shape[-1]]), parameter([shape[-1]]))
      let y = x.tensor.batchNormalized(weight: weight.tensor, bias: bias.tensor, epsilon: 0.1).y
      return ("batchNorm", Value(tensor: y, bound: 5))
    }
  }

  private mutating func looked(up x: Value) -> (String, Value)? {
    let shape = x.tensor.shape
    guard shape.rank == 2 else { return nil }
    // Which tap is the largest is a number of a row.
    let taps = parameter([1, 2 * Int(1 + dice.next() % 4), 2, 3])
    guard shape[0] >= 4 else { return nil }
    let pooled = taps.tensor.maxPooled(Window(kernel: (2, 2), stride: (2, 2)))
    let y = x.tensor.rows(graph.tensor(ValueID(node: pooled.id.node, output: 1)))
    return ("rows", Value(tensor: y, bound: x.bound))
  }
}

extension Dice {
  /// A shape of few elements.
  mutating func shape(rank: Int) -> Shape {
    let limit = [40, 40, 20, 12, 9][min(rank, 4)]
    return Shape((0..<rank).map { _ in extent(below: limit) })
  }
}
