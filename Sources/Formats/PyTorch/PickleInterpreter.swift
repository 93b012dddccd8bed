/// Reads pickles as data: numbers, text, lists, dictionaries, and tensors where PyTorch put them.
///
/// Python's pickles are programs for a small machine. This one has its stack and its memo, but knows no function except the few of
/// `PickleGlobal`, which it carries out itself; it imports nothing and runs nothing. What another class or function would make is an opaque
/// value: it is counted, and its state is read and dropped. Every length is compared with what is left of the
/// file before memory is taken, and all objects together may not take more than `memoryLimit`.
///
/// Format: Python's `Lib/pickletools.py`.
struct PickleInterpreter {
  var reader: ByteReader
  var heap = PickleHeap()
  /// Storages by their key, over all pickles of the stream.
  var storageIndices: [String: Int] = [:]
  /// Names that are not known here, by their text.
  var classIndices: [String: Int] = [:]

  let memoryLimit: Int
  private var memoryUsed = 0
  private var stack: [PickleValue] = []
  private var deepestStack = 0
  /// How high the stack was at each mark.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var instruction: UInt64 = 0

  private static let longestLine = 1 << 16
  private static let highestProtocol: UInt8 = 5

  init(reader: ByteReader, memoryLimit: Int) {
    self.reader = reader
    self.memoryLimit = memoryLimit
  }

  /// What the objects of a file's pickles may take: as much as the file, and 32 MiB.
  static func memoryLimit(for file: InputFile) -> Int {
    Int(clamping: file.size).addingReportingOverflow(32 << 20).partialValue
  }

  /// Reads the next pickle of the stream. Memo and stack are its own; what it made stays in the heap.
  mutating func next() throws(FormatError) -> PickleValue {
    stack.removeAll(keepingCapacity: true)
    marks.removeAll(keepingCapacity: true)
    memo.removeAll(keepingCapacity: true)
    while true {
      instruction = reader.position
      guard let byte = try reader.next() else { throw fault(.truncated) }
      guard let opcode = PickleOpcode(rawValue: byte) else { throw fault(.unknownInstruction(byte)) }
      if opcode == .stop { return try pop() }
      try execute(opcode)
    }
  }

  // MARK: Faults and limits

  func fault(_ fault: PickleError.Fault) -> FormatError {
    FormatError(path: reader.file.path, reason: .pickle(PickleError(offset: instruction, fault: fault)))
  }

  func malformed(_ text: String) -> FormatError { fault(.malformed(text)) }

  /// Counts memory before it is taken.
  mutating func charge(_ bytes: Int) throws(FormatError) {
    memoryUsed += bytes
    if memoryUsed > memoryLimit { throw fault(.tooLarge(limit: memoryLimit)) }
  }

  // MARK: The stack

  mutating func push(_ value: PickleValue) throws(FormatError) {
    if stack.count == deepestStack {
      deepestStack += 1
      try charge(32)
    }
    stack.append(value)
  }

  /// Nothing below a mark can be taken.
  private mutating func pop() throws(FormatError) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else { throw malformed("it takes more from its stack than is there") }
    return value
  }

  private var top: PickleValue? { stack.count > marks.last ?? 0 ? stack.last : nil }

  private mutating func popToMark() throws(FormatError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw malformed("it goes back to a mark that is not there") }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  // MARK: Reading arguments

  private mutating func byte() throws(FormatError) -> UInt8 {
    guard let byte = try reader.next() else { throw fault(.truncated) }
    return byte
  }

  private mutating func bytes(_ count: Int) throws(FormatError) -> [UInt8] {
    try charge(count <= 16 ? 0 : count)
    guard let bytes = try reader.next(count) else { throw fault(.truncated) }
    return bytes
  }

  /// An unsigned little-endian number.
  private mutating func number(bytes count: Int) throws(FormatError) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(try byte()) << UInt64(8 * index) }
    return value
  }

  /// A length of so many bytes that what it measures is there.
  private mutating func length(bytes count: Int) throws(FormatError) -> Int {
    let length = try number(bytes: count)
    guard length <= reader.remaining, let length = Int(exactly: length) else {
      throw malformed("a length of \(length) bytes where \(reader.remaining) are left")
    }
    return length
  }

  private mutating func line() throws(FormatError) -> [UInt8] {
    let left = reader.remaining
    if let line = try reader.line(limit: Self.longestLine) { return line }
    throw left <= UInt64(Self.longestLine) ? fault(.truncated) : malformed("a line of more than \(Self.longestLine) bytes")
  }

  private mutating func text(_ bytes: [UInt8]) throws(FormatError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw malformed("a text that is not valid UTF-8") }
    return text
  }

  private mutating func index(_ line: [UInt8]) throws(FormatError) -> Int {
    guard let index = Int(try text(line)), index >= 0 else { throw malformed("a place in the memo that is no number") }
    return index
  }

  // MARK: Making values

  mutating func makeString(_ text: String) throws(FormatError) -> PickleValue {
    try charge(48)
    heap.strings.append(text)
    return .string(heap.strings.count - 1)
  }

  /// A place for a container's elements.
  mutating func makeSequence(_ values: [PickleValue]) throws(FormatError) -> Int {
    try charge(64 + 16 * values.count)
    heap.sequences.append(values)
    return heap.sequences.count - 1
  }

  /// A dictionary of keys and values by turns.
  private mutating func makeDictionary(_ values: [PickleValue]) throws(FormatError) -> PickleValue {
    guard values.count.isMultiple(of: 2) else { throw malformed("a dictionary with a key without a value") }
    return .dictionary(try makeSequence(values))
  }

  private mutating func extend(_ sequence: Int, _ values: [PickleValue]) throws(FormatError) {
    // An array's room may be twice what it holds.
    try charge(32 * values.count)
    heap.sequences[sequence].append(contentsOf: values)
  }

  private mutating func remember(_ index: Int) throws(FormatError) {
    guard let top else { throw malformed("it remembers what is not there") }
    if memo.updateValue(top, forKey: index) == nil { try charge(64) }
  }

  private mutating func recall(_ index: Int) throws(FormatError) {
    guard let value = memo[index] else { throw malformed("it recalls what it never remembered") }
    try push(value)
  }

  // MARK: The instructions

  private mutating func execute(_ opcode: PickleOpcode) throws(FormatError) {
    switch opcode {
    case .stop: break
    case .mark:
      try charge(32)
      marks.append(stack.count)
    case .pop:
      // With nothing above a mark, what is taken is the mark.
      if let mark = marks.last, stack.count == mark { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popToMark()
    case .dup:
      guard let top else { throw malformed("it doubles what is not there") }
      try push(top)
    case .proto:
      let version = try byte()
      guard version <= Self.highestProtocol else { throw malformed("protocol \(version); known are 0 to \(Self.highestProtocol)") }
    case .frame: _ = try length(bytes: 8)

    case .none, .newTrue, .newFalse, .int, .long, .binInt, .binInt1, .binInt2, .long1, .long4, .float, .binFloat:
      try push(try scalar(opcode))
    case .string, .binString, .shortBinString, .unicode, .shortBinUnicode, .binUnicode, .binUnicode8, .shortBinBytes, .binBytes,
      .binBytes8, .byteArray8:
      try push(try text(opcode))
    case .emptyTuple, .tuple, .tuple1, .tuple2, .tuple3, .emptyList, .list, .emptyDict, .dict, .emptySet, .frozenSet:
      try push(try container(opcode))
    case .append: try append([try pop()])
    case .appends, .addItems: try append(try popToMark())
    case .setItem:
      let value = try pop()
      try set([try pop(), value])
    case .setItems: try set(try popToMark())

    case .put: try remember(try index(try line()))
    case .binPut: try remember(Int(try byte()))
    case .longBinPut: try remember(Int(try number(bytes: 4)))
    case .memoize: try remember(memo.count)
    case .get: try recall(try index(try line()))
    case .binGet: try recall(Int(try byte()))
    case .longBinGet: try recall(Int(try number(bytes: 4)))

    case .global:
      let module = try text(try line())
      try push(.global(try global(module, try text(try line()))))
    case .stackGlobal:
      let (name, module) = (try pop(), try pop())
      guard case .string(let name) = name, case .string(let module) = module else { throw malformed("a global without a name") }
      try push(.global(try global(heap.strings[module], heap.strings[name])))
    case .reduce, .newObj:
      let (arguments, function) = (try pop(), try pop())
      try push(try make(by: function, arguments))
    case .newObjEx:
      _ = try pop()
      let (arguments, function) = (try pop(), try pop())
      try push(try make(by: function, arguments))
    case .build: try setState(try pop())
    case .binPersID: try push(try storage(try pop()))

    case .inst:
      let module = try text(try line())
      let function = PickleValue.global(try global(module, try text(try line())))
      try push(try make(by: function, .tuple(try makeSequence(try popToMark()))))
    case .obj:
      let values = try popToMark()
      guard let function = values.first else { throw malformed("an object without a class") }
      try push(try make(by: function, .tuple(try makeSequence(Array(values.dropFirst())))))
    case .persID: throw malformed("it refers to a storage in the text form of protocol 0, which PyTorch does not read either")
    case .ext1, .ext2, .ext4: throw malformed("it uses the extension registry, which a dictionary of tensors does not need")
    case .nextBuffer, .readonlyBuffer: throw malformed("it refers to buffers outside of it")
    }
  }

  private mutating func scalar(_ opcode: PickleOpcode) throws(FormatError) -> PickleValue {
    switch opcode {
    case .newTrue: return .boolean(true)
    case .newFalse: return .boolean(false)
    case .int, .long: return try decimal(try text(try line()))
    case .binInt: return .integer(Int(Int32(truncatingIfNeeded: try number(bytes: 4))))
    case .binInt1: return .integer(Int(try byte()))
    case .binInt2: return .integer(Int(try number(bytes: 2)))
    case .long1: return PickleNumber.integer(try bytes(Int(try byte())))
    case .long4: return PickleNumber.integer(try bytes(try length(bytes: 4)))
    case .float:
      guard let value = Double(try text(try line())) else { throw malformed("a number that is none") }
      return .number(value)
    case .binFloat: return .number(Double(bitPattern: try number(bytes: 8).byteSwapped))
    default: return .none
    }
  }

  private mutating func decimal(_ text: String) throws(FormatError) -> PickleValue {
    guard let value = PickleNumber.integer(decimal: text) else { throw malformed("an integer that is none") }
    return value
  }

  private mutating func text(_ opcode: PickleOpcode) throws(FormatError) -> PickleValue {
    switch opcode {
    case .shortBinUnicode: return try makeString(try text(try bytes(try length(bytes: 1))))
    case .binUnicode: return try makeString(try text(try bytes(try length(bytes: 4))))
    case .binUnicode8: return try makeString(try text(try bytes(try length(bytes: 8))))
    case .unicode, .string:
      let line = try line()
      try charge(line.count)
      guard let text = opcode == .unicode ? PickleText.unicode(line) : PickleText.quoted(line) else {
        throw malformed("a text that is not quoted and escaped as Python does")
      }
      return try makeString(text)
    // Python 2 made no difference between text and bytes.
    case .shortBinString: return try legacyText(try bytes(try length(bytes: 1)))
    case .binString: return try legacyText(try bytes(try length(bytes: 4)))
    case .shortBinBytes: return try passOver(try length(bytes: 1))
    case .binBytes: return try passOver(try length(bytes: 4))
    default: return try passOver(try length(bytes: 8))
    }
  }

  private mutating func legacyText(_ bytes: [UInt8]) throws(FormatError) -> PickleValue {
    guard let text = String(validating: bytes, as: UTF8.self) else { return .other }
    return try makeString(text)
  }

  private mutating func passOver(_ count: Int) throws(FormatError) -> PickleValue {
    guard reader.skip(UInt64(count)) else { throw fault(.truncated) }
    return .other
  }

  private mutating func container(_ opcode: PickleOpcode) throws(FormatError) -> PickleValue {
    switch opcode {
    case .emptyTuple: return .tuple(try makeSequence([]))
    case .tuple: return .tuple(try makeSequence(try popToMark()))
    case .tuple1: return .tuple(try makeSequence([try pop()]))
    case .tuple2:
      let second = try pop()
      return .tuple(try makeSequence([try pop(), second]))
    case .tuple3:
      let (third, second) = (try pop(), try pop())
      return .tuple(try makeSequence([try pop(), second, third]))
    case .emptyList, .emptySet: return .list(try makeSequence([]))
    case .list, .frozenSet: return .list(try makeSequence(try popToMark()))
    case .emptyDict: return try makeDictionary([])
    default: return try makeDictionary(try popToMark())
    }
  }

  private mutating func append(_ values: [PickleValue]) throws(FormatError) {
    switch top {
    case .list(let sequence): try extend(sequence, values)
    case .object: break
    default: throw malformed("it appends to something other than a list")
    }
  }

  private mutating func set(_ values: [PickleValue]) throws(FormatError) {
    guard values.count.isMultiple(of: 2) else { throw malformed("a dictionary with a key without a value") }
    switch top {
    case .dictionary(let sequence): try extend(sequence, values)
    case .object(let object):
      // Of a class that is a dictionary, as those of configurations are.
      if let entries = heap.objects[object].entries {
        try extend(entries, values)
      } else {
        heap.objects[object].entries = try makeSequence(values)
      }
    default: throw malformed("it sets an entry of something other than a dictionary")
    }
  }

  private mutating func global(_ module: String, _ name: String) throws(FormatError) -> PickleGlobal {
    if PickleRefusal.refuses(module: module, name: name) { throw fault(.refusedGlobal("\(module).\(name)")) }
    if let global = PickleGlobal(module: module, name: name) { return global }
    return .opaque(try className("\(module).\(name)"))
  }

  /// A class or function is called with a tuple.
  private mutating func make(by function: PickleValue, _ arguments: PickleValue) throws(FormatError) -> PickleValue {
    guard case .tuple(let arguments) = arguments else { throw malformed("it calls a function without arguments") }
    switch function {
    case .global(let function): return try call(function, heap.sequences[arguments])
    // What an opaque function made: a method, or a class inside another.
    case .object(let object): return try makeObject(heap.objects[object].name)
    default: throw malformed("it calls what is no function")
    }
  }

  /// What torch.save adds to a dictionary of tensors are the versions of its modules. The state of an opaque value is dropped, unless it is
  /// that of a module of PyTorch's.
  private mutating func setState(_ state: PickleValue) throws(FormatError) {
    switch top {
    case .dictionary, .list, .other, .tensor: break
    case .object(let object):
      if heap.objects[object].entries == nil, case .dictionary(let sequence) = state, let entries = try moduleEntries(of: sequence) {
        heap.objects[object].entries = try makeSequence(entries)
        heap.objects[object].isModule = true
      }
    default: throw malformed("it sets the state of something that has none")
    }
  }
}
