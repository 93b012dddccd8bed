import Glibc
import GlissadeFormats
import TestSupport
import Testing

/// PyTorch files made to harm: each must be refused with a reason, quickly and without memory for what it only claims.
@Suite struct HostilePyTorchTests {
  private typealias P = HandmadePickle

  /// What is wrong with a file; nil where all its tensors can be read.
  private func reason(_ bytes: [UInt8], in folder: TemporaryFolder? = nil) throws -> FormatError.Reason? {
    let folder = try folder ?? TemporaryFolder()
    // A new file each time: replacing one's content can wait for the disk.
    unlink(folder.file("a.pth"))
    let path = try folder.put("a.pth", bytes)
    do throws(FormatError) {
      let file = try WeightsFile(path: path)
      for tensor in file.tensors { _ = try file.bytes(of: tensor.name) }
      return nil
    } catch {
      #expect(error.path == path)
      #expect(!error.description.contains("\n"))
      #expect(error.description.hasPrefix(path))
      return error.reason
    }
  }

  private func message(_ bytes: [UInt8]) throws -> String { try reason(bytes)?.description ?? "accepted" }

  private func pickleFault(_ pickle: [UInt8], storages: [[UInt8]] = []) throws -> PickleError.Fault? {
    let inArchive = try reason(HandmadeArchive(pickle: pickle, storages: storages).bytes)
    // A stream's fourth pickle is the object.
    let inStream = try reason(P.streamStart + pickle)
    guard case .pickle(let error) = inArchive, case .pickle(let other) = inStream else { return nil }
    switch (error.fault, other.fault) {
    // The limit goes with the file's size.
    case (.tooLarge, .tooLarge), (.truncated, _), (_, .truncated): break
    default: #expect(error.fault == other.fault)
    }
    return error.fault
  }

  private let four = [UInt8](repeating: 7, count: 16)

  /// A checkpoint of one tensor of four floats.
  private func tensor(
    shape: [Int] = [4], strides: [Int] = [1], offset: Int = 0, count: Int = 4, kind: String = "FloatStorage", data: [UInt8]? = nil
  ) -> [UInt8] {
    let tensor = P.tensor(P.storage(kind, count: count), offset: offset, shape: shape, strides: strides)
    return HandmadeArchive(pickle: P.whole(P.dictionary([("x", tensor)])), storages: [data ?? four]).bytes
  }

  private func fault(_ bytes: [UInt8]) throws -> TensorFault? {
    guard case .tensor("x", let fault) = try reason(bytes) else { return nil }
    return fault
  }

  @Test func theHarmlessOnesPass() throws {
    #expect(try reason(tensor()) == nil)
    #expect(try reason(tensor(shape: [2, 2], strides: [1, 2])) == nil)
    #expect(try reason(tensor(shape: [3], offset: 1)) == nil)
    #expect(try reason(tensor(shape: [0], offset: 0)) == nil)
    var archive = HandmadeArchive(
      pickle: P.whole(P.dictionary([("x", P.tensor(P.storage(count: 4), shape: [4], strides: [1]))])), storages: [four])
    archive.comment = Array("PK\u{5}\u{6} and more".utf8)
    #expect(try reason(archive.bytes) == nil)
  }

  // MARK: Pickles

  @Test(arguments: [
    ("posix", "system"), ("os", "system"), ("nt", "system"), ("builtins", "eval"), ("__builtin__", "exec"), ("builtins", "open"),
    ("subprocess", "Popen"), ("importlib.util", "find_spec"), ("torch", "load"), ("torch.storage", "_load_from_bytes"), ("pickle", "loads"),
  ])
  func whatRunsCommandsIsRefusedByName(_ module: String, _ name: String) throws {
    let call = P.whole(P.call(P.global(module, name), P.text("touch /tmp/glissade-was-here")))
    #expect(try pickleFault(call) == .refusedGlobal("\(module).\(name)"))
    // By STACK_GLOBAL, and by INST.
    #expect(try pickleFault([0x80, 4] + P.text(module) + P.text(name) + [0x93, 0x29, 0x52, 0x2e]) == .refusedGlobal("\(module).\(name)"))
    #expect(try pickleFault([0x28, 0x69] + Array("\(module)\n\(name)\n".utf8) + P.stop) == .refusedGlobal("\(module).\(name)"))
    #expect(access("/tmp/glissade-was-here", F_OK) != 0)
  }

  /// What would be called or made of other names is nothing, whatever instruction asks for it, and the tensor beside it is read.
  @Test(arguments: [
    ("builtins", "getattr"), ("torch", "nn"), ("torch", "float8_e4m3fn"), ("torchvision.models.resnet", "ResNet"), ("a\u{1b}[2J", "b"),
    ("numpy.core.multiarray", "_reconstruct"), ("argparse", "Namespace"),
  ])
  func otherClassesAreBuiltAsNothing(_ module: String, _ name: String) throws {
    let (global, line) = (P.global(module, name), Array("\(module)\n\(name)\n".utf8))
    let command = P.text("touch /tmp/glissade-was-here")
    let state = P.dictionary([("a", P.integer(1))])
    let forms: [[UInt8]] = [
      P.call(global, command), global + P.tuple(command) + [0x81] + state + [0x62], global + P.tuple(command) + [0x7d, 0x92],
      [0x28] + command + [0x69] + line, [0x28] + global + command + [0x6f], P.call(P.call(global, command), command),
      P.call(global) + P.list([P.integer(1)]).dropFirst() + [0x28] + P.text("x") + P.integer(2) + [0x75],
      P.call(P.global("copy_reg", "_reconstructor"), global, P.global("builtins", "object"), [0x4e]),
    ]
    let tensor = P.tensor(P.storage(count: 4), shape: [4], strides: [1])
    let folder = try TemporaryFolder()
    for (number, form) in forms.enumerated() {
      let pickle = P.whole(P.dictionary([("before", form), ("x", tensor), ("after", P.list([form]))]))
      let path = try folder.put("\(number).pth", HandmadeArchive(pickle: pickle, storages: [four]).bytes)
      let file = try WeightsFile(path: path)
      #expect(file.tensors.map(\.name) == ["x"] && file.unread.isEmpty)
      #expect(file.opaqueClasses == [OpaqueClass(name: "\(module).\(name)", count: number == 5 ? 4 : 2)], "form \(number)")
    }
    #expect(access("/tmp/glissade-was-here", F_OK) != 0)
    #expect(
      try message(HandmadeArchive(pickle: P.whole(P.call(global, command)), storages: []).bytes).contains("no tensors in it; it holds"))
  }

  /// The state of what is not made costs memory while it is read, and no more than a file may cost.
  @Test func opaqueValuesAreBounded() throws {
    let object = P.global("a", "b") + [0x29, 0x81]
    let many = P.start + [0x28] + P.global("a", "b") + [0x71, 0]
    let repeated = [[UInt8]](repeating: [0x68, 0, 0x29, 0x81], count: 1_000_000).flatMap(\.self)
    guard case .tooLarge = try pickleFault(many + repeated + [0x74, 0x2e]) else {
      Issue.record("a million objects passed")
      return
    }
    // Each name once more costs, too.
    let names = (0..<400_000).flatMap { P.global("m\($0)", "n") }
    guard case .tooLarge = try pickleFault(P.start + [0x28] + names + [0x74, 0x2e]) else {
      Issue.record("names without end passed")
      return
    }
    // A state that is set again and again is looked at no longer than a module's beginning.
    let large = P.dictionary((0..<20_000).map { ("k\($0)", [0x4e]) })
    let states = P.start + large + [0x71, 0, 0x30] + object
    let sets = [[UInt8]](repeating: [0x68, 0, 0x62], count: 200_000).flatMap(\.self)
    #expect(try message(HandmadeArchive(pickle: states + sets + [0x2e], storages: []).bytes).contains("no tensors"))
  }

  /// As a file by itself, in the forms that `pickle.dumps` gives such an object.
  @Test func aPickleThatCallsTheSystem() throws {
    let forms: [[UInt8]] = [
      Array("cposix\nsystem\n(S'id'\ntR.".utf8), Array("cos\nsystem\n(S'id'\ntR.".utf8),
      P.whole(P.call(P.global("posix", "system"), P.text("id"))),
      [0x80, 4, 0x95, 0x1d, 0, 0, 0, 0, 0, 0, 0, 0x8c, 5] + Array("posix".utf8) + [0x94, 0x8c, 6] + Array("system".utf8)
        + [0x94, 0x93, 0x94, 0x8c, 2] + Array("id".utf8) + [0x94, 0x85, 0x94, 0x52, 0x94, 0x2e],
    ]
    for form in forms { #expect(try message(form).contains("system, which a dictionary of tensors does not need; nothing of it was run")) }
  }

  @Test func brokenPickles() throws {
    let broken: [[UInt8]] = [
      [0x30], [0x31], [0x32], [0x52], [0x29, 0x52], [0x61], [0x65], [0x28, 0x65], [0x28, 0x75], [0x4e, 0x28, 0x4e, 0x75], [0x73],
      [0x7d, 0x28, 0x4e, 0x75], [0x7d, 0x4e, 0x73], [0x28, 0x4e, 0x64], [0x62], [0x4e, 0x4e, 0x62], [0x71, 0], [0x68, 0],
      [0x6a, 1, 2, 3, 4],
      [0x94], [0x93], [0x4e, 0x4e, 0x93], [0x51], [0x4e, 0x51], [0x29, 0x51], [0x80, 6], [0x82, 1], [0x83, 1, 2], [0x84, 1, 2, 3, 4],
      [0x97],
      [0x98], [0x92], [0x6f], Array("P1\n".utf8), Array("Ix\n".utf8), Array("I\n".utf8), Array("I--1\n".utf8), Array("Lx\n".utf8),
      Array("Fx\n".utf8), Array("S'\n".utf8), Array("Sx\n".utf8), Array("S'\\q'\n".utf8), Array("V\\u12\n".utf8), Array("gx\n".utf8),
      Array("g-1\n".utf8), Array("N".utf8) + Array("px\n".utf8), [0x58, 2, 0, 0, 0, 0xff, 0xfe], [0x85], [0x4e, 0x86],
      [0x28, 0x74, 0x30, 0x30],
      P.call(P.global("torch", "FloatStorage")), P.call(P.global("torch", "float32")), P.call(P.global("torch", "Size"), P.integer(1)),
      P.call(P.global("torch._utils", "_rebuild_tensor_v2"), P.integer(1)),
      P.call(P.global("torch._utils", "_rebuild_parameter"), P.integer(1)),
      P.call(P.global("collections", "OrderedDict"), P.integer(1)), P.call(P.global("collections", "OrderedDict"), P.list([P.integer(1)])),
      P.tuple(P.text("storage")) + [0x51], P.tensor(P.storage(count: -1), shape: [1], strides: [1]),
      P.tensor(P.storage("DoubleStorage", count: 1 << 61), shape: [1], strides: [1]), P.tensor(P.integer(0), shape: [1], strides: [1]),
      P.tensor(P.storage(count: 1), shape: [1, 1], strides: [1]),
      P.tensor(P.storage(count: 1), shape: Array(repeating: 1, count: 65), strides: Array(repeating: 1, count: 65)),
      P.storage(count: 1) + P.storage(count: 2),
    ]
    for pickle in broken {
      let fault = try pickleFault(P.start + pickle + P.stop)
      switch fault {
      case .malformed, .truncated: break
      default: Issue.record("\(pickle): \(String(describing: fault))")
      }
    }
    #expect(try pickleFault(P.start + [0xff]) == .unknownInstruction(0xff))
    #expect(try pickleFault(P.start + [0x4e]) == .truncated)
  }

  @Test func lengthsThatAreNotThere() throws {
    let lengths: [[UInt8]] = [
      [0x58, 0xff, 0xff, 0xff, 0x7f], [0x8d] + [UInt8](repeating: 0xff, count: 8), [0x8d, 0, 0, 0, 0, 0, 0, 0, 0x40],
      [0x8b, 0xff, 0xff, 0xff, 0xff],
      [0x54, 0xff, 0xff, 0xff, 0xff], [0x42, 0xff, 0xff, 0xff, 0x7f], [0x8e] + [UInt8](repeating: 0x7f, count: 8),
      [0x96] + [UInt8](repeating: 0xff, count: 8), [0x95] + [UInt8](repeating: 0xff, count: 8), [0x8a, 0xff], [0x8c, 0xff], [0x43, 0xff],
    ]
    for pickle in lengths {
      switch try pickleFault(pickle + [0x2e]) {
      case .malformed, .truncated: break
      default: Issue.record("\(pickle) passed")
      }
    }
  }

  @Test func depthAndLoops() throws {
    // Lists in lists, a million deep: read in a line, freed in a line, and refused.
    let tensor = P.tensor(P.storage(count: 4), shape: [4], strides: [1])
    func nested(_ depth: Int) -> [UInt8] {
      P.start + [UInt8](repeating: 0x5d, count: depth) + tensor + [UInt8](repeating: 0x61, count: depth) + P.stop
    }
    #expect(try reason(HandmadeArchive(pickle: nested(99), storages: [four]).bytes) == nil)
    #expect(try message(HandmadeArchive(pickle: nested(102), storages: [four]).bytes).contains("nested deeper than 100 levels"))
    #expect(try message(HandmadeArchive(pickle: nested(200_000), storages: [four]).bytes).contains("nested deeper than 100 levels"))
    // A list in itself, by the memo.
    let own = P.start + [0x5d, 0x71, 0, 0x68, 0, 0x61] + tensor + [0x61, 0x2e]
    #expect(try message(HandmadeArchive(pickle: own, storages: [four]).bytes).contains("contains itself"))
    // Ten lists of ten of the list before, thirty times over.
    var laughs: [UInt8] = P.start + P.list([tensor]) + [0x71, 0]
    for level in 0..<30 as Range<UInt8> {
      laughs += [0x5d, 0x28] + [[UInt8]](repeating: [0x68, level], count: 10).flatMap(\.self) + [0x65, 0x71, level + 1]
    }
    #expect(try reason(HandmadeArchive(pickle: laughs + P.stop, storages: [four]).bytes) != nil)
    // The same without a tensor is only a large object.
    #expect(try message(HandmadeArchive(pickle: P.whole(P.list([P.integer(1)])), storages: []).bytes).contains("no tensors"))
  }

  @Test func memoryIsBounded() throws {
    // Empty lists: a byte each in the file, more than fifty in memory.
    let lists = P.start + [0x28] + [UInt8](repeating: 0x5d, count: 3_000_000) + [0x74, 0x2e]
    guard case .tooLarge = try pickleFault(lists) else {
      Issue.record("three million lists passed")
      return
    }
    #expect(try pickleFault(P.start + [0x28] + [UInt8](repeating: 0x4e, count: 5_000_000) + [0x74, 0x2e]) != nil)
    #expect(try pickleFault([0x49] + [UInt8](repeating: 0x31, count: 100_000) + [0x0a, 0x2e]) != nil)
  }

  // MARK: Tensors and storages

  @Test func tensorsOutsideTheirStorage() throws {
    #expect(try fault(tensor(shape: [5])) == .outsideStorage(last: 4, elements: 4))
    #expect(try fault(tensor(shape: [4], offset: 1)) == .outsideStorage(last: 4, elements: 4))
    #expect(try fault(tensor(shape: [2, 2], strides: [3, 1])) == .outsideStorage(last: 4, elements: 4))
    #expect(try fault(tensor(shape: [2], strides: [.max])) == .outsideStorage(last: .max, elements: 4))
    #expect(try fault(tensor(shape: [3], strides: [.max])) == .badStrides([.max], offset: 0))
    #expect(try fault(tensor(shape: [4], strides: [-1])) == .badStrides([-1], offset: 0))
    #expect(try fault(tensor(shape: [4], offset: -1)) == .badStrides([1], offset: -1))
    #expect(try fault(tensor(shape: [-4])) == .badShape([-4]))
    #expect(try fault(tensor(shape: [1 << 62, 4], strides: [0, 0])) == .badShape([1 << 62, 4]))
    #expect(try fault(tensor(shape: [1 << 40], strides: [0])) == .repeatsStorage(bytes: 1 << 42, storage: 16))
    #expect(try fault(tensor(shape: [0, 1 << 40], strides: [1 << 40, 1])) == nil)
  }

  @Test func storagesOfAnotherSize() throws {
    #expect(try message(tensor(count: 5, data: four)).contains("storage 0 has 16 bytes, and the pickle says 20"))
    #expect(try message(tensor(count: 3, data: four)).contains("storage 0 has 16 bytes, and the pickle says 12"))
    #expect(try message(tensor(count: 1 << 50)).contains("has 16 bytes"))
    let elsewhere = P.tensor(P.storage(key: "../../etc/passwd", count: 4), shape: [4], strides: [1])
    #expect(
      try message(HandmadeArchive(pickle: P.whole(elsewhere), storages: [four]).bytes).contains("storage ../../etc/passwd is not in it"))
    let other = P.call(
      P.global("torch._utils", "_rebuild_tensor_v3"), P.storage(count: 4), P.integer(0), P.integers([2]), P.integers([1]), [0x89], [0x7d],
      P.global("torch", "float64"))
    #expect(try message(HandmadeArchive(pickle: P.whole(other), storages: [four]).bytes).contains("float64 in a storage of float32"))
  }

  @Test func twoTensorsOfOneName() throws {
    let tensor = P.tensor(P.storage(count: 4), shape: [4], strides: [1])
    let twice = P.dictionary([("a.b", tensor), ("a", P.dictionary([("b", tensor)]))])
    #expect(try reason(HandmadeArchive(pickle: P.whole(twice), storages: [four]).bytes) == .tensor(name: "a.b", .badName))
    // Keys of other kinds than text are those of a training's state.
    let odd =
      [0x7d] + P.tuple(P.integer(1)) + tensor + [0x73, 0x88] + tensor + [0x73] + P.global("a", "B") + tensor + [0x73] + P.integer(7)
      + tensor + [0x73]
    let folder = try TemporaryFolder()
    let file = try WeightsFile(path: folder.put("a.pth", HandmadeArchive(pickle: P.whole(odd), storages: [four]).bytes))
    #expect(file.tensors.map(\.name) == ["(0)", "True", "a.B", "7"])
  }

  // MARK: Streams

  private func stream(count: Int = 4, keys: [String] = ["0"], storages: [UInt8]? = nil) -> [UInt8] {
    let object = P.whole(P.dictionary([("x", P.tensor(P.storage(count: count), shape: [4], strides: [1]))]))
    let length = (0..<8).map { UInt8(truncatingIfNeeded: 4 >> (8 * $0)) }
    return P.streamStart + object + P.whole(P.list(keys.map(P.text))) + (storages ?? length + four)
  }

  @Test func streams() throws {
    #expect(try reason(stream()) == nil)
    #expect(try message(stream(count: 5)).contains("storage 0 has 4 elements, and its tensors say 5"))
    #expect(try message(stream(keys: [])).contains("belong to none"))
    #expect(try message(stream(keys: ["1"])).contains("storage 1 belongs to no tensor"))
    #expect(try message(stream(keys: ["0", "0"])).contains("storage 0 is there twice"))
    #expect(try message(stream() + [0]).contains("1 bytes after the last storage belong to none"))
    #expect(try message(stream(count: 1 << 58, storages: [0, 0, 0, 0, 0, 0, 0, 4] + four)).contains("truncated"))
    #expect(try message(stream(storages: [UInt8](repeating: 0xff, count: 8) + four)).contains("its tensors say 4"))
    #expect(try message(P.whole(P.integer(1))).contains("PyTorch's magic number"))
    #expect(try message(P.whole(P.dictionary([]))).contains("PyTorch's magic number"))
    let magic = Array(P.streamStart[..<15])
    #expect(try message(magic + P.whole(P.integer(1002))).contains("another version than 1001"))
  }

  // MARK: Every cut and many changes

  @Test(arguments: ["network.pt", "legacy-network.pth", "deflated.pt", "protocol4.pt"]) func everyTruncationIsRefused(_ name: String) throws
  {
    let folder = try TemporaryFolder()
    let good = try FixtureFolder.bytes(name)
    #expect(try reason(good, in: folder) == nil)
    for count in 0..<good.count { #expect(try reason(Array(good[..<count]), in: folder) != nil, "\(count) bytes") }
  }

  /// No single changed byte crashes the reader.
  @Test(arguments: ["legacy-views.pth", "without-checksums.pt"]) func changedBytes(_ name: String) throws {
    let folder = try TemporaryFolder()
    let good = try FixtureFolder.bytes(name)
    for position in good.indices {
      for value in [0, 0xff] as [UInt8] where good[position] != value {
        var bytes = good
        bytes[position] = value
        _ = try reason(bytes, in: folder)
      }
    }
  }

  @Test func otherFiles() throws {
    #expect(try message([]).contains("truncated: an empty file"))
    #expect(try message([UInt8](repeating: 0, count: 4000)).contains("it begins with zeros"))
    var tar = [UInt8](repeating: 0, count: 1024)
    tar.replaceSubrange(257..<262, with: Array("ustar".utf8))
    #expect(try message(tar).contains("tar archive"))
    let texts = [
      ("GGUF and so on, not ours", "neither a safetensors file nor a PyTorch checkpoint"),
      ("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n", "a Git LFS pointer"),
      ("\u{feff}\n <!DOCTYPE html>\n<html>", "a web page (HTML)"), ("<HTML><body>", "a web page (HTML)"),
      ("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "an XML text"),
      ("{\"error\": \"Repository\tnot found\"}", "a JSON text, not weights: {\"error\": \"Repository\\u{9}not found\"}"),
      ("words, words, words", "neither a safetensors file"),
    ]
    for (text, reason) in texts { #expect(try message(Array(text.utf8)).contains(reason), "\(text)") }
    let starts: [([UInt8], String)] = [
      ([0x1f, 0x8b, 8, 0], "gzip"), ([0x28, 0xb5, 0x2f, 0xfd, 0], "zstd"), (Array("BZh91AY".utf8), "bzip2"),
      ([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0], "HDF5"), ([0x93] + Array("NUMPY\u{1}".utf8), "NumPy"),
      ([0x1c, 0, 0, 0] + Array("TFL3".utf8), "TensorFlow Lite"), ([0x08, 0x08, 0x12, 0x07] + Array("pytorch".utf8), "ONNX"),
      ([0xff, 0xd8, 0xff, 0xe0], "JPEG"),
    ]
    for (start, reason) in starts { #expect(try message(start + [UInt8](repeating: 0, count: 600)).contains(reason)) }
    let archives = [
      ("a.npy", "NumPy's arrays"), ("model.weights.h5", "Keras"), ("x/model.pth", "x/model.pth is in it; unpack it"),
      ("a.txt", "it holds a.txt"),
    ]
    for (name, reason) in archives { #expect(try message(HandmadeArchive([.init(name, [1, 2, 3])]).bytes).contains(reason)) }
    let folder = try TemporaryFolder()
    #expect(throws: FormatError(path: folder.path, reason: .notRegular)) { try WeightsFile(path: folder.path) }
    #expect(throws: FormatError.self) { try WeightsFile(path: folder.file("none")) }
  }

  @Test func aFileThatShrinksAfterOpening() throws {
    let folder = try TemporaryFolder()
    let path = try folder.put("a", try FixtureFolder.bytes("legacy-network.pth"))
    let file = try WeightsFile(path: path)
    _ = try folder.put("a", [1, 2, 3])
    #expect(throws: FormatError.self) { try file.floats(of: "fc.weight") }
  }
}
