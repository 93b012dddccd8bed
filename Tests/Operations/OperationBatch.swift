import GlissadeDevices
import GlissadeFormats
import GlissadePlanning
import GlissadeTensors
import StepSupport

/// Cases that run together, as one step: one plan, so that an OpenCL driver builds each kernel once.
struct OperationBatch {
  private let file: SafetensorsFile
  private let device: TestDevice
  private var cases: [OperationCase] = []
  private(set) var results: [SafetensorsEntry] = []
  private(set) var refused: [(name: String, reason: String)] = []
  private static let size = 40

  init(_ file: SafetensorsFile, _ device: TestDevice) {
    self.file = file
    self.device = device
  }

  /// Adds a case, unless the library refuses it: a step with a mistake would not run at all.
  mutating func add(_ next: OperationCase) throws {
    let graph = Graph()
    do {
      _ = try trace(next, in: graph)
      if let error = graph.firstError { throw OperationError("\(error.operation): \(error.problem)") }
    } catch let error as OperationError {
      return refused.append((next.name, error.description))
    }
    cases.append(next)
    if cases.count == Self.size { try flush() }
  }

  /// Runs what was added.
  mutating func flush() throws {
    guard !cases.isEmpty else { return }
    let graph = Graph()
    var request = StepRequest(graph: graph, layout: ParameterLayout([], groupCount: 0) { _, _ in nil })
    for one in cases { request.outputs.merge(try trace(one, in: graph)) { first, _ in first } }
    let runner = try StepRunner(request, on: device.device)
    var inputs: [String: HostValues] = [:]
    for one in cases {
      for (index, input) in one.inputs.enumerated() { inputs["\(one.name)/x\(index)"] = try values(input.tensor) }
      if let cotangent = one.cotangent {
        inputs["\(one.name)/c"] = try values(cotangent)
        for (index, input) in one.inputs.enumerated() where input.isDifferentiated {
          inputs["\(one.name)/v\(index)"] = try values("\(input.tensor)/vector")
        }
      }
    }
    try runner.run(inputs)
    if let damage = try runner.damage().first { throw OperationError("cases from \(cases[0].name) on: \(damage)") }
    for (name, tensor) in request.outputs.sorted(by: { $0.key < $1.key }) {
      let values = try runner.output(name)
      if tensor.dtype == .int32 {
        results.append(SafetensorsEntry(name: name, shape: tensor.shape.dimensions, values.map { Int32(bitPattern: $0.bitPattern) }))
      } else {
        results.append(SafetensorsEntry(name: name, shape: tensor.shape.dimensions, values))
      }
    }
    cases = []
  }

  private func values(_ name: String) throws -> HostValues {
    guard let tensor = file.tensor(named: name) else { throw OperationError("there is no tensor \(printable(name))") }
    return tensor.type == .int32 ? .integers(try file.integers(of: name).map { Int32($0) }) : .floats(try file.floats(of: name))
  }

  /// Records a case with all that is wanted of it: `y`, by the place of each input the gradient `g` of Σ y · c, and the gradient `h` of Σ g · v.
  private func trace(_ one: OperationCase, in graph: Graph) throws -> [String: Tensor] {
    let inputs = try one.inputs.enumerated().map { index, input -> Tensor in
      guard let tensor = file.tensor(named: input.tensor) else { throw OperationError("there is no tensor \(printable(input.tensor))") }
      return graph.input("\(one.name)/x\(index)", shape: Shape(tensor.shape), dtype: tensor.type == .int32 ? .int32 : .float32)
    }
    let y = try one.record(in: graph, inputs)
    var outputs = ["\(one.name)/y": y]
    guard one.cotangent != nil, y.isValid else { return outputs }
    let wanted = one.inputs.indices.filter { one.inputs[$0].isDifferentiated }
    let cotangent = graph.input("\(one.name)/c", shape: y.shape)
    let slopes = graph.jacobianProducts(of: [y], times: [cotangent], withRespectTo: wanted.map { inputs[$0] })
    let known = zip(wanted, slopes).compactMap { index, slope in slope.map { (index, $0) } }
    let vectors = wanted.map { graph.input("\(one.name)/v\($0)", shape: inputs[$0].shape) }
    for (index, slope) in known { outputs["\(one.name)/g\(index)"] = slope }
    let given = known.map { index, _ in vectors[wanted.firstIndex(of: index) ?? 0] }
    let curves = graph.jacobianProducts(of: known.map(\.1), times: given, withRespectTo: wanted.map { inputs[$0] })
    for (index, curve) in zip(wanted, curves) { if let curve { outputs["\(one.name)/h\(index)"] = curve } }
    return outputs
  }
}
