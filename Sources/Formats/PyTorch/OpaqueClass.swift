/// A class or function of Python's that a checkpoint has values of, and how many. Such values, an `argparse.Namespace` or a NumPy number, are
/// passed over: they are built as nothing, and nothing of them is run.
public struct OpaqueClass: Equatable, Sendable {
  /// With its module, as in `argparse.Namespace`.
  public let name: String
  /// How many values it would make.
  public let count: Int

  /// A class and how many values of it there are.
  public init(name: String, count: Int) {
    self.name = name
    self.count = count
  }

  /// Those of a pickle that values would be made of, in the order of their names' first use. Tensors and whole modules are not among them.
  static func all(in heap: PickleHeap) -> [OpaqueClass] {
    var counts = [Int](repeating: 0, count: heap.classNames.count)
    for object in heap.objects where object.fault == nil && !object.isModule { counts[object.name] += 1 }
    return zip(heap.classNames, counts).filter { $1 > 0 }.map { OpaqueClass(name: $0, count: $1) }
  }
}

/// A tensor that a checkpoint describes in a way that is not known here.
public struct UnreadTensor: Equatable, Sendable {
  /// As `WeightsTensor` has them.
  public let keys: [String]
  /// What keeps it from being read, as in `of the type torch.float8_e4m3fn`.
  public let reason: String

  /// The path: `keys`, joined by dots.
  public var name: String { keys.joined(separator: ".") }
}
