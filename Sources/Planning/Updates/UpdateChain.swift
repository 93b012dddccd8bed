import GlissadeTensors

/// A recorded rule, or the part of it that a norm is taken of, as instructions over the elements of an arena. This is its structure; offsets and
/// constants are arguments.
public struct UpdateChain: Hashable, Sendable {
  /// What an instruction works on.
  public enum Operand: Hashable, Sendable {
    case parameter
    /// Clipped.
    case gradient
    case state(Int)
    /// A norm of the parameter that the element belongs to.
    case norm(Int)
    /// What the host gives for the step.
    case number(Int)
    /// What is always the same.
    case immediate(Int)
    case result(Int)
  }

  /// One function; instruction k defines result k.
  public struct Instruction: Hashable, Sendable {
    public enum Function: Hashable, Sendable {
      case unary(UnaryFunction)
      case binary(BinaryFunction)
      /// a·b + c, a·b − c and c − a·b, rounded once where the device can.
      case multiplyAdd, multiplySubtract, subtractProduct
    }
    public var function: Function
    /// One, two or three.
    public var operands: [Operand]
  }

  /// What is stored.
  public enum Outputs: Hashable, Sendable {
    /// New parameters and states; `nil` for what stays.
    case step(parameter: Operand?, states: [Operand?])
    /// A value of which norms are taken.
    case value(Operand)
    /// Up to four values, of which sums of squares are taken, and nothing is stored: on processors alone.
    case sums([Operand])
  }

  public var stateCount: Int
  public var normCount: Int
  /// Those that work on numbers alone come first, then those that work on norms as well.
  public var instructions: [Instruction]
  /// How many work on numbers alone.
  public var uniformCount: Int
  /// How many work on norms as well: they are the same for all elements of a parameter.
  public var segmentCount: Int
  public var outputs: Outputs

  /// Whether it takes sums of squares, and stores nothing else.
  package var takesSums: Bool {
    if case .sums = outputs { true } else { false }
  }
}

/// Makes instructions of what a rule recorded.
struct UpdateChainBuilder {
  let graph: Graph
  /// What a rule begins with.
  let given: [ValueID: UpdateChain.Operand]
  private(set) var immediates: [Float] = []

  /// What a rule's part comes to.
  private struct Draft {
    var instructions: [UpdateChain.Instruction] = []
    var places: [ValueID: UpdateChain.Operand] = [:]
  }

  /// - Parameters:
  ///   - graph: what was recorded.
  ///   - given: what a rule begins with.
  ///   - immediates: constants that have places already.
  init(_ graph: Graph, given: [ValueID: UpdateChain.Operand], immediates: [Float] = []) {
    self.graph = graph
    self.given = given
    self.immediates = immediates
  }

  /// Instructions for some values.
  /// - Returns: those that work on numbers alone, and how many these are, those that work on norms as well, and how many, then the others;
  ///   where each value is.
  /// - Throws: `ShapeError` for what is no operation on numbers element by element, or too long.
  mutating func instructions(
    for wanted: [ValueID], limit: Int, immediateLimit: Int
  ) throws(ShapeError) -> (
    instructions: [UpdateChain.Instruction], uniformCount: Int, segmentCount: Int, places: [ValueID: UpdateChain.Operand]
  ) {
    let roots = wanted.map(graph.resolved)
    let (needed, uses) = try needed(for: roots)
    let absorbed = products(needed, uses, keeping: Set(roots))
    // What an operation's result differs by: 0 by steps alone, 1 by parameters, 2 by elements.
    var ranks: [Int: Int] = [:]
    func rank(_ id: ValueID) -> Int {
      switch given[id] {
      case .number: 0
      case .norm: 1
      case nil: graph.isConstant(id) ? 0 : ranks[id.node] ?? 2
      default: 2
      }
    }
    for node in needed { ranks[node] = graph.nodes[node].inputs.map { rank(graph.resolved($0)) }.max() ?? 0 }
    var draft = Draft()
    var counts = [0, 0, 0]
    for wantedRank in counts.indices {
      let before = draft.instructions.count
      for node in needed where ranks[node] == wantedRank && !absorbed.contains(node) { try append(node, absorbed, &draft, immediateLimit) }
      counts[wantedRank] = draft.instructions.count - before
    }
    for root in roots where draft.places[root] == nil { draft.places[root] = try operand(root, draft, immediateLimit) }
    // What is stored as it was read is copied first: its place may be written before that.
    for root in roots {
      switch draft.places[root] {
      case .parameter?, .state?:
        guard let place = draft.places[root], wanted.count > 1 else { continue }
        let one = try immediate(1, immediateLimit)
        draft.instructions.append(.init(function: .binary(.multiply), operands: [place, one]))
        draft.places[root] = .result(draft.instructions.count - 1)
      default: continue
      }
    }
    if draft.instructions.count > limit {
      throw ShapeError(problem: "it takes \(draft.instructions.count) operations, and \(limit) have room in one launch")
    }
    return (draft.instructions, counts[0], counts[1], draft.places)
  }

  /// The nodes that values come from, in order, and how often each is read.
  private func needed(for roots: [ValueID]) throws(ShapeError) -> (nodes: [Int], uses: [ValueID: Int]) {
    var open = roots
    var found = Set<Int>()
    var uses: [ValueID: Int] = [:]
    while let id = open.popLast() {
      guard given[id] == nil, !graph.isConstant(id), found.insert(id.node).inserted else { continue }
      let node = graph.nodes[id.node]
      if case .input = node.operation {
        throw ShapeError(operation: "step.norm", problem: "it depends on another norm, and all norms are taken at once")
      }
      guard node.operation.isElementwise else {
        throw ShapeError(
          operation: node.operation.rule.name, inputs: node.inputs.map { graph.tensor($0).type },
          problem:
            "an update is computed element by element, by operations such as +, sqrt or maximum; norms of parameters come by step.norm")
      }
      for input in node.inputs.map(graph.resolved) {
        uses[input, default: 0] += 1
        open.append(input)
      }
    }
    return (found.sorted(), uses)
  }

  /// Products that nobody but one sum or difference reads: they are one instruction with it.
  private func products(_ needed: [Int], _ uses: [ValueID: Int], keeping roots: Set<ValueID>) -> Set<Int> {
    var absorbed = Set<Int>()
    for node in needed {
      guard case .binary(let rule) = graph.nodes[node].operation, rule.function == .add || rule.function == .subtract else { continue }
      let inputs = graph.nodes[node].inputs.map(graph.resolved)
      guard
        let product = inputs.reversed().first(where: { id in
          given[id] == nil && uses[id] == 1 && !roots.contains(id) && !absorbed.contains(id.node) && factors(id.node) != nil
        })
      else { continue }
      absorbed.insert(product.node)
    }
    return absorbed
  }

  /// What a node multiplies; `nil` for one that does something else.
  private func factors(_ node: Int) -> [ValueID]? {
    let inputs = graph.nodes[node].inputs.map(graph.resolved)
    switch graph.nodes[node].operation {
    case .binary(let rule) where rule.function == .multiply: return inputs
    case .unary(let rule) where rule.function == .square: return [inputs[0], inputs[0]]
    default: return nil
    }
  }

  private mutating func append(_ node: Int, _ absorbed: Set<Int>, _ draft: inout Draft, _ limit: Int) throws(ShapeError) {
    let inputs = graph.nodes[node].inputs.map(graph.resolved)
    var function: UpdateChain.Instruction.Function
    var operands = inputs
    switch graph.nodes[node].operation {
    case .unary(let rule): function = .unary(rule.function)
    case .binary(let rule):
      function = .binary(rule.function)
      if rule.function == .add || rule.function == .subtract,
        let index = inputs.indices.last(where: { given[inputs[$0]] == nil && absorbed.contains(inputs[$0].node) }),
        let factors = factors(inputs[index].node)
      {
        function = rule.function == .add ? .multiplyAdd : index == 0 ? .multiplySubtract : .subtractProduct
        operands = factors + [inputs[1 - index]]
      }
    default: return
    }
    var places: [UpdateChain.Operand] = []
    for id in operands { places.append(try operand(id, draft, limit)) }
    draft.places[ValueID(node: node)] = .result(draft.instructions.count)
    draft.instructions.append(.init(function: function, operands: places))
  }

  private mutating func operand(_ id: ValueID, _ draft: Draft, _ limit: Int) throws(ShapeError) -> UpdateChain.Operand {
    if let known = given[id] ?? draft.places[id] { return known }
    return try immediate(graph.constantValue(id) ?? 0, limit)
  }

  private mutating func immediate(_ value: Float, _ limit: Int) throws(ShapeError) -> UpdateChain.Operand {
    if let known = immediates.firstIndex(where: { $0.bitPattern == value.bitPattern }) { return .immediate(known) }
    if immediates.count == limit { throw ShapeError(problem: "it has more than \(limit) different constants") }
    immediates.append(value)
    return .immediate(immediates.count - 1)
  }
}
