/// A value that a pickle describes. Whatever has parts is a place in a `PickleHeap`, so values are plain bytes: lists that contain
/// themselves leak nothing, and no nesting is too deep to be freed.
enum PickleValue {
  case none
  case boolean(Bool)
  case integer(Int)
  /// An integer of more than 64 bits. All that is asked of one is whether it is the number that begins a PyTorch stream.
  case wideInteger(isMagic: Bool)
  case number(Double)
  case string(Int)
  /// In `sequences`; sets are lists, too.
  case list(Int)
  /// In `sequences`.
  case tuple(Int)
  /// In `sequences`, keys and values by turns.
  case dictionary(Int)
  case global(PickleGlobal)
  case storage(Int)
  case tensor(Int)
  /// Of a class that is not known here; in `objects`.
  case object(Int)
  /// Something without tensors in it: bytes, a device, a complex number, a data type.
  case other
}

/// What the values of a pickle refer to.
struct PickleHeap {
  var strings: [String] = []
  var sequences: [[PickleValue]] = []
  var storages: [PickledStorage] = []
  var views: [PickledStorageView] = []
  var tensors: [PickledTensor] = []
  var objects: [PickledObject] = []
  /// Of the classes and functions that are not known here.
  var classNames: [String] = []
}

/// What a class or function that is not known here would make. Nothing of it is made; what is kept is what may lead to tensors.
struct PickledObject {
  /// In `PickleHeap.classNames`.
  let name: Int
  /// In `PickleHeap.sequences`, keys and values by turns: the entries of a class that is a dictionary, or a module's tensors and modules.
  var entries: Int?
  /// Whether it is one of PyTorch's modules, whose tensors are named by paths through it.
  var isModule = false
  /// Why it is not read, where it is a tensor.
  var fault: String?
}

/// Memory that tensors share, by the name under which the file has its bytes.
struct PickledStorage {
  let key: String
  let byteCount: Int
  /// Of the elements it was saved as; a legacy stream counts storages in elements.
  let elementSize: Int
}

/// A storage as elements of one type.
struct PickledStorageView {
  /// In `PickleHeap.storages`.
  let storage: Int
  /// Nil for bytes whose type the tensor knows.
  let type: SafetensorsType?
  /// Whether its numbers are of a kind that is not read.
  let isOther: Bool
  /// Where its first element is, in elements.
  let first: Int
  /// In elements; in bytes where there is no type.
  let count: Int
}

/// A tensor as a pickle describes it. Only that there are as many strides as dimensions has been checked.
struct PickledTensor {
  /// In `PickleHeap.views`.
  let view: Int
  let type: SafetensorsType
  let layout: StridedLayout
}
