/// A network as ONNX has it: operators of its standard set on named values.
public struct ONNXModel: Sendable {
  /// An operator's setting.
  public enum Attribute: Hashable, Sendable {
    /// A whole number, `INT`.
    case integer(Int)
    /// Whole numbers, `INTS`.
    case integers([Int])
    /// A number, `FLOAT`.
    case float(Float)
    /// A text, `STRING`.
    case text(String)
  }

  /// One operator.
  public struct Node: Hashable, Sendable {
    /// As the standard calls it: `Conv`, `Gemm`, …
    public var operation: String
    /// For people; names of nodes need not differ.
    public var name: String
    /// The values it reads; an empty name is an input that is left out.
    public var inputs: [String]
    /// The values it makes, by names that nothing else has.
    public var outputs: [String]
    /// By name.
    public var attributes: [String: Attribute]

    /// - Parameters:
    ///   - operation: as the standard calls it.
    ///   - name: for people.
    ///   - inputs: names of values; an empty one is left out.
    ///   - outputs: names of values.
    ///   - attributes: settings by name; default none.
    public init(_ operation: String, name: String, inputs: [String], outputs: [String], attributes: [String: Attribute] = [:]) {
      self.operation = operation
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.attributes = attributes
    }
  }

  /// A value that is part of the model.
  public struct Initializer: Hashable, Sendable {
    /// Its elements.
    public enum Elements: Hashable, Sendable {
      /// float32.
      case floats([Float])
      /// float64.
      case doubles([Double])
      /// int64.
      case integers([Int64])
      /// int32.
      case shortIntegers([Int32])
    }

    /// The value's name.
    public var name: String
    /// Its shape; `[]` for a single number.
    public var shape: [Int]
    /// Its elements, row-major.
    public var elements: Elements
    /// What its elements take.
    public var byteCount: Int {
      switch elements {
      case .floats(let values): values.count * 4
      case .doubles(let values): values.count * 8
      case .integers(let values): values.count * 8
      case .shortIntegers(let values): values.count * 4
      }
    }

    /// With as many elements as the shape says.
    public init(name: String, shape: [Int], _ elements: Elements) {
      self.name = name
      self.shape = shape
      self.elements = elements
    }
  }

  /// What the elements of a value are; the raw values are the standard's numbers for them.
  public enum ElementType: Int, Hashable, Sendable {
    /// IEEE 754 binary32.
    case float32 = 1
    /// Two's complement, 32 bits.
    case int32 = 6
    /// Two's complement, 64 bits.
    case int64 = 7
    /// True or false, a byte each.
    case boolean = 9
    /// IEEE 754 binary64.
    case float64 = 11
  }

  /// An input or output of the whole.
  public struct Port: Hashable, Sendable {
    /// The extent of one axis.
    public enum Extent: Hashable, Sendable {
      /// Always so many.
      case fixed(Int)
      /// Any; equal names are equal extents.
      case any(String)
    }

    /// The value's name.
    public var name: String
    /// The extent of each axis.
    public var shape: [Extent]
    /// What its elements are.
    public var type: ElementType

    /// With elements of float32 unless it is said otherwise.
    public init(name: String, shape: [Extent], type: ElementType = .float32) {
      self.name = name
      self.shape = shape
      self.type = type
    }
  }

  /// The graph's name.
  public var name: String
  /// In an order in which they can be computed.
  public var nodes: [Node] = []
  /// Weights and constants, by name.
  public var initializers: [Initializer] = []
  /// What is given to the whole.
  public var inputs: [Port] = []
  /// What the whole gives.
  public var outputs: [Port] = []
  /// Strings for people and programs, by key.
  public var metadata: [String: String] = [:]
  /// The program that made it, and its version.
  public var producer: (name: String, version: String) = ("glissade", "")

  /// The standard operator set that nodes are of: that of ONNX 1.12, which every current runtime knows.
  public static let operatorSet = 17
  /// The version of the file format that goes with it.
  public static let formatVersion = 8

  /// An empty one.
  public init(name: String) { self.name = name }
}
