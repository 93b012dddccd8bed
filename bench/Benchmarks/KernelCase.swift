import Glissade
import GlissadeDevices
import GlissadePlanning

/// An operation at one size, forward or one of its gradients.
struct KernelCase: Sendable {
  /// What an operand is filled with.
  enum Content: Sendable, Hashable {
    /// Random numbers in [-1, 1).
    case numbers
    /// Random numbers about 1 and -1. Products of others become subnormal, which processors take a hundred times as long for.
    case factors
    /// Random int32 in 0..<below.
    case integers(below: Int)
  }

  /// A tensor that the operation is given.
  struct Operand: Sendable {
    var shape: Shape
    var content = Content.numbers

    init(_ shape: Shape, _ content: Content = .numbers) {
      self.shape = shape
      self.content = content
    }
  }

  /// What is timed, as a graph of its own.
  struct Traced {
    var graph: Graph
    var results: [Tensor]
    /// What is in memory before.
    var given: [(parameter: Parameter, content: Content)]
    /// What the host supplies.
    var inputs: [String: Content] = [:]
    /// Bytes that one pass over operands and results takes.
    var bytes: Int
    /// Those of the results.
    var writtenBytes: Int
  }

  var name: String
  /// The size that a filter has to name for this to run.
  var onDemand: String?
  /// Operations of the mathematics; 0 where bytes are what counts.
  var flops = 0
  /// Bytes that have to be read once more, because a result depends on all of an operand before the first of its elements can be written.
  var bytesReadAgain = 0
  /// The matrix of each of whose rows it reads one number; 0 by 0 where it does something else.
  private(set) var picked = (rows: 0, columns: 0)
  let trace: @Sendable () -> Traced

  /// The same, which reads one number of each row of such a matrix, at a random column.
  func picking(rows: Int, columns: Int) -> KernelCase {
    var result = self
    result.picked = (rows, columns)
    return result
  }

  // MARK: Making cases

  typealias Body = @Sendable ([Tensor]) -> [Tensor]

  /// An operation forwards.
  static func forward(_ name: String, _ operands: [Operand], flops: Int = 0, _ body: @escaping Body) -> KernelCase {
    KernelCase(name: name, flops: flops) {
      let recording = Recording(operands)
      return recording.cut(body(recording.tensors)) { _ in false }
    }
  }

  /// The gradients of the operation's first result with respect to some operands, from the result's gradient and whatever the operation has
  /// computed forwards.
  /// - Parameter taps: the size of the window, where the operation keeps numbers of taps.
  static func gradient(
    _ name: String, _ operands: [Operand], of wanted: [Int], flops: Int = 0, taps: Int = 1, _ body: @escaping Body
  ) -> KernelCase {
    KernelCase(name: name, flops: flops) {
      let recording = Recording(operands)
      let graph = recording.graph
      let result = body(recording.tensors)[0]
      let forward = graph.nodes.count
      let loss = (result * graph.input("cotangent", shape: result.shape)).sum()
      let gradients = graph.gradients(of: loss, withRespectTo: [result] + wanted.map { recording.tensors[$0] })
      let cotangent = gradients[0]?.id
      return recording.cut(gradients.dropFirst().compactMap { $0 }, taps: taps) { $0.node < forward || $0 == cotangent }
    }
  }

  /// A graph in which an operation is being recorded.
  private struct Recording {
    let graph = Graph(isTraining: true)
    let tensors: [Tensor]
    private var contents: [ValueID: Content] = [:]
    private var inputs: [String: Content] = [:]

    init(_ operands: [Operand]) {
      var tensors: [Tensor] = []
      for (index, operand) in operands.enumerated() {
        switch operand.content {
        case .numbers, .factors:
          let tensor = graph[Parameter("operand\(index)", shape: operand.shape)]
          contents[tensor.id] = operand.content
          tensors.append(tensor)
        case .integers:
          inputs["operand\(index)"] = operand.content
          tensors.append(graph.input("operand\(index)", shape: operand.shape, dtype: .int32))
        }
      }
      self.tensors = tensors
    }

    func cut(_ results: [Tensor], taps: Int = 1, at isGiven: (ValueID) -> Bool) -> Traced {
      let part = graph.extracted(results, cutAt: isGiven)
      let writtenBytes = 4 * part.results.reduce(0) { $0 + $1.shape.count }
      var bytes = writtenBytes
      var given: [(parameter: Parameter, content: Content)] = []
      for (source, parameter) in part.given {
        given.append((parameter, source.dtype == .int32 ? .integers(below: taps) : contents[source.id] ?? .numbers))
        bytes += 4 * parameter.shape.count
      }
      for node in part.graph.nodes { if case .input = node.operation { bytes += 4 * node.outputs[0].shape.count } }
      return Traced(graph: part.graph, results: part.results, given: given, inputs: inputs, bytes: bytes, writtenBytes: writtenBytes)
    }
  }

  // MARK: Running

  /// Makes the case ready to run, with the bytes that count and what limits it. Where nine tenths of them are written, that is how fast a
  /// device fills memory, which can be slower than it copies; where single numbers are picked, how fast it reads such.
  /// - Returns: also where its first operand lies, and in what.
  func replay(on device: any Device) throws -> (
    replay: Replay, bytes: Int, limit: BenchmarkResult.Limit, table: Slice?, operands: [BufferReference: any DeviceBuffer]
  ) {
    let traced = trace()
    let layout = ParameterLayout(
      traced.given.map { ($0.parameter.name, $0.parameter) }, groupCount: 0, limits: device.profile.limits
    ) { _, _ in nil }
    var request = StepRequest(graph: traced.graph, layout: layout)
    for (index, result) in traced.results.enumerated() { request.outputs["result\(index)"] = result }
    let plan = try Planner(profile: device.profile).plan(request)
    let operands = try device.makeBuffers(layout.statisticsBuffers)
    for ((_, content), entry) in zip(traced.given, layout.entries) {
      guard let buffer = operands[entry.slice.buffer] else { continue }
      try Filling.write(content, count: entry.slice.count, to: buffer, at: entry.slice.offset, of: device)
    }
    let memory = try PlanMemory(for: plan, on: device, sharing: operands)
    var inputs: [String: [Int32]] = [:]
    for (name, input) in plan.inputs {
      guard case .integers(let below)? = traced.inputs[name] else { continue }
      inputs[name] = Filling.integers(count: input.slice.count, below: below)
    }
    let constants = [UInt8](repeating: 0, count: StepMemory.constantsSize(groups: 0) * 4)
    // Of what is picked, a cache line for each number, its index and the result.
    let bytes = (picked.rows > 0 ? picked.rows * (64 + 4 + 4) : traced.bytes) + bytesReadAgain
    let limit: BenchmarkResult.Limit =
      flops > 0 ? .fma : picked.rows > 0 ? .pick : 10 * traced.writtenBytes >= 9 * bytes ? .fill : .copy
    let replay = try Replay(plan, on: device, memory: memory.buffers, constants: constants, inputs: inputs)
    return (replay, bytes, limit, layout.entries.first?.slice, operands)
  }
}
