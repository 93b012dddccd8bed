/// Tensors under names, in an order: what a model of several inputs is given and what it gives, and what a loss compares with.
///
/// Asking for a name that is not there gives an invalid tensor and a message (`Graph.firstError`) with the names that are.
///
/// ```swift
/// func forward(_ inputs: Inputs) -> Outputs {
///   let (left, right) = (embed(inputs["left"]), embed(inputs["right"]))
///   return ["left": left, "right": right]
/// }
/// ```
public struct NamedTensors: ExpressibleByDictionaryLiteral {
  /// The tensors with their names, in order.
  public private(set) var entries: [(name: String, tensor: Tensor)]
  /// What they are, for messages: `input`, `output`, `target`.
  package var role: String
  /// The graph that they belong to where there are none.
  private let home: Graph?

  /// - Parameters:
  ///   - entries: in order; of two with one name the first counts.
  ///   - role: what they are, for messages.
  public init(_ entries: [(name: String, tensor: Tensor)], role: String = "tensor") {
    self.init(entries, role: role, in: nil)
  }

  /// - Parameters:
  ///   - entries: in order; of two with one name the first counts.
  ///   - role: what they are, for messages.
  ///   - home: the graph in which mistakes are noted if there are no entries.
  package init(_ entries: [(name: String, tensor: Tensor)], role: String, in home: Graph?) {
    self.entries = entries
    self.role = role
    self.home = home
  }

  public init(dictionaryLiteral elements: (String, Tensor)...) { self.init(elements.map { (name: $0.0, tensor: $0.1) }) }

  /// One tensor alone.
  /// - Parameters:
  ///   - tensor: the tensor.
  ///   - name: its name; default `output`.
  public init(_ tensor: Tensor, name: String = NamedTensors.outputName) { self.init([(name, tensor)]) }

  /// What the output of a model is called that gives one tensor.
  public static let outputName = "output"

  /// Their names, in order.
  public var names: [String] { entries.map(\.name) }
  /// They themselves, in order.
  public var tensors: [Tensor] { entries.map(\.tensor) }
  /// How many there are.
  public var count: Int { entries.count }
  /// The graph that they belong to.
  public var graph: Graph { entries.first?.tensor.graph ?? home ?? Graph() }

  /// A tensor by its name.
  public subscript(name: String) -> Tensor {
    if let entry = entries.first(where: { $0.name == name }) { return entry.tensor }
    return graph.reject("\(role) '\(name)'", [], because: "there is no such \(role); \(list)")
  }

  /// The tensor, where there is one alone.
  public var only: Tensor {
    if entries.count == 1 { return entries[0].tensor }
    return graph.reject("the \(role)", [], because: "one \(role) is taken, and \(list); say which by its name")
  }

  /// Some of them, in the order of the names.
  public func selecting(_ names: [String]) -> NamedTensors {
    NamedTensors(names.map { (name: $0, tensor: self[$0]) }, role: role, in: graph)
  }

  /// As in `there are 'a' and 'b'`.
  private var list: String {
    let quoted = names.map { "'\($0)'" }
    switch quoted.count {
    case 0: return "there is none"
    case 1: return "there is \(quoted[0])"
    default: return "there are \(quoted.dropLast().joined(separator: ", ")) and \(quoted[quoted.count - 1])"
    }
  }
}

/// What a model of several inputs is given.
public typealias Inputs = NamedTensors
/// What a model of several outputs gives.
public typealias Outputs = NamedTensors
/// What a loss or metric compares outputs with.
public typealias Targets = NamedTensors
