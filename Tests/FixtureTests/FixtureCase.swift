import GlissadeFormats
import GlissadeTensors
import Testing

extension Fixture {
  /// Runs a case and compares its output and all gradients.
  /// - Parameters:
  ///   - tolerance: the largest difference that is allowed, relative to the tensor's largest magnitude or to 1, whichever is more.
  ///   - compute: what the case is about, from its inputs and options.
  func check(
    _ name: String, on under: DeviceUnderTest, tolerance: Double,
    _ compute: (_ inputs: [String: Tensor], _ options: JSONValue) throws -> Tensor
  ) throws {
    let entry = try metadata(name)
    let options = try entry.member("options")
    let leaves = try #require(try entry.member("inputs").members)
    let labels = options["labels"]?.integers.map { Int32($0) } ?? []
    var data = try Dictionary(uniqueKeysWithValues: leaves.map { ($0.key, StepInput(try Self.values(name, $0.key, $0.value))) })
    if !labels.isEmpty { data["labels"] = StepInput(labels) }
    let upstream = try entry.member("upstream").integers
    if !upstream.isEmpty { data["upstream"] = StepInput(NamedStream.values("layers/\(name)/upstream", count: Shape(upstream).count)) }

    let results = try GraphRunner(under.device).run(inputs: data) { graph in
      var inputs: [String: Tensor] = [:]
      for leaf in leaves { inputs[leaf.key] = graph.input(leaf.key, shape: Shape(try leaf.value.member("shape").integers)) }
      var all = inputs
      if !labels.isEmpty { all["labels"] = graph.input("labels", shape: [labels.count], dtype: .int32) }
      let output = try compute(all, options)
      let loss = upstream.isEmpty ? output : (output * graph.input("upstream", shape: Shape(upstream))).sum()
      let names = inputs.keys.sorted()
      var outputs = ["output": output]
      for (name, gradient) in zip(names, graph.gradients(of: loss, withRespectTo: names.compactMap { inputs[$0] })) {
        outputs["gradient/\(name)"] = gradient
      }
      return outputs
    }
    #expect(results.count == 1 + leaves.count)
    for (key, found) in results {
      let difference = Difference.ofTensor(found, try doubles("\(name)/\(key)"), scale: 1)
      #expect(difference <= tolerance, "\(key) is off by \(difference)")
    }
  }

  private static func values(_ name: String, _ leaf: String, _ entry: JSONValue) throws -> [Float] {
    let values = NamedStream.values(
      "layers/\(name)/\(leaf)", count: Shape(try entry.member("shape").integers).count, scale: entry["scale"]?.doubleValue ?? 1,
      offset: entry["offset"]?.doubleValue ?? 0)
    return entry["floor"]?.boolValue == true ? values.map { $0.rounded(.down) } : values
  }
}
