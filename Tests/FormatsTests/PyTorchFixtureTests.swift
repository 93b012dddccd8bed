import GlissadeFormats
import TestSupport
import Testing

/// What PyTorch wrote in all its forms reads as PyTorch itself reads it.
@Suite struct PyTorchFixtureTests {
  /// What the fixtures' generator noted of a tensor.
  private struct Expected: Equatable {
    let name: String
    let type: String
    let shape: [Int]
  }

  private func expected(_ name: String, in file: SafetensorsFile) throws -> [Expected] {
    let listing = try JSONValue.parse(Array(try #require(file.metadata["files"]).utf8))
    return try #require(listing[name]?.arrayValue).map { entry in
      Expected(
        name: try #require(entry["name"]?.stringValue), type: try #require(entry["dtype"]?.stringValue),
        shape: try #require(entry["shape"]?.arrayValue).map { try #require($0.integerValue) })
    }
  }

  private static let types: [String: SafetensorsType] = [
    "float64": .float64, "float32": .float32, "float16": .float16, "bfloat16": .bfloat16, "int64": .int64, "int32": .int32, "int16": .int16,
    "int8": .int8, "uint8": .uint8, "uint16": .uint16, "bool": .bool,
  ]

  /// The values as float64.
  private func values(_ file: WeightsFile, _ tensor: WeightsTensor) throws -> [Double] {
    switch tensor.type {
    case .float64, .float32, .float16, .bfloat16: try file.floats(of: tensor.name).map(Double.init)
    default: try file.integers(of: tensor.name).map(Double.init)
    }
  }

  @Test func thereAreFixtures() {
    #expect(FixtureFolder.checkpoints.count == 28)
  }

  @Test(arguments: FixtureFolder.checkpoints) func equalsWhatPyTorchReads(_ name: String) throws {
    let reference = try SafetensorsFile(path: FixtureFolder.path + "/checkpoints.safetensors")
    #expect(reference.metadata["torch"]?.hasPrefix("2.") == true)
    let file = try WeightsFile(path: FixtureFolder.checkpoint(name))
    #expect(file.format == (name.hasPrefix("legacy") ? .pyTorchStream : .pyTorchArchive))
    let expected = try expected(name, in: reference)
    #expect(
      file.tensors.map { Expected(name: $0.name, type: $0.type.rawValue, shape: $0.shape) }
        == expected.map { Expected(name: $0.name, type: Self.types[$0.type]?.rawValue ?? "", shape: $0.shape) })
    for tensor in file.tensors {
      // The reference is float64, exactly.
      let bytes = try reference.bytes(of: "\(name)/\(tensor.name)")
      let wanted = bytes.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 8).map { Double(bitPattern: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)) }
      }
      #expect(try values(file, tensor) == wanted, "\(tensor.name)")
      #expect(try file.bytes(of: tensor.name).count == tensor.byteCount)
    }
  }

  /// Storages that many names share are read once for each, whatever the order.
  @Test func readsInAnyOrder() throws {
    let file = try WeightsFile(path: FixtureFolder.checkpoint("views.pt"))
    let forward = try file.tensors.map { try file.bytes(of: $0.name) }
    let again = try WeightsFile(path: FixtureFolder.checkpoint("views.pt"))
    #expect(try again.tensors.reversed().map { try again.bytes(of: $0.name) } == forward.reversed())
  }

  @Test func weightsInACheckpoint() throws {
    for name in ["checkpoint.pt", "legacy-checkpoint.pth"] {
      let file = try WeightsFile(path: FixtureFolder.checkpoint(name))
      #expect(file.parts.map(\.key) == ["state_dict", "optimizer"] && file.parts.map(\.count) == [8, 15])
      let weights = try file.stateDictionary()
      #expect(weights.tensors.map(\.name).allSatisfy { $0.hasPrefix("module.") })
      let model = weights.removingPrefix()
      let plain = try WeightsFile(path: FixtureFolder.checkpoint("network.pt"))
      #expect(model.tensors.map(\.name) == plain.tensors.map(\.name))
      #expect(try model.floats(of: "fc.weight") == file.floats(of: "state_dict.module.fc.weight"))
      #expect(model.removingPrefix().tensors.map(\.name) == plain.tensors.map(\.name))
      #expect(file.part("optimizer").tensors.map(\.name).contains("state.4.exp_avg_sq"))
      #expect(file.part("epoch").tensors.isEmpty)
    }
  }

  @Test func aStateDictionaryIsItsOwn() throws {
    for name in ["network.pt", "legacy-network.pth", "tensor.pt", "nested.pt"] {
      let file = try WeightsFile(path: FixtureFolder.checkpoint(name))
      #expect(try file.stateDictionary().tensors == file.tensors)
      #expect(file.removingPrefix().tensors == file.tensors)
    }
    let file = try WeightsFile(path: FixtureFolder.path + "/layers.safetensors")
    #expect(file.format == .safetensors)
    #expect(try file.stateDictionary().tensors == file.tensors)
  }

  private typealias P = HandmadePickle

  @Test func whichDictionaryIsNotGuessed() throws {
    let folder = try TemporaryFolder()
    let weights = P.dictionary([("w", P.tensor(P.storage(count: 1), shape: [1], strides: [1]))])
    func file(_ keys: [String]) throws -> WeightsFile {
      let pickle = P.whole(P.dictionary(keys.map { ($0, weights) }))
      return try WeightsFile(path: folder.put("a", HandmadeArchive(pickle: pickle, storages: [[0, 0, 128, 63]]).bytes))
    }
    let ambiguous = try file(["ema", "main"])
    let error = #expect(throws: FormatError.self) { try ambiguous.stateDictionary() }
    #expect(error?.description.hasSuffix("several dictionaries have tensors in them: ema (1), main (1); choose one by its key") == true)
    #expect(try ambiguous.part("main").floats(of: "w") == [1])
    #expect(try file(["ema", "model"]).stateDictionary().tensors.map(\.name) == ["w"])
    #expect(try file(["other"]).stateDictionary().tensors.map(\.name) == ["w"])
  }

  /// By the first element: which of several dictionaries is taken.
  @Test(arguments: [
    (["model", "state_dict"], 1), (["state_dict_ema", "optimizer", "state_dict"], 2), (["model_ema", "model"], 1),
    (["ema_state_dict", "optimizer_state"], 0), (["lr_scheduler", "weights_of_mine"], 1), (["ema", "state_dict_ema"], 1),
    (["Model", "x"], 0),
  ])
  func whatWasTrainedComesFirst(_ keys: [String], _ taken: Int) throws {
    let folder = try TemporaryFolder()
    let entries = keys.indices.map { index in
      let tensor = P.tensor(P.storage(key: "\(index)", count: 1), shape: [1], strides: [1])
      return (keys[index], P.dictionary([("w", tensor)]))
    }
    let alone = ("best_acc1", P.tensor(P.storage(key: "0", count: 1), shape: [1], strides: [1]))
    for entries in [entries, [alone] + entries] where entries.count == keys.count || !["lr_scheduler"].contains(keys[0]) {
      let storages = keys.indices.map { index in withUnsafeBytes(of: Float(index)) { Array($0) } }
      let file = try WeightsFile(
        path: folder.put("a", HandmadeArchive(pickle: P.whole(P.dictionary(entries)), storages: storages).bytes))
      #expect(try file.stateDictionary().floats(of: "w") == [Float(taken)])
    }
  }

  /// Of dictionaries in dictionaries the keys, and with dots in them.
  @Test func partsByTheirKeys() throws {
    let folder = try TemporaryFolder()
    let tensor = P.tensor(P.storage(count: 1), shape: [1], strides: [1])
    let nested = P.dictionary([
      ("a", P.dictionary([("b", P.dictionary([("w", tensor), ("v.x", tensor)]))])), ("a.c", P.dictionary([("u", tensor)])),
    ])
    let file = try WeightsFile(path: folder.put("a", HandmadeArchive(pickle: P.whole(nested), storages: [[0, 0, 0, 0]]).bytes))
    #expect(file.part("a.b").tensors.map(\.name) == ["w", "v.x"])
    #expect(file.part("a").tensors.map(\.name) == ["b.w", "b.v.x"])
    #expect(file.part("a.c").tensors.map(\.name) == ["u"])
    for key in ["", "b", "a.b.w", "a.", "a.b.v"] { #expect(file.part(key).tensors.isEmpty, "\(key)") }
  }

  // MARK: As training scripts save them

  private func names(_ file: WeightsFile) -> [String] { file.tensors.map(\.name) }
  private func plainNames() throws -> [String] { names(try WeightsFile(path: FixtureFolder.checkpoint("network.pt"))) }

  @Test(arguments: [
    ("wild-imagenet.pt", 0), ("wild-timm.pt", 14), ("wild-torchvision.pt", 14), ("legacy-wild.pth", 13), ("wild-protocol5.pt", 13),
    ("wild-compiled.pt", 0), ("wild-module.pt", 0),
  ])
  func theWeightsOfWellKnownScripts(_ name: String, _ classes: Int) throws {
    let file = try WeightsFile(path: FixtureFolder.checkpoint(name))
    let weights = try file.stateDictionary().removingWrappers()
    #expect(try names(weights) == plainNames())
    let plain = try WeightsFile(path: FixtureFolder.checkpoint("network.pt"))
    #expect(try weights.floats(of: "conv.weight") == plain.floats(of: "conv.weight"))
    #expect((file.opaqueClasses.count > 8) == (classes > 8), "\(file.opaqueClasses)")
    if classes > 8 { #expect(file.opaqueClasses.contains(OpaqueClass(name: "argparse.Namespace", count: 1))) }
  }

  @Test func wrappersBesideCounters() throws {
    let average = try WeightsFile(path: FixtureFolder.checkpoint("wild-averaged.pt"))
    #expect(average.tensors[0].name == "n_averaged")
    #expect(try names(average.removingWrappers()) == ["n_averaged"] + plainNames())
    let weights = try WeightsFile(path: FixtureFolder.checkpoint("wild-moco.pt")).stateDictionary()
    #expect(try names(weights.tensors(under: "encoder_q")).first == "conv.weight")
    #expect(try names(weights.tensors(under: "module.encoder_k.")).count == 10)
    let error = #expect(throws: FormatError.self) { try weights.tensors(under: "encoder") }
    #expect(
      error?.description.hasSuffix(
        "no name begins with encoder.; names begin with encoder_q. (10), encoder_k. (10), queue (1), queue_ptr (1)") == true)
  }

  @Test func tensorsOfOtherKindsAreNamed() throws {
    let file = try WeightsFile(path: FixtureFolder.checkpoint("wild-tensors.pt"))
    #expect(names(file) == ["plain"])
    #expect(file.unread.map(\.name) == ["sparse", "float8", "complex"])
    #expect(
      file.unread.map(\.reason) == [
        "made by torch._utils._rebuild_sparse_tensor", "of the type torch.float8_e4m3fn", "of complex or quantized numbers",
      ])
    let folder = try TemporaryFolder()
    let only = P.whole(P.dictionary([("x", P.call(P.global("torch._utils", "_rebuild_xla_tensor"), P.integer(1)))]))
    let error = #expect(throws: FormatError.self) {
      try WeightsFile(path: folder.put("a", HandmadeArchive(pickle: only, storages: []).bytes))
    }
    #expect(error?.description.hasSuffix("none of its 1 tensors can be read: x is made by torch._utils._rebuild_xla_tensor") == true)
  }

  @Test func wrappersInAnyNesting() throws {
    let folder = try TemporaryFolder()
    func names(_ names: [String]) throws -> [String] {
      try SafetensorsWriter.write(path: folder.file("a"), names.map { WeightsEntry(name: $0, shape: [1], [1] as [Float]) })
      return try WeightsFile(path: folder.file("a")).removingWrappers().tensors.map(\.name)
    }
    for prefix in ["module.", "_orig_mod.", "model.", "net.", "_orig_mod.module.", "module._orig_mod.model.", "model.net._orig_mod."] {
      #expect(try names([prefix + "a", prefix + "b.module.c", prefix + "b.d"]) == ["a", "b.c", "b.d"], "\(prefix)")
    }
    #expect(try names(["features.module.0.w", "classifier.w"]) == ["features.0.w", "classifier.w"])
    #expect(try names(["model.a", "criterion.b"]) == ["model.a", "criterion.b"])
    // Where two would become one, nothing changes.
    #expect(try names(["module.a", "a"]) == ["module.a", "a"])
    #expect(try names(["module", "model."]) == ["module", "model."])
  }

  @Test func prefixesGoOnlyTogether() throws {
    let folder = try TemporaryFolder()
    func names(_ names: [String]) throws -> [String] {
      try SafetensorsWriter.write(path: folder.file("a"), names.map { WeightsEntry(name: $0, shape: [1], [1] as [Float]) })
      return try WeightsFile(path: folder.file("a")).removingPrefix().tensors.map(\.name)
    }
    #expect(try names(["module.a", "module.module.b"]) == ["a", "module.b"])
    #expect(try names(["module.a", "b"]) == ["module.a", "b"])
    #expect(try names(["module.a", "module."]) == ["module.a", "module."])
    #expect(try names([]) == [])
  }

  /// What Python 2 and old versions of PyTorch wrote.
  @Test func olderForms() throws {
    let folder = try TemporaryFolder()
    // Texts as bytes, an ordered dictionary from pairs, numbers as text, a part of a storage, a tensor without requires_grad.
    func text(_ text: String) -> [UInt8] { [0x55, UInt8(text.utf8.count)] + Array(text.utf8) }
    func decimal(_ value: String) -> [UInt8] { Array("I\(value)\n".utf8) }
    let part = P.tuple(text("7"), decimal("1"), Array("L2L\n".utf8))
    let storage = P.tuple(text("storage"), P.global("torch.cuda", "FloatStorage"), text("5"), text("cuda:0"), decimal("4"), part) + [0x51]
    let tensor = P.call(P.global("torch._utils", "_rebuild_tensor"), storage, decimal("0"), P.tuple(decimal("2")), P.tuple(decimal("1")))
    let dictionary = P.call(
      P.global("collections", "OrderedDict"), P.list([P.list([text("x"), tensor]), P.list([text("flag"), decimal("01")])]))
    let numbers = [1, 2, 3, 4].flatMap { value in withUnsafeBytes(of: Float(value)) { Array($0) } }
    let stream = P.streamStart + P.whole(dictionary) + P.whole(P.list([text("5")])) + [4, 0, 0, 0, 0, 0, 0, 0] + numbers
    let file = try WeightsFile(path: folder.put("a.pth", stream))
    #expect(file.tensors.map(\.name) == ["x"])
    #expect(try file.floats(of: "x") == [2, 3])
    // The magic number in the text form of protocols 0 and 1.
    let textual = Array("L119547037146038801333356L\n.".utf8) + stream[15...]
    #expect(try WeightsFile(path: folder.put("b.pth", textual)).floats(of: "x") == [2, 3])
  }

  @Test func missingTensorsAndWrongTypes() throws {
    let path = FixtureFolder.checkpoint("types.pt")
    let file = try WeightsFile(path: path)
    #expect(throws: FormatError(path: path, reason: .tensor(name: "no", .missing))) { try file.bytes(of: "no") }
    #expect(throws: FormatError(path: path, reason: .tensor(name: "int8", .notConvertible(from: .int8, to: "floating-point numbers")))) {
      try file.floats(of: "int8")
    }
    #expect(throws: FormatError.self) { try file.integers(of: "float16") }
    var small = [Float](repeating: 0, count: 2)
    _ = small.withUnsafeMutableBufferPointer { small in
      #expect(throws: FormatError(path: path, reason: .tensor(name: "float32", .destinationSize(elements: 2, expected: 6)))) {
        try file.readFloats(of: "float32", into: small)
      }
    }
  }

  /// The length in front of a safetensors header can look like the beginning of a pickle or of an archive.
  @Test func whatASafetensorsFileLooksLike() throws {
    let folder = try TemporaryFolder()
    for length in [0x80, 0x4b50] {
      let header = Array("{}".utf8) + [UInt8](repeating: UInt8(ascii: " "), count: length - 2)
      let path = try folder.put("a", [UInt8(length & 0xff), UInt8(length >> 8), 0, 0, 0, 0, 0, 0] + header)
      let file = try WeightsFile(path: path)
      #expect(file.format == .safetensors && file.tensors.isEmpty)
    }
  }
}
