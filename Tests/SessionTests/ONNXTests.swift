import Glissade
import TestSupport
import Testing

/// What is written as ONNX, read back field by field. That it computes the same is for ONNX Runtime to say: `Scripts/witnesses.sh`.
struct ONNXTests {
  /// One operator of a file.
  private struct Node {
    var operation: String
    var inputs: [String]
    var outputs: [String]
    var integers: [String: [Int64]] = [:]
    var floats: [String: Float] = [:]
  }

  /// A file's content.
  private struct File {
    var nodes: [Node] = []
    var tensors: [String: (shape: [Int64], bytes: [UInt8])] = [:]
    var inputs: [String: [String]] = [:]
    var outputs: [String: [String]] = [:]
    var metadata: [String: String] = [:]
    var operatorSets: [Int64] = []

    init(_ bytes: [UInt8]) throws {
      let model = try ProtobufFields(bytes)
      #expect(model.integers(1) == [8])
      operatorSets = try model.messages(8).flatMap { $0.integers(2) }
      for entry in try model.messages(14) { metadata[entry.texts(1)[0]] = entry.texts(2)[0] }
      let graph = try #require(try model.messages(7).first)
      for node in try graph.messages(1) {
        var found = Node(operation: node.texts(4)[0], inputs: node.texts(1), outputs: node.texts(2))
        for attribute in try node.messages(5) {
          let name = attribute.texts(1)[0]
          switch attribute.integers(20).first {
          case 1: found.floats[name] = attribute.floats(2).first
          case 2: found.integers[name] = attribute.integers(3)
          case 7: found.integers[name] = attribute.integers(8)
          default: Issue.record("attribute \(name) has no type")
          }
        }
        nodes.append(found)
      }
      for tensor in try graph.messages(5) {
        #expect([1, 6, 7, 11].contains(tensor.integers(2).first))
        tensors[tensor.texts(8)[0]] = (tensor.integers(1), tensor.data(9).first ?? [])
      }
      func ports(_ field: Int) throws -> [String: [String]] {
        var result: [String: [String]] = [:]
        for port in try graph.messages(field) {
          let tensor = try #require(try port.messages(2).first?.messages(1).first)
          let dimensions = try tensor.messages(2).first?.messages(1) ?? []
          result[port.texts(1)[0]] = dimensions.map { $0.texts(2).first ?? "\($0.integers(1).first ?? -1)" }
        }
        return result
      }
      (inputs, outputs) = (try ports(11), try ports(12))
    }

    func floats(_ name: String) -> [Float] {
      guard let bytes = tensors[name]?.bytes else { return [] }
      return bytes.withUnsafeBytes { raw in (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) } }
    }

    /// Every value is made before it is read, once, and every tensor is there for somebody.
    func checkOrder() {
      let read = Set(nodes.flatMap(\.inputs))
      for name in tensors.keys where !read.contains(name) { Issue.record("nobody reads \(name)") }
      var known = Set(tensors.keys).union(inputs.keys)
      for node in nodes {
        for input in node.inputs where !known.contains(input) { Issue.record("\(node.outputs) reads \(input) before it is there") }
        for output in node.outputs where !known.insert(output).inserted { Issue.record("\(output) is made twice") }
      }
      for output in outputs.keys where !known.contains(output) { Issue.record("\(output) is never made") }
    }

    func count(_ operation: String) -> Int { nodes.count { $0.operation == operation } }
  }

  private func state(of model: any Layer, _ shape: Shape) throws -> ModelState {
    try TrainingSession(model: model, sampleShape: shape, batchSize: 2, groups: [], seed: 5, device: try CPUDevice()).state()
  }

  private func export(_ model: any Layer, _ shape: Shape, metadata: [String: String] = [:]) throws -> (file: File, state: ModelState) {
    let state = try state(of: model, shape)
    let onnx = try ONNXModel(of: model, sampleShape: shape, state: state, name: "test", version: "1", metadata: metadata)
    let folder = try TemporaryFolder()
    try ONNXWriter.write(path: folder.file("model.onnx"), onnx)
    let file = try File(try folder.get("model.onnx"))
    file.checkOrder()
    return (file, state)
  }

  @Test func lenet() throws {
    let (file, state) = try export(LeNet(input: [8, 12, 3], classes: 5), [8, 12, 3], metadata: ["classes": "a,b"])
    #expect(file.operatorSets == [17] && file.metadata == ["classes": "a,b"])
    #expect(file.inputs == ["features": ["batch", "3", "8", "12"]])
    #expect(file.outputs == ["output": ["batch", "5"]])
    #expect(
      file.nodes.map(\.operation) == [
        "Conv", "Relu", "MaxPool", "Conv", "Relu", "MaxPool", "Flatten", "Gemm", "Relu", "Gemm", "Identity",
      ])
    #expect(file.nodes.allSatisfy { $0.operation != "Conv" && $0.operation != "Gemm" || $0.inputs.count == 3 })
    #expect(file.nodes[0].integers["pads"] == [1, 1, 1, 1] && file.nodes[2].integers["strides"] == [2, 2])
    // [out, height, width, in] became [out, in, height, width].
    let weights = try #require(state.parameters.first { $0.path == "conv1.weight" }).values
    let convolution = file.nodes[0].inputs[1]
    #expect(file.tensors[convolution]?.shape == [32, 3, 3, 3])
    let turned = file.floats(convolution)
    for (out, row, column, channel) in [(0, 0, 0, 1), (7, 1, 2, 2), (31, 2, 0, 1)] {
      #expect(turned[((out * 3 + channel) * 3 + row) * 3 + column] == weights[((out * 3 + row) * 3 + column) * 3 + channel])
    }
    // Columns of the dense layer behind the flattening: by row, column, channel here, by channel, row, column there. Pictures are 2×3.
    let dense = try #require(state.parameters.first { $0.path == "fc1.weight" }).values
    let columns = file.floats(file.nodes[7].inputs[1])
    for (out, row, column, channel) in [(0, 0, 0, 1), (5, 1, 2, 63), (127, 0, 1, 17)] {
      #expect(columns[out * 384 + (channel * 2 + row) * 3 + column] == dense[out * 384 + (row * 3 + column) * 64 + channel])
    }
  }

  @Test func batchNormsAreOperators() throws {
    let (file, state) = try export(EfficientNetLite(.lite0, classes: 7), [33, 40, 3])
    #expect(file.count("BatchNormalization") == 49 && file.count("Conv") == 49)
    #expect(file.nodes.filter { $0.operation == "BatchNormalization" }.allSatisfy { $0.floats["epsilon"] == 1e-3 })
    #expect(file.count("Clip") == 33 && file.count("Transpose") == 0)
    #expect(file.count("Sqrt") == 0 && file.count("Mul") == 0)
    // An odd height pads alike, an even width one more on the right.
    #expect(file.nodes[0].integers["pads"] == [1, 0, 1, 1])
    #expect(file.nodes.contains { $0.operation == "Conv" && $0.integers["group"] == [32] })
    #expect(state.parameters.count == 49 * 5 + 2)
  }

  /// What belongs to channels is written as ONNX wants it beside a picture, and not once more as it was.
  @Test func numbersOfChannels() throws {
    let model = Sequential(
      Conv2D(3, 6, kernel: 3, padding: 1), PReLU(6), GroupNorm(groups: 2, 6), GlobalAveragePool(), Dense(6, 4), PReLU(4))
    let (file, _) = try export(model, [8, 12, 3])
    #expect(file.count("Conv") == 1 && file.outputs.values.map(\.count) == [2])
  }

  /// The batch is known from the model's own extents, whatever these are.
  @Test("Extents that are the number a model is recorded with", arguments: [29, 31, 62, 31 * 37, 31 * 37 * 41]) func ownExtents(extent: Int)
    throws
  {
    struct Table: Layer {
      let extent: Int
      let table: Parameter
      let dense: Dense
      init(_ extent: Int) {
        self.extent = extent
        table = Parameter("table", shape: [extent, 4], initializer: .uniform(low: -1, high: 1))
        dense = Dense(4, extent)
      }
      func forward(_ x: Tensor) -> Tensor {
        // Sums over the table's own rows and part of them: neither is the batch.
        let own = x.graph[table]
        let shift = own.sum(axes: [0], keepingAxes: true) + own.sliced(axis: 0, 1..<2)
        return dense(x + shift).reshaped(to: [x.shape[0], 1, extent]).reshaped(to: [x.shape[0], extent])
      }
    }
    let (file, _) = try export(Table(extent), [4])
    #expect(file.inputs == ["features": ["batch", "4"]] && file.outputs == ["output": ["batch", "\(extent)"]])
    #expect(file.count("ReduceSum") == 1 && file.count("Slice") == 1)
  }

  /// What has no direct counterpart.
  private struct Odd: Layer {
    let conv = Conv2D(2, 6, kernel: 1)
    let shift = Parameter("shift", shape: [3, 1, 6], initializer: .uniform(low: -1, high: 1))
    let scale = Parameter("scale", shape: [72], initializer: .uniform(low: -1, high: 1))
    let dense = Dense(72, 4)
    let last = Dense(6, 2)

    func forward(_ x: Tensor) -> Tensor {
      let y = silu(conv(x) + x.graph[shift])
      let rows = last(y.reshaped(to: [y.shape[0], 12, 6])).mean(axes: [1])
      let columns = gelu(y.max(axes: [2])).sum(axes: [1, 2], keepingAxes: false).reshaped(to: [y.shape[0], 1])
      let flat = (y.flattened() * x.graph[scale] - 0.5).softmax()
      return dense(flat) * columns + (rows * rows).sum(axes: [1], keepingAxes: true)
    }
  }

  @Test func anyGraphIsWritten() throws {
    let (file, _) = try export(Odd(), [3, 4, 2])
    #expect(file.outputs == ["output": ["batch", "4"]])
    #expect(file.count("Conv") == 1 && file.count("ReduceMax") == 1 && file.count("Softmax") == 1)
    // The flattened picture meets its own vector in its own order, and is brought to ours for the softmax.
    #expect(file.tensors["scale.flattened"]?.shape == [72])
    #expect(file.tensors["shift.channels"]?.shape == [6, 3, 1])
  }

  /// Pictures in parts, with their channels first there.
  private struct Parts: Layer {
    func forward(_ x: Tensor) -> Tensor {
      let halves = x.padded([(0, 0), (1, 0), (0, 0), (0, 2)]).split(into: 2, axis: 3)
      return concatenate([halves[1], halves[0].kept(where: halves[0] .> 0, otherwise: -1)], axis: 2).flipped(axes: [1]).mean(axes: [1, 2])
    }
  }

  @Test func partsOfPicturesAreOperatorsOnTheirChannels() throws {
    let (file, _) = try export(Parts(), [3, 4, 2])
    #expect(file.outputs == ["output": ["batch", "2"]])
    #expect(file.count("Pad") == 1 && file.count("Slice") == 3 && file.count("Where") == 1 && file.count("Transpose") == 0)
    #expect(file.nodes.first { $0.operation == "Concat" }?.integers["axis"] == [3])
  }

  private struct Unwritable: Layer {
    let kind: Int
    func forward(_ x: Tensor) -> Tensor {
      switch kind {
      case 0: x.mean(axes: [0], keepingAxes: true) + x
      case 1: x.transposed().reshaped(to: [x.shape[1], x.shape[0]])
      case 3: x.sliced(axis: 0, 1..<x.shape[0])
      default: x.reshaped(to: [2, x.shape[0], x.shape[1] / 2])
      }
    }
  }

  @Test(arguments: [0, 2, 3]) func refusals(kind: Int) throws {
    let error = #expect(throws: ONNXExportError.self) {
      try ONNXModel(of: Unwritable(kind: kind), sampleShape: [6], state: ModelState(parameters: []), name: "")
    }
    let expected =
      switch kind {
      case 0: "mean in Unwritable cannot be written as ONNX: it goes over the batch"
      case 3: "slice in Unwritable cannot be written as ONNX: it takes a part of the batch"
      default: "moves the batch"
      }
    #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
  }

  /// Standardisation of what goes in and comes out is part of the network, in double precision.
  @Test func tablesAreTakenAsTheyAre() throws {
    let encoding = TableEncoding(
      inputs: [.number(name: "a", mean: 3, deviation: 2), .category(name: "b", words: ["u", "v"])],
      target: .value(name: "y", mean: 100, deviation: 10), missing: .mean)
    let model = MLP([3, 4, 1])
    var network = try ONNXModel(of: model, sampleShape: [3], state: state(of: model, [3]), name: "table")
    #expect(throws: ONNXExportError.self) {
      try network.standardize(by: TableEncoding(inputs: [], target: encoding.target, missing: .mean))
    }
    try network.standardize(by: encoding)
    #expect(network.inputs[0].type == .float64 && network.outputs[0].type == .float64 && network.outputs[0].name == "output")
    #expect(throws: ONNXExportError.self) { try network.addSoftmax() }
    let folder = try TemporaryFolder()
    try ONNXWriter.write(path: folder.file("model.onnx"), network)
    let file = try File(try folder.get("model.onnx"))
    file.checkOrder()
    #expect(
      file.nodes.map(\.operation) == ["IsNaN", "Where", "Sub", "Div", "Cast", "Gemm", "Relu", "Gemm", "Identity", "Cast", "Mul", "Add"])
    func doubles(_ name: String) -> [Double] {
      (file.tensors[name]?.bytes ?? []).withUnsafeBytes { raw in
        (0..<raw.count / 8).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
      }
    }
    #expect(doubles("input.mean") == [3, 0, 0] && doubles("input.deviation") == [2, 1, 1])
    #expect(doubles("output.mean") == [100] && doubles("output.deviation") == [10])
  }

  @Test func probabilities() throws {
    let model = MLP([3, 4, 2])
    var network = try ONNXModel(of: model, sampleShape: [3], state: state(of: model, [3]), name: "classes")
    let encoding = TableEncoding(
      inputs: [.number(name: "a", mean: 3, deviation: 2), .category(name: "b", words: ["u", "v"])],
      target: .classes(name: "y", classes: ["0", "1"]), missing: .refuse)
    try network.standardize(by: encoding)
    try network.addSoftmax()
    let folder = try TemporaryFolder()
    try ONNXWriter.write(path: folder.file("model.onnx"), network)
    let file = try File(try folder.get("model.onnx"))
    file.checkOrder()
    #expect(file.nodes.map(\.operation) == ["Sub", "Div", "Cast", "Gemm", "Relu", "Gemm", "Identity", "Softmax"])
    #expect(file.nodes.last?.outputs == ["output"] && file.outputs.keys.sorted() == ["output"])
  }

  @Test func statesThatDoNotFit() throws {
    var state = try state(of: Dense(3, 2), [3])
    state.parameters.removeLast()
    let error = #expect(throws: StateError.self) { try ONNXModel(of: Dense(3, 2), sampleShape: [3], state: state, name: "") }
    #expect(error?.problems == ["bias [2] is missing"])
    let wrong = ONNXModel.Initializer(name: "w", shape: [2, 2], .floats([1]))
    var model = ONNXModel(name: "")
    model.initializers = [wrong]
    let folder = try TemporaryFolder()
    #expect(throws: FormatError.self) { try ONNXWriter.write(path: folder.file("a.onnx"), model) }
    #expect(folder.names == [])
  }
}
