import GlissadeTensors

/// Values that lie within others, so that nothing is copied: what `concatenate` puts together one after the other in memory is computed
/// there. Slices that lie together in memory are the other way round (`Graph.view`).
struct PartsInPlace {
  /// Where a value is: a part of another value, from an element on.
  struct Place {
    var whole: ValueID
    var offset: Int
  }

  private(set) var places: [ValueID: Place] = [:]

  /// - Parameter elsewhere: values whose place is given.
  init(_ graph: Graph, elsewhere: Set<ValueID>) {
    for (index, node) in graph.nodes.enumerated() {
      guard case .concatenate(let rule) = node.operation, node.outputs[0].shape.dimensions[..<rule.axis].allSatisfy({ $0 == 1 }) else {
        continue
      }
      var offset = 0
      for input in node.inputs {
        let id = graph.resolved(input)
        if offset % Slice.alignment == 0, graph.isComputed(id), places[id] == nil, !elsewhere.contains(id) {
          places[id] = Place(whole: ValueID(node: index), offset: offset)
        }
        offset += graph.tensor(input).shape.count
      }
    }
  }
}

extension Graph {
  /// Whether a launch writes a value into memory of its own: it is no leaf, and no view of another.
  fileprivate func isComputed(_ id: ValueID) -> Bool {
    switch nodes[id.node].operation {
    case .input, .array, .parameter: false
    case .slice, .split: view(id) == nil
    default: true
    }
  }

  /// The value of whose elements a slice's are some that lie together, and the first of them; `nil` where they do not, or do not start where
  /// kernels can begin.
  func view(_ id: ValueID) -> (whole: ValueID, offset: Int)? {
    let node = nodes[id.node]
    let whole = resolved(node.inputs.first ?? id)
    let shape = node.inputs.first.map { tensor($0).shape } ?? []
    let offset: Int
    switch node.operation {
    case .split(let rule):
      guard shape.dimensions[..<rule.axis].allSatisfy({ $0 == 1 }) else { return nil }
      offset = rule.sizes[..<id.output].reduce(0, +) * shape.strides[rule.axis]
    case .slice(let rule):
      // One place of each outer axis, neighbours of one axis, all of those within.
      let first = rule.counts.firstIndex { $0 != 1 } ?? rule.counts.count
      guard first == rule.counts.count || rule.steps[first] == 1,
        rule.counts.indices.dropFirst(first + 1).allSatisfy({ rule.counts[$0] == shape[$0] && (rule.steps[$0] == 1 || shape[$0] == 1) })
      else { return nil }
      offset = zip(rule.starts, shape.strides).reduce(0) { $0 + $1.0 * $1.1 }
    default: return nil
    }
    return offset % Slice.alignment == 0 ? (whole, offset) : nil
  }
}
