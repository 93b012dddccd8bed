import GlissadeTensors

/// Names a piece of memory while a plan is made; it becomes a `Slice` when the arena is laid out.
struct Slot: Hashable {
  let index: Int
}

/// Turns fused operations into launches whose memory is not placed yet. The rules for each family are extensions in this folder.
struct Lowering {
  /// What a launch does with a buffer argument.
  enum Argument {
    case read(Slot)
    case write(Slot)
    /// Reads and writes.
    case update(Slot)
    /// A buffer of the step itself.
    case buffer(BufferReference)
    /// An operand that this launch has not got: any valid buffer will do.
    case unused
  }

  /// A launch before its slices are known.
  struct Pending {
    var kernel: Launch.Kernel
    var note: Launch.Note
    var items: (Int, Int, Int)
    var arguments: [Argument]
    var parts: KernelParts = []
    /// Slots for which the kernel has no argument of their own, each with an argument in whose buffer it has to lie.
    var alsoReads: [(slot: Slot, neighbour: Slot)] = []
    var alsoWrites: [(slot: Slot, neighbour: Slot)] = []
    var parameters: (_ unit: (Slot?) -> Int32) -> [UInt8]
  }

  private(set) var graph: Graph
  let profile: DeviceProfile
  let layout: ParameterLayout
  /// `StepRequest.isExact`.
  let isExact: Bool
  private(set) var pending: [Pending] = []
  /// Size in elements, the slice of slots that are not in an arena of intermediate values, or of which other slot they are a part, and whether
  /// they hold whole numbers.
  private(set) var slots: [(count: Int, fixed: Slice?, part: (of: Slot, at: Int)?, isWhole: Bool)] = []
  /// What the buffer of constant arrays holds.
  private(set) var arrays: [UInt32] = []
  /// Values that are written where they are a part of another.
  private var parts: PartsInPlace
  /// Values that a launch reads, or the host.
  private var read: Set<ValueID>
  /// What stands before the names of operations.
  private var label = ""
  private(set) var zerosSize = Slice.room(64)
  /// Values that live in the gradient arenas.
  private var destinations: [ValueID: Slice]
  private var values: [ValueID: Slot] = [:]
  private var shared: [AnyHashable: Slot] = [:]
  private(set) var inputs: [String: (slice: Slice, type: TensorType)] = [:]
  private(set) var inputsSize = 0
  /// What tables hold, by their buffers.
  private(set) var tables: [BufferReference: [Int32]] = [:]

  /// - Parameters:
  ///   - destinations: values that have to be written to a given place.
  ///   - roots: values that have to be in memory when the step ends.
  init(
    graph: Graph, profile: DeviceProfile, layout: ParameterLayout, destinations: [ValueID: Slice], roots: [ValueID], isExact: Bool = false
  ) {
    self.graph = graph
    self.profile = profile
    self.layout = layout
    self.isExact = isExact
    self.destinations = destinations
    parts = PartsInPlace(graph, elsewhere: Set(destinations.keys))
    read = Set((roots + graph.nodes.flatMap(\.inputs)).map(graph.resolved))
    inputsSize = StepMemory.constantsSize(groups: layout.groupSizes.count)
  }

  // MARK: Memory

  /// New memory in an arena of intermediate values.
  /// - Parameter isWhole: whether it is for whole numbers.
  mutating func scratch(_ count: Int, isWhole: Bool = false) -> Slot {
    slots.append((count, nil, nil, isWhole))
    return Slot(index: slots.count - 1)
  }

  /// Memory at a given place.
  mutating func fixed(_ slice: Slice, isWhole: Bool = false) -> Slot {
    slots.append((slice.count, slice, nil, isWhole))
    return Slot(index: slots.count - 1)
  }

  /// A part of a slot, from a multiple of 16 elements on. What kernels read beyond its end is the whole's.
  mutating func part(of slot: Slot, at offset: Int, count: Int) -> Slot {
    let whole = slots[slot.index]
    if let fixed = whole.fixed {
      return self.fixed(Slice(fixed.buffer, offset: fixed.offset + offset, count: count), isWhole: whole.isWhole)
    }
    slots.append((count, nil, whole.part.map { ($0.of, $0.at + offset) } ?? (slot, offset), whole.isWhole))
    return Slot(index: slots.count - 1)
  }

  /// Where numbers that never change are.
  private mutating func array(_ bits: [UInt32]) -> Slot {
    sharing(bits) { lowering in
      let place = Slice(.arrays, offset: lowering.arrays.count, count: bits.count)
      lowering.arrays += bits + Array(repeating: 0, count: Slice.room(bits.count) - bits.count)
      return lowering.fixed(place)
    }
  }

  /// Something that several operations of a step need and the first of them makes.
  mutating func sharing(_ key: some Hashable, _ make: (inout Lowering) -> Slot) -> Slot {
    let key = AnyHashable(key)
    if let slot = shared[key] { return slot }
    let slot = make(&self)
    shared[key] = slot
    return slot
  }

  /// At least this many zeros.
  mutating func zeros(_ count: Int) -> Slot {
    zerosSize = max(zerosSize, Slice.room(count))
    return fixed(Slice(.zeros, offset: 0, count: count))
  }

  /// Where a value is.
  mutating func slot(_ id: ValueID) -> Slot {
    let id = graph.resolved(id)
    if let slot = values[id] { return slot }
    let type = graph.nodes[id.node].outputs[id.output]
    let slot: Slot
    switch graph.nodes[id.node].operation {
    case .input(let input):
      let place = Slice(.inputs, offset: inputsSize, count: type.shape.count)
      inputsSize += Slice.room(type.shape.count)
      inputs[input.inputName] = (place, type)
      slot = fixed(place)
    case .parameter(let read):
      slot = layout[read.id].map { fixed($0.slice) } ?? scratch(type.shape.count)
    case .constant(let constant):
      slot = partOfAnother(id) ?? scratch(type.shape.count)
      fill(slot, with: constant.value)
    case .array(let array): slot = self.array(array.bits)
    default: slot = destinations[id].map { fixed($0) } ?? partOfAnother(id) ?? scratch(type.shape.count)
    }
    if type.dtype == .int32 { slots[slot.index].isWhole = true }
    values[id] = slot
    return slot
  }

  /// Where a value lies within another, if it does.
  private mutating func partOfAnother(_ id: ValueID) -> Slot? {
    let count = graph.tensor(id).shape.count
    if let view = graph.view(id) { return part(of: slot(view.whole), at: view.offset, count: count) }
    return parts.places[id].map { part(of: slot($0.whole), at: $0.offset, count: count) }
  }

  /// Whether a value lies within another that is computed before it, so that nothing has to be done.
  func isView(_ id: ValueID) -> Bool { destinations[id] == nil && graph.view(id) != nil }
  /// Whether a value is computed where it is a part of another.
  func isInPlace(_ id: ValueID, of whole: ValueID, at offset: Int) -> Bool {
    guard let place = parts.places[id] else { return false }
    return place.whole == whole && place.offset == offset
  }
  /// Whether anything reads a value.
  func isRead(_ id: ValueID) -> Bool { read.contains(id) }

  /// Whether two slots can be in one buffer.
  func canShareBuffer(_ first: Slot, _ second: Slot) -> Bool { slots[first.index].fixed?.buffer == slots[second.index].fixed?.buffer }

  func count(_ slot: Slot) -> Int { slots[slot.index].count }

  /// A table that the host fills once, in a buffer of its own.
  mutating func table(_ buffer: BufferReference, _ words: [Int32]) -> Slot {
    tables[buffer] = words
    return fixed(Slice(buffer, offset: 0, count: words.count))
  }

  // MARK: Launches

  /// Adds a launch.
  /// - Parameters:
  ///   - kernel: the library kernel's name.
  ///   - note: what it is for.
  ///   - items: the index space.
  ///   - arguments: its buffers, in order.
  ///   - epilogue: what it does before it stores, with the last of its buffers, for kernels that take one.
  ///   - parameters: makes the parameter struct, given where slots are (in units of 16 elements).
  mutating func emit<Parameters>(
    _ kernel: String, _ note: Launch.Note, items: (Int, Int, Int), _ arguments: [Argument], epilogue: EpilogueArguments? = nil,
    parts: KernelParts = [], parameters: @escaping (_ unit: (Slot?) -> Int32) -> Parameters
  ) {
    add(
      Pending(
        kernel: .library(kernel), note: note, items: items, arguments: arguments + (epilogue?.arguments ?? []),
        parts: parts.union(epilogue?.parts ?? []), parameters: { unit in bytes(of: parameters(unit)) }))
  }

  mutating func add(_ launch: Pending) {
    var launch = launch
    if !label.isEmpty { launch.note.operation = label + launch.note.operation }
    pending.append(launch)
  }

  /// A note for an operation of the graph.
  func note(_ node: Int, _ operation: String? = nil, epilogue: Fusion.FusedEpilogue? = nil, flops: Int = 0) -> Launch.Note {
    let recorded = graph.nodes[node]
    let name = ([operation ?? recorded.operation.rule.name] + (epilogue?.names ?? [])).joined(separator: " + ")
    return Launch.Note(name, path: graph.path(ofScope: recorded.scope), shape: recorded.outputs[0].shape, flops: flops)
  }

  // MARK: Other graphs

  /// Emits what computes a value of another graph, whose inputs are at hand.
  /// - Parameters:
  ///   - inner: the graph, with composites taken apart.
  ///   - wanted: the value.
  ///   - given: where the graph's inputs are.
  ///   - name: what stands before the names of its operations.
  /// - Returns: where the value is.
  mutating func lower(_ inner: Graph, to wanted: ValueID, given: [ValueID: Slot], as name: String) -> Slot {
    let outer = (graph, parts, read, destinations, values, label)
    (graph, destinations, label) = (inner, [:], name + " ")
    parts = PartsInPlace(inner, elsewhere: [])
    read = Set(([wanted] + inner.nodes.flatMap(\.inputs)).map(inner.resolved))
    values = Dictionary(given.map { (inner.resolved($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
    for unit in Fusion(inner, roots: [wanted], isEnabled: true).units { lower(unit) }
    let result = slot(wanted)
    (graph, parts, read, destinations, values, label) = outer
    return result
  }

  // MARK: Dispatch

  /// Emits what computes a unit.
  mutating func lower(_ unit: Fusion.Unit) {
    switch unit.kind {
    case .elementwise(let members): lowerChain(members)
    case .operation(let epilogue): lower(unit, epilogue)
    }
  }

  private mutating func lower(_ unit: Fusion.Unit, _ epilogue: Fusion.FusedEpilogue?) {
    let node = graph.nodes[unit.node]
    switch node.operation {
    case .input, .constant, .array, .parameter, .reshape: break
    case .unary, .binary: lowerChain([unit.node])
    case .select, .batchNorm, .productOfOthers, .clamp: break  // taken apart before planning
    case .dropout(let rule): lowerDropout(unit.node, rule)
    case .transpose(let rule): lowerTranspose(unit.node, rule)
    case .broadcast: lowerBroadcast(unit.node)
    case .slice(let rule): lowerSlice(unit.node, rule)
    case .split(let rule): lowerSplit(unit.node, rule)
    case .concatenate(let rule): lowerConcatenate(unit.node, rule)
    case .pad(let rule): lowerPad(unit.node, rule)
    case .gather(let rule): lowerGather(unit.node, rule)
    case .scatterAdd(let rule): lowerScatterAdd(unit.node, rule)
    case .reduce(let rule): lowerReduce(unit.node, rule)
    case .softmax(let rule): lowerSoftmax(unit.node, rule)
    case .softmaxGradient(let rule): lowerSoftmaxGradient(unit.node, rule)
    case .softmaxCrossEntropy(let rule): lowerSoftmaxCrossEntropy(unit.node, rule)
    case .variance(let rule): lowerVariance(unit.node, rule)
    case .extremeGradient: lowerExtremeGradient(unit.node)
    case .logSumExp: lowerLogSumExp(unit.node)
    case .argumentOfExtreme(let rule): lowerArgumentOfExtreme(unit.node, rule)
    case .cumulativeSum(let rule): lowerCumulativeSum(unit.node, rule)
    case .sortOrder(let rule): lowerSortOrder(unit.node, rule)
    case .matmul(let rule): lowerMatMul(unit, rule, epilogue)
    case .convolution(let rule): lowerConvolution(unit, rule, epilogue)
    case .convolutionInputGradient(let rule): lowerConvolutionInputGradient(unit, rule, epilogue)
    case .convolutionWeightGradient(let rule): lowerConvolutionWeightGradient(unit, rule)
    case .maxPool(let rule): lowerMaxPool(unit.node, rule)
    case .maxPoolGradient(let rule): lowerMaxPoolGradient(unit.node, rule)
    case .maxPoolSelection(let rule): lowerMaxPoolSelection(unit.node, rule)
    case .averagePool(let rule): lowerAveragePool(unit.node, rule)
    case .averagePoolGradient(let rule): lowerAveragePoolGradient(unit.node, rule)
    case .adaptiveAveragePool: lowerAdaptivePool(unit.node, isGradient: false)
    case .adaptiveAveragePoolGradient: lowerAdaptivePool(unit.node, isGradient: true)
    case .batchNormStatistics(let rule): lowerBatchNormStatistics(unit.node, rule)
    case .batchNormSums: lowerBatchNormSums(unit.node)
    }
  }

  /// A node's input.
  mutating func input(_ node: Int, _ index: Int) -> Slot { slot(graph.nodes[node].inputs[index]) }
  /// A node's result.
  mutating func output(_ node: Int, _ index: Int = 0) -> Slot { slot(ValueID(node: node, output: index)) }
  func inputShape(_ node: Int, _ index: Int) -> Shape { graph.tensor(graph.nodes[node].inputs[index]).shape }
  func outputShape(_ node: Int, _ index: Int = 0) -> Shape { graph.nodes[node].outputs[index].shape }
}
