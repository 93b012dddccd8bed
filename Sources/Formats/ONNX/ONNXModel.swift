/// A network as ONNX has it: operators of its standard set on named values.
public struct ONNXModel: Sendable {
  /// An operator's setting.
  public enum Attribute: Hashable, Sendable {
    case integer(Int)
    case integers([Int])
    case float(Float)
    case text(String)
  }

  /// One operator.
  public struct Node: Hashable, Sendable {
    /// As the standard calls it: `Conv`, `Gemm`, …
    public var operation: String
    public var name: String
    /// The values it reads; an empty name is an input that is left out.
    public var inputs: [String]
    public var outputs: [String]
    /// By name.
    public var attributes: [String: Attribute]

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
      case floats([Float])
      case doubles([Double])
      case integers([Int64])
      case shortIntegers([Int32])
    }

    public var name: String
    public var shape: [Int]
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

    public init(name: String, shape: [Int], _ elements: Elements) {
      self.name = name
      self.shape = shape
      self.elements = elements
    }
  }

  /// What the elements of a value are; the raw values are the standard's numbers for them.
  public enum ElementType: Int, Hashable, Sendable {
    case float32 = 1
    case int32 = 6
    case int64 = 7
    case boolean = 9
    case float64 = 11
  }

  /// An input or output of the whole.
  public struct Port: Hashable, Sendable {
    /// The extent of one axis.
    public enum Extent: Hashable, Sendable {
      case fixed(Int)
      /// Any; equal names are equal extents.
      case any(String)
    }

    public var name: String
    public var shape: [Extent]
    public var type: ElementType

    public init(name: String, shape: [Extent], type: ElementType = .float32) {
      self.name = name
      self.shape = shape
      self.type = type
    }
  }

  public var name: String
  /// In an order in which they can be computed.
  public var nodes: [Node] = []
  public var initializers: [Initializer] = []
  public var inputs: [Port] = []
  public var outputs: [Port] = []
  /// Strings for people and programs, by key.
  public var metadata: [String: String] = [:]
  /// The program that made it, and its version.
  public var producer: (name: String, version: String) = ("glissade", "")

  /// The standard operator set that nodes are of: that of ONNX 1.12, which every current runtime knows.
  public static let operatorSet = 17
  /// The version of the file format that goes with it.
  public static let formatVersion = 8

  public init(name: String) { self.name = name }
}
