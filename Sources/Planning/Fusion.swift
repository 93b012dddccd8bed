import GlissadeTensors

/// Decides what is computed together: bias, residual, activation and ReLU mask move into the store of the product that feeds them, and
/// elementwise operations whose only readers are one chain join that chain.
struct Fusion {
  /// Something that becomes launches: one operation with what was fused into it.
  struct Unit {
    enum Kind {
      /// An operation, and for a product what is applied when it is stored.
      case operation(epilogue: FusedEpilogue?)
      /// A chain of elementwise operations, in order; the last one's result is stored.
      case elementwise(members: [Int])
    }
    /// The node that is computed: for a chain its last member.
    var node: Int
    /// The node whose result is stored; also the unit's place in the order.
    var result: Int
    var kind: Kind
    /// For a convolution's weight gradient: the sum of dy over all pixels, which is the bias's gradient and costs nothing beside it.
    var biasGradient: Int?
  }

  /// What a product applies to its result before storing it: ((acc·scale + bias) + residual), activation, mask.
  struct FusedEpilogue {
    var scale: ValueID?
    var bias: ValueID?
    var residual: ValueID?
    var activation: FusedActivation?
    /// The result is kept where this is above 0 (and below 6): the gradient of ReLU (of ReLU6).
    var mask: ValueID?
    /// Whether the mask is ReLU6's.
    var isMaskBounded = false
    /// For plans: `bias + relu`.
    var names: [String] = []

    /// Whether there is room for one: slopes take its buffer.
    var takesMask: Bool {
      if case .slopes = activation { return false }
      return mask == nil
    }
  }

  /// In an order in which they can run.
  private(set) var units: [Unit] = []
  private let graph: Graph
  private let uses: [ValueID: [Int]]
  private let roots: Set<ValueID>

  static let inputLimit = 8
  static let instructionLimit = 32

  /// - Parameters:
  ///   - graph: a decomposed graph.
  ///   - roots: values that have to be in memory when the step ends.
  ///   - isEnabled: whether anything is fused; switched off by tests that compare.
  init(_ graph: Graph, roots: [ValueID], isEnabled: Bool = true) {
    self.graph = graph
    self.roots = Set(roots.map { graph.resolved($0) })
    var uses: [ValueID: [Int]] = [:]
    for (index, node) in graph.nodes.enumerated() {
      if case .reshape = node.operation { continue }
      for input in Set(node.inputs.map(graph.resolved)) { uses[input, default: []].append(index) }
    }
    self.uses = uses

    var absorbed = Set<Int>()
    var epilogues: [Int: (FusedEpilogue, result: Int)] = [:]
    if isEnabled {
      for (index, node) in graph.nodes.enumerated() where node.operation.takesEpilogue {
        let (epilogue, members) = epilogue(of: index, without: absorbed)
        guard let last = members.last else { continue }
        absorbed.formUnion(members)
        epilogues[index] = (epilogue, last)
      }
    }
    let chains = chains(excluding: absorbed, isEnabled: isEnabled)
    let biasGradients = isEnabled ? biasGradients() : [:]
    let joined = Set(biasGradients.values)
    for (index, node) in graph.nodes.enumerated() where !joined.contains(index) {
      if let biasGradient = biasGradients[index] {
        units.append(Unit(node: index, result: index, kind: .operation(epilogue: nil), biasGradient: biasGradient))
      } else if let epilogue = epilogues[index] {
        units.append(Unit(node: index, result: epilogue.result, kind: .operation(epilogue: epilogue.0)))
      } else if node.operation.isElementwise {
        if let members = chains[index] { units.append(Unit(node: index, result: index, kind: .elementwise(members: members))) }
      } else {
        units.append(Unit(node: index, result: index, kind: .operation(epilogue: nil)))
      }
    }
    units.sort { $0.result < $1.result }
  }

  private func soleReader(of node: Int) -> Int? {
    let value = ValueID(node: node)
    guard !roots.contains(value), let readers = uses[value], readers.count == 1 else { return nil }
    return readers[0]
  }

  /// Sums of a dy over its pixels that only the step's end reads, by the weight gradient that reads the same dy.
  private func biasGradients() -> [Int: Int] {
    var result: [Int: Int] = [:]
    var taken = Set<Int>()
    for (index, node) in graph.nodes.enumerated() {
      guard case .convolutionWeightGradient = node.operation else { continue }
      let dy = graph.resolved(node.inputs[1])
      let sum = uses[dy]?.first { reader in
        guard case .reduce(let rule) = graph.nodes[reader].operation, !taken.contains(reader) else { return false }
        return rule.reduction == .sum && rule.axes == [0, 1, 2] && uses[ValueID(node: reader)] == nil
      }
      guard let sum else { continue }
      taken.insert(sum)
      result[index] = sum
    }
    return result
  }

  // MARK: Epilogues

  /// - Parameter taken: what other epilogues have: a sum of two products is in the epilogue of one.
  private func epilogue(of product: Int, without taken: Set<Int>) -> (FusedEpilogue, members: [Int]) {
    var epilogue = FusedEpilogue()
    var members: [Int] = []
    var current = product
    let shape = graph.nodes[product].outputs[0].shape
    while let reader = soleReader(of: current), !taken.contains(reader), absorb(reader, after: current, shape, &epilogue) {
      members.append(reader)
      current = reader
    }
    return (epilogue, members)
  }

  /// Takes one more elementwise operation into an epilogue, if its form allows it there.
  private func absorb(_ reader: Int, after current: Int, _ shape: Shape, _ epilogue: inout FusedEpilogue) -> Bool {
    let node = graph.nodes[reader]
    guard node.outputs[0].shape.count == shape.count else { return false }
    let isBeforeActivation = epilogue.activation == nil && epilogue.mask == nil
    switch node.operation {
    case .unary(let rule):
      guard isBeforeActivation, let activation = FusedActivation(rule.function) else { return false }
      epilogue.activation = activation
      epilogue.names.append(rule.name)
      return true
    case .binary(let rule):
      let isFirst = graph.resolved(node.inputs[0]).node == current
      let isSecond = graph.resolved(node.inputs[1]).node == current
      guard isFirst != isSecond else { return false }
      let other = node.inputs[isFirst ? 1 : 0]
      if let number = graph.constantValue(other) {
        guard isFirst, epilogue.mask == nil, let activation = FusedActivation(rule.function, number, after: epilogue.activation) else {
          return false
        }
        epilogue.activation = activation
        epilogue.names.append(rule.name)
        return true
      }
      let otherShape = graph.tensor(other).shape
      guard let access = otherShape.access(in: node.outputs[0].shape) else { return false }
      let isChannels = access.access == .column && otherShape.count == shape[-1]
      switch rule.function {
      case .multiply where isChannels && isBeforeActivation && epilogue.names.isEmpty:
        epilogue.scale = other
        epilogue.names.append("scale")
      case .add where isChannels && isBeforeActivation && epilogue.bias == nil && epilogue.residual == nil:
        epilogue.bias = other
        epilogue.names.append("bias")
      case .add where access.access == .full && isBeforeActivation && epilogue.residual == nil:
        epilogue.residual = other
        epilogue.names.append("residual")
      case .leakyRelu where isFirst && isBeforeActivation && (isChannels || otherShape.count == 1):
        epilogue.activation = .slopes(other, isShared: otherShape.count == 1)
        epilogue.names.append(rule.name)
      case .reluGradient where isSecond && access.access == .full && epilogue.takesMask:
        epilogue.mask = other
        epilogue.names.append("relu gradient")
      case .relu6Gradient where isSecond && access.access == .full && epilogue.takesMask:
        epilogue.mask = other
        epilogue.isMaskBounded = true
        epilogue.names.append("relu6 gradient")
      default: return false
      }
      return true
    default: return false
    }
  }

  // MARK: Chains

  /// An input of a chain: one value may be several, as a row here and a column there.
  private struct Read: Hashable {
    var value: ValueID
    var access: BroadcastAccess
  }

  /// What a node reads from memory. One constant is part of its instruction; a second one is an input like any other.
  private func reads(of node: Graph.Node) -> Set<Read> {
    var result = Set<Read>()
    var hasImmediate = false
    for input in node.inputs {
      let value = graph.resolved(input)
      if !graph.isConstant(input) {
        result.insert(Read(value: value, access: graph.tensor(input).shape.access(in: node.outputs[0].shape)?.access ?? .full))
      } else if hasImmediate {
        result.insert(Read(value: value, access: .scalar))
      } else {
        hasImmediate = true
      }
    }
    return result
  }

  /// Groups elementwise nodes, last readers first: a node joins the chain that all its readers are in.
  /// - Returns: the members of each chain in order, by the chain's last node.
  private func chains(excluding absorbed: Set<Int>, isEnabled: Bool) -> [Int: [Int]] {
    struct Chain {
      var members: [Int]
      var canvas: Int
      var columns: Int?
      var inputs: Set<Read>
    }
    var chains: [Int: Chain] = [:]
    var chainOf: [Int: Int] = [:]
    for index in graph.nodes.indices.reversed() where graph.nodes[index].operation.isElementwise && !absorbed.contains(index) {
      let node = graph.nodes[index]
      let value = ValueID(node: index)
      let shape = node.outputs[0].shape
      let operands = node.inputs.filter { !graph.isConstant($0) }
      let columns = operands.lazy.compactMap { self.graph.tensor($0).shape.access(in: shape)?.columns }.first
      let readers = Set((uses[value] ?? []).map { chainOf[$0] ?? -1 })
      if isEnabled, !roots.contains(value), readers.count == 1, let target = readers.first, var chain = chains[target],
        chain.canvas == shape.count, chain.members.count < Self.instructionLimit,
        chain.columns == nil || columns == nil || chain.columns == columns
      {
        let inputs = chain.inputs.filter { $0.value != value }.union(reads(of: node))
        if inputs.count <= Self.inputLimit {
          chain.members.append(index)
          chain.columns = chain.columns ?? columns
          chain.inputs = inputs
          chains[target] = chain
          chainOf[index] = target
          continue
        }
      }
      chains[index] = Chain(members: [index], canvas: shape.count, columns: columns, inputs: reads(of: node))
      chainOf[index] = index
    }
    return chains.mapValues { $0.members.reversed() }
  }
}

extension Graph {
  /// The value whose elements these are: reshaping moves nothing.
  package func resolved(_ id: ValueID) -> ValueID {
    var id = id
    while case .reshape = nodes[id.node].operation { id = nodes[id.node].inputs[0] }
    return id
  }

  func isConstant(_ id: ValueID) -> Bool {
    if case .constant = nodes[resolved(id).node].operation { return true }
    return false
  }

  func constantValue(_ id: ValueID) -> Float? {
    if case .constant(let constant) = nodes[resolved(id).node].operation { return constant.value }
    return nil
  }
}

extension Operation {
  var isElementwise: Bool {
    switch self {
    case .unary, .binary: true
    default: false
    }
  }

  /// Whether the kernel applies an epilogue when it stores.
  var takesEpilogue: Bool {
    switch self {
    case .matmul, .convolution, .convolutionInputGradient: true
    default: false
    }
  }
}
