/// What a name in a pickle stands for. What `torch.save` writes for dictionaries of dense tensors is carried out here; any other class or
/// function is opaque: what it would make is taken note of, and neither made nor run.
enum PickleGlobal {
  /// Dictionaries.
  case orderedDictionary
  /// A dictionary from the function that makes its missing values, which is not wanted.
  case defaultDictionary
  /// `torch.Size`, a tuple.
  case size
  /// A function or class whose result holds no tensors.
  case other
  /// Sets, frozen sets and queues, from a list.
  case set
  case rebuildTensor
  case rebuildTensor2
  case rebuildTensor3
  /// `_rebuild_from_type_v2`: a tensor of a class of its own, from the function that makes it and that one's arguments.
  case rebuildFromType
  /// Parameters: `_rebuild_parameter`, `_rebuild_parameter_with_state` and the class.
  case parameter
  /// Python 2's way to make an object, from its class.
  case reconstructor
  /// `torch.FloatStorage` and its kin.
  case storage(SafetensorsType)
  case untypedStorage
  /// Storages of numbers that are not read, such as complex ones, by their size.
  case otherStorage(size: Int)
  /// `torch.float32` and its kin.
  case dtype(SafetensorsType)
  /// Anything else; in `PickleHeap.classNames`.
  case opaque(Int)

  /// - Returns: `nil` for a name that is opaque.
  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"), ("collections", "Counter"): self = .orderedDictionary
    case ("collections", "defaultdict"): self = .defaultDictionary
    case ("collections", "deque"): self = .set
    case ("torch", "Size"): self = .size
    case ("torch", "device"), ("_codecs", "encode"): self = .other
    case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor2
    case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTensor3
    case ("torch._tensor", "_rebuild_from_type_v2"): self = .rebuildFromType
    case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"): self = .parameter
    case ("torch.nn.parameter", "Parameter"): self = .parameter
    case ("copy_reg", "_reconstructor"), ("copyreg", "_reconstructor"): self = .reconstructor
    case ("torch.storage", "UntypedStorage"), ("torch", "UntypedStorage"): self = .untypedStorage
    case ("builtins", _), ("__builtin__", _):
      switch name {
      case "set", "frozenset": self = .set
      case "bytearray", "complex": self = .other
      default: return nil
      }
    // Files of old versions, saved on a GPU, name torch.cuda.
    case ("torch", _), ("torch.cuda", _):
      if let type = SafetensorsType.allCases.first(where: { $0.torchStorageName == name }) {
        self = .storage(type)
      } else if let type = SafetensorsType.allCases.first(where: { $0.torchName == name }), module == "torch" {
        self = .dtype(type)
      } else if let size = Self.otherStorages[name] {
        self = .otherStorage(size: size)
      } else {
        return nil
      }
    default: return nil
    }
  }

  private static let otherStorages = [
    "ComplexFloatStorage": 8, "ComplexDoubleStorage": 16, "QInt8Storage": 1, "QUInt8Storage": 1, "QInt32Storage": 4,
  ]
}

extension SafetensorsType {
  /// The name in PyTorch, behind `torch.`.
  var torchName: String {
    switch self {
    case .float64: "float64"
    case .float32: "float32"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .int64: "int64"
    case .int32: "int32"
    case .int16: "int16"
    case .int8: "int8"
    case .uint64: "uint64"
    case .uint32: "uint32"
    case .uint16: "uint16"
    case .uint8: "uint8"
    case .bool: "bool"
    }
  }

  /// The class of PyTorch's storages of this type, behind `torch.`; nil for the newer types, which have none.
  var torchStorageName: String? {
    switch self {
    case .float64: "DoubleStorage"
    case .float32: "FloatStorage"
    case .float16: "HalfStorage"
    case .bfloat16: "BFloat16Storage"
    case .int64: "LongStorage"
    case .int32: "IntStorage"
    case .int16: "ShortStorage"
    case .int8: "CharStorage"
    case .uint8: "ByteStorage"
    case .bool: "BoolStorage"
    case .uint64, .uint32, .uint16: nil
    }
  }
}
