/// One of the tensors that a sample consists of, or of those that it is labelled with: its name, its shape without the batch, its elements.
public struct SampleField: Hashable, Sendable, CustomStringConvertible {
  /// The type of a field's elements; both take four bytes.
  public enum Element: String, Hashable, Sendable {
    /// IEEE 754 binary32: what is computed with.
    case float32
    /// Two's complement 32-bit integers: class numbers, tokens.
    case int32
  }

  /// What models, losses and files know it by.
  public var name: String
  /// The shape of one sample's, channels last; `[]` for a single number.
  public var shape: [Int]
  /// What its elements are.
  public var element: Element

  /// - Parameters:
  ///   - name: what models, losses and files know it by.
  ///   - shape: of one sample's; default a single number.
  ///   - element: default float32.
  public init(_ name: String, _ shape: [Int] = [], _ element: Element = .float32) {
    self.name = name
    self.shape = shape
    self.element = element
  }

  /// Elements of one sample's.
  public var size: Int { shape.reduce(1, &*) }

  public var description: String {
    "\(name) \(shape)" + (element == .float32 ? "" : " of \(element.rawValue)")
  }

  /// What the one tensor is called that most datasets have.
  public static let featuresName = "features"
  /// What class numbers are called.
  public static let labelsName = "labels"
  /// What numbers to be predicted are called.
  public static let valuesName = "values"
}

extension Dataset {
  /// What samples are labelled with, field by field: `labels`, a class number; `values`, as many numbers as have names; or the dataset's own.
  public var targetFields: [SampleField] {
    switch targets {
    case .classes: [SampleField(SampleField.labelsName, [], .int32)]
    case .values(let names): [SampleField(SampleField.valuesName, [names.count])]
    case .tensors(let fields): fields
    }
  }

  /// Whether a sample is one tensor of float32, which `gather(_:into:labels:)` writes.
  var hasPlainInput: Bool { inputs.count == 1 && inputs[0].element == .float32 }

  /// Checks that fields can be told apart and have a size.
  /// - Throws: `DataError.invalidArgument` for a name that is empty or twice there, `.badDimensions` for an extent that is not positive.
  public func requireDistinctFields(source: String) throws(DataError) {
    guard !inputs.isEmpty else { throw .empty(what: "\(source): no inputs") }
    var names = Set<String>()
    for field in inputs + targetFields {
      guard !field.name.isEmpty, names.insert(field.name).inserted else {
        throw .invalidArgument(
          name: "a field of \(source)", value: "'\(field.name)'", requirement: "a name that no other input or target has")
      }
      guard field.shape.allSatisfy({ $0 > 0 }), checkedProduct(field.shape) != nil else {
        throw .badDimensions(path: "\(field.name) of \(source)", dimensions: field.shape)
      }
    }
  }
}
