/// The names that a pickle may use: what `torch.save` writes for dictionaries of dense tensors, which is part of what PyTorch itself allows
/// under `weights_only=True`. Every other name is refused.
enum PickleGlobal {
  /// Dictionaries.
  case orderedDictionary
  /// `torch.Size`, a tuple.
  case size
  /// A function or class whose result holds no tensors.
  case other
  /// Sets and frozen sets, from a list.
  case set
  case rebuildTensor
  case rebuildTensor2
  case rebuildTensor3
  /// Parameters: `_rebuild_parameter`, `_rebuild_parameter_with_state` and the class.
  case parameter
  /// `torch.FloatStorage` and its kin.
  case storage(SafetensorsType)
  case untypedStorage
  /// `torch.float32` and its kin.
  case dtype(SafetensorsType)

  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"), ("collections", "Counter"): self = .orderedDictionary
    case ("torch", "Size"): self = .size
    case ("torch", "device"), ("_codecs", "encode"): self = .other
    case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor2
    case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTensor3
    case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"): self = .parameter
    case ("torch.nn.parameter", "Parameter"): self = .parameter
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
      } else {
        return nil
      }
    default: return nil
    }
  }
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
