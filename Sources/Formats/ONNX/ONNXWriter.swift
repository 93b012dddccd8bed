/// Writes ONNX files. Field numbers are those of onnx.proto, format version 8.
public enum ONNXWriter {
  /// Writes a model, atomically (see `AtomicFile`); equal models give equal bytes. Initializers go to the file one by one, so that a large
  /// model does not lie in memory twice.
  /// - Throws: `FormatError` when an initializer has another number of elements than its shape needs, the file would be above the 2 GiB that
  ///   protocol buffers allow, or it cannot be written.
  public static func write(path: String, _ model: ONNXModel) throws(FormatError) {
    var head = ProtobufWriter()
    head.integer(1, Int64(ONNXModel.formatVersion))
    head.text(2, model.producer.name)
    head.text(3, model.producer.version)
    head.message(8) { $0.integer(2, Int64(ONNXModel.operatorSet)) }
    for (key, value) in model.metadata.sorted(by: { $0.key < $1.key }) {
      head.message(14) { entry in
        entry.text(1, key)
        entry.text(2, value)
      }
    }
    let graph = graph(model)
    var tensors: [(head: [UInt8], model: ONNXModel.Initializer)] = []
    var size = graph.count
    for initializer in model.initializers {
      let (bytes, data) = try tensorHead(initializer, path)
      tensors.append((bytes, initializer))
      size += bytes.count + data
    }
    guard head.bytes.count + size < 1 << 31 else {
      throw FormatError(path: path, reason: .tooLong(bytes: UInt64(head.bytes.count + size), limit: 1 << 31))
    }
    head.length(7, size)
    try AtomicFile.write(path: path) { (writer) throws(FormatError) in
      try writer.write(head.bytes)
      try writer.write(graph)
      for (bytes, initializer) in tensors {
        try writer.write(bytes)
        switch initializer.elements {
        case .floats(let values): try writer.write(elements: values)
        case .doubles(let values): try writer.write(elements: values)
        case .integers(let values): try writer.write(elements: values)
        case .shortIntegers(let values): try writer.write(elements: values)
        }
      }
    }
  }

  /// The graph without its initializers.
  private static func graph(_ model: ONNXModel) -> [UInt8] {
    var graph = ProtobufWriter()
    for node in model.nodes { graph.message(1) { write(node, to: &$0) } }
    graph.text(2, model.name)
    for input in model.inputs { graph.message(11) { write(input, to: &$0) } }
    for output in model.outputs { graph.message(12) { write(output, to: &$0) } }
    return graph.bytes
  }

  private static func write(_ node: ONNXModel.Node, to message: inout ProtobufWriter) {
    for input in node.inputs { message.text(1, input) }
    for output in node.outputs { message.text(2, output) }
    message.text(3, node.name)
    message.text(4, node.operation)
    for (name, value) in node.attributes.sorted(by: { $0.key < $1.key }) {
      message.message(5) { attribute in
        attribute.text(1, name)
        switch value {
        case .float(let number):
          attribute.float(2, number)
          attribute.integer(20, 1)
        case .integer(let number):
          attribute.integer(3, Int64(number))
          attribute.integer(20, 2)
        case .text(let text):
          attribute.text(4, text)
          attribute.integer(20, 3)
        case .integers(let numbers):
          for number in numbers { attribute.integer(8, Int64(number)) }
          attribute.integer(20, 7)
        }
      }
    }
  }

  private static func write(_ port: ONNXModel.Port, to message: inout ProtobufWriter) {
    message.text(1, port.name)
    message.message(2) { type in
      type.message(1) { tensor in
        tensor.integer(1, Int64(port.type.rawValue))
        tensor.message(2) { shape in
          for extent in port.shape {
            shape.message(1) { dimension in
              switch extent {
              case .fixed(let count): dimension.integer(1, Int64(count))
              case .any(let name): dimension.text(2, name)
              }
            }
          }
        }
      }
    }
  }

  /// A tensor's field in the graph, up to its elements, which are the message's last field.
  private static func tensorHead(_ initializer: ONNXModel.Initializer, _ path: String) throws(FormatError) -> ([UInt8], data: Int) {
    let (type, count, width) =
      switch initializer.elements {
      case .floats(let values): (ONNXModel.ElementType.float32, values.count, 4)
      case .doubles(let values): (.float64, values.count, 8)
      case .integers(let values): (.int64, values.count, 8)
      case .shortIntegers(let values): (.int32, values.count, 4)
      }
    guard let expected = SafetensorsType.uint8.byteCount(shape: initializer.shape) else {
      throw FormatError(path: path, reason: .tensor(name: initializer.name, .badShape(initializer.shape)))
    }
    guard expected == count else {
      throw FormatError(
        path: path, reason: .tensor(name: initializer.name, .sizeMismatch(bytes: count * width, expected: expected * width)))
    }
    var message = ProtobufWriter()
    for extent in initializer.shape { message.integer(1, Int64(extent)) }
    message.integer(2, Int64(type.rawValue))
    message.text(8, initializer.name)
    message.length(9, count * width)
    var field = ProtobufWriter()
    field.length(5, message.bytes.count + count * width)
    return (field.bytes + message.bytes, count * width)
  }
}
