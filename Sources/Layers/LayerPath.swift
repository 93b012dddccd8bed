/// Finds parameters and paths by looking at a model's properties. Used while a model is set up and for messages; never while it runs.
public enum LayerPath {
  /// The parameters of a model with their paths, in the order of its properties. A parameter that is held twice has its first path.
  public static func parameters(of model: some Layer) -> [(path: String, parameter: Parameter)] {
    var found: [(path: String, parameter: Parameter)] = []
    var seen = Set<ParameterID>()
    visit(model, path: []) { path, parameter in
      if seen.insert(parameter.id).inserted { found.append((path, parameter)) }
      return true
    }
    return found
  }

  /// The path of a layer that is being traced: that of its first parameter without the part inside the layer. A layer without parameters is
  /// called by the property of its parent that has its type, or by its type where several have.
  static func path(of layer: some Layer, in graph: Graph, parent: String, owner: Any?) -> String {
    var result: String?
    visit(layer, path: []) { relative, parameter in
      guard let absolute = graph.parameterPaths[parameter.id] else { return false }
      if absolute == relative {
        result = ""
      } else if absolute.hasSuffix("." + relative) {
        result = String(absolute.dropLast(relative.count + 1))
      }
      return false
    }
    if let result { return result.isEmpty ? parent : result }
    let labels = owner.map { Mirror(reflecting: $0).children.filter { type(of: $0.value) == type(of: layer) }.compactMap(\.label) } ?? []
    let name = labels.count == 1 ? labels[0] : String(describing: type(of: layer))
    return parent.isEmpty ? name : parent + "." + name
  }

  /// Calls `body` for each parameter; stops when it returns false.
  @discardableResult
  private static func visit(_ value: Any, path: [String], _ body: (String, Parameter) -> Bool) -> Bool {
    let names = (value as? any LayerWithPartNames).map { type(of: $0).partNames } ?? [:]
    for (index, child) in Mirror(reflecting: value).children.enumerated() {
      guard let (value, isWrapped) = unwrapped(child.value) else { continue }
      if let parameter = value as? Parameter {
        if !body((path + [parameter.name]).joined(separator: "."), parameter) { return false }
        continue
      }
      let label = child.label.map { names[$0] ?? $0 } ?? String(index)
      if value is any Layer || isWrapped || Mirror(reflecting: value).displayStyle == .collection {
        // What is inside `Sequential` is numbered right under its own name, as in PyTorch.
        let next = label == Sequential.layersLabel ? path : path + [label]
        if !visit(value, path: next, body) { return false }
      }
    }
    return true
  }

  /// The value inside an optional; `nil` for none.
  private static func unwrapped(_ value: Any) -> (Any, isWrapped: Bool)? {
    let mirror = Mirror(reflecting: value)
    guard mirror.displayStyle == .optional else { return (value, false) }
    return mirror.children.first.map { ($0.value, true) }
  }
}
