import GlissadeTensors

/// What an update rule remembers of each element of a group's parameters, by name.
public struct UpdateState: ExpressibleByDictionaryLiteral {
  package private(set) var values: [String: Tensor] = [:]
  /// Where a rule asks for what there is not.
  private var missing: (_ name: String) -> Tensor?

  /// What a step begins with.
  package init(_ values: [String: Tensor], missing: @escaping (_ name: String) -> Tensor? = { _ in nil }) {
    self.values = values
    self.missing = missing
  }

  /// What a step leaves, as in `["exp_avg": m]`.
  public init(dictionaryLiteral elements: (String, Tensor)...) {
    values = Dictionary(elements, uniquingKeysWith: { _, last in last })
    missing = { _ in nil }
  }

  /// The state of a name. A name that the rule does not list is a mistake, which planning reports.
  public subscript(name: String) -> Tensor {
    get {
      if let value = values[name] ?? missing(name) { return value }
      // Of a state that was written down, which has no graph of its own.
      let graph = values.first?.value.graph ?? Graph()
      let names = values.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
      return graph.reject(
        "state[\"\(name)\"]", [], because: "nothing of that name was written down\(names.isEmpty ? "" : ", only \(names)")")
    }
    set { values[name] = newValue }
  }
}
