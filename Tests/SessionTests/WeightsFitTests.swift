import Foundation
import Glissade
import TestSupport
import Testing

/// Where a model's weights are found in files of all kinds, and what is said where they are not.
struct WeightsFitTests {
  private typealias P = HandmadePickle
  private let model = LeNet(input: [8, 8, 1], classes: 4)
  private let layout: PyTorchLayout
  private let folder: TestSupport.TemporaryFolder

  init() throws {
    layout = try PyTorchLayout(of: model, sampleShape: [8, 8, 1])
    folder = try TestSupport.TemporaryFolder()
  }

  /// A tensor of zeros, in storage 0 or 1, which are large enough for all.
  private func tensor(_ shape: [Int], storage: Int = 0) -> [UInt8] {
    P.tensor(P.storage(key: "\(storage)", count: 1 << 15), shape: shape, strides: shape.indices.map { shape[($0 + 1)...].reduce(1, *) })
  }

  /// The model's tensors, some left out or of another shape, behind a prefix.
  private func state(_ prefix: String = "", without: String? = nil, storage: Int = 0, head: Bool = true) -> [(String, [UInt8])] {
    layout.entries.filter { $0.path != without && (head || !$0.isHead) }.map {
      (prefix + $0.path, tensor($0.foreignShape.dimensions, storage: storage))
    }
  }

  /// The second storage holds a one in front.
  private func file(_ value: [UInt8]) throws -> WeightsFile {
    var second = [UInt8](repeating: 0, count: 1 << 17)
    second.replaceSubrange(0..<4, with: [0, 0, 128, 63])
    let archive = HandmadeArchive(pickle: P.whole(value), storages: [[UInt8](repeating: 0, count: 1 << 17), second])
    return try WeightsFile(path: folder.put("a.pth", archive.bytes))
  }

  private func load(_ value: [UInt8]) throws -> PretrainedModel {
    try PretrainedModel(file(value), model: model, sampleShape: [8, 8, 1], seed: 1)
  }

  @Test func behindAPrefix() throws {
    let plain = try load(P.dictionary(state()))
    #expect(plain.fit.place.key == nil && plain.fit.place.prefix == "" && plain.fit.place.leftOut == [] && plain.fit.alternatives.isEmpty)
    #expect(plain.report.loaded.count == 8 && plain.report.replacedHead.isEmpty)
    let others = [("criterion.weight", tensor([3])), ("module.head.0.weight", tensor([2, 2])), ("n_averaged", tensor([]))]
    for prefix in ["backbone.", "module.encoder_q.", "_orig_mod.model.net."] {
      let found = try load(P.dictionary([("epoch", P.integer(3)), ("state_dict", P.dictionary(state(prefix) + others))]))
      let expected = prefix == "module.encoder_q." ? "encoder_q." : prefix == "backbone." ? prefix : "model.net."
      #expect(found.fit.place.key == "state_dict" && found.fit.place.prefix == expected)
      #expect(found.fit.place.leftOut == ["criterion.weight", "head.0.weight"], "\(found.fit.place.leftOut)")
      #expect(found.report.loaded.count == 8)
    }
    // A loss beside the model needs no prefix.
    #expect(try load(P.dictionary(state() + [("loss_fn.weight", tensor([3]))])).fit.place.leftOut == ["loss_fn.weight"])
  }

  @Test func aHeadByAnotherNameIsLeftOut() throws {
    let other = [("last_linear.weight", tensor([10, 84])), ("last_linear.bias", tensor([10]))]
    let found = try load(P.dictionary(state(head: false) + other))
    #expect(found.report.loaded.count == 6 && found.report.droppedHead.map(\.name) == ["last_linear.weight", "last_linear.bias"])
    #expect(found.report.replacedClasses == 10)
    // Beside the model's own head it is none, and neither is what has more dimensions or lies in a module that the model has.
    #expect(throws: StateError.self) { try load(P.dictionary(state() + other)) }
    #expect(throws: StateError.self) { try load(P.dictionary(state(head: false) + [("conv3.weight", tensor([2, 2, 3, 3]))])) }
    #expect(throws: StateError.self) { try load(P.dictionary(state(head: false) + [("conv1.gate.weight", tensor([2, 2]))])) }
  }

  @Test func theDictionaryThatFits() throws {
    func first(_ parts: [(String, [UInt8])]) throws -> (key: String?, value: Float?, others: [String?]) {
      let found = try load(P.dictionary(parts))
      return (found.fit.place.key, found.state.parameters.first?.values.first, found.fit.alternatives.map(\.key))
    }
    let (trained, average) = (P.dictionary(state(storage: 1)), P.dictionary(state("module.")))
    #expect(try first([("model_ema", average), ("model", trained)]) == (key: "model", value: 1, others: ["model_ema"]))
    #expect(
      try first([("ema_state_dict", average), ("optimizer", P.dictionary([("m", tensor([3]))]))]) == (
        key: "ema_state_dict", value: 0, others: []
      ))
    // Neither key is usual: what comes first is taken, and a teacher after its student.
    #expect(try first([("teacher", average), ("student", trained)]) == (key: "student", value: 1, others: ["teacher"]))
    #expect(try first([("b", trained), ("a", average)]) == (key: "b", value: 1, others: ["a"]))
    // The usual key holds something else.
    let another = P.dictionary([("conv1.weight", tensor([3])), ("w", tensor([2]))])
    #expect(
      try first([("state_dict", another), ("mine", P.dictionary([("inner", trained)]))]) == (key: "mine.inner", value: 1, others: []))
    // Tensors beside dictionaries.
    #expect(try first([("best", tensor([])), ("state_dict", trained)]) == (key: "state_dict", value: 1, others: []))
    #expect(try first(state(storage: 1) + [("optimizer", P.dictionary([("m", tensor([3]))]))]) == (key: nil, value: 1, others: []))
    // Nested dictionaries of a model's own parts.
    let conv = layout.entries.filter { $0.path.hasPrefix("conv1.") }.map {
      (String($0.path.dropFirst(6)), tensor($0.foreignShape.dimensions))
    }
    #expect(try load(P.dictionary([("conv1", P.dictionary(conv))] + state().filter { !$0.0.hasPrefix("conv1.") })).report.loaded.count == 8)
  }

  @Test func headsMayBeMissing() throws {
    let found = try load(P.dictionary(state("encoder.", head: false) + [("projection.weight", tensor([3]))]))
    #expect(found.report.loaded.count == 6 && found.report.replacedHead.count == 2 && found.fit.place.prefix == "encoder.")
  }

  @Test func whatDoesNotFitIsCounted() throws {
    func message(_ value: [UInt8]) throws -> String {
      do { return try load(value).report.description } catch let error as StateError { return error.description }
    }
    let entry = try #require(layout.entries.first { $0.path == "fc1.weight" })
    #expect(
      try message(P.dictionary(state(without: "conv1.weight") + [("conv1.w", tensor([2, 2]))])).hasSuffix(
        "does not fit the model: 1 of its 8 tensors is missing (conv1.weight [32, 1, 3, 3]); 1 of the file's is left over (conv1.w [2, 2])")
    )
    #expect(
      try message(P.dictionary(state(without: "fc1.weight") + [("fc1.weight", tensor([5]))])).hasSuffix(
        "does not fit the model: 1 is of another shape (fc1.weight [5], not \(entry.foreignShape.dimensions))"))
    let stranger = try message(P.dictionary((0..<5).map { ("layer.\($0)", tensor([2])) }))
    #expect(stranger.contains("8 of its 8 tensors are missing (") || stranger.contains("6 of its 8 tensors are missing ("), "\(stranger)")
    #expect(stranger.contains("5 of the file's are left over (layer.0 [2], layer.1 [2], layer.2 [2], …)"), "\(stranger)")
    // Another network with all of this one's tensors in it is another network.
    #expect(
      try message(P.dictionary(state() + [("conv1.se.weight", tensor([2]))])).contains("1 of the file's is left over (conv1.se.weight [2])")
    )
    let sparse = P.call(P.global("torch._utils", "_rebuild_sparse_tensor"), P.integer(1))
    #expect(
      try message(P.dictionary(state(without: "conv1.bias") + [("conv1.bias", sparse)])).hasSuffix(
        "1 cannot be read (conv1.bias made by torch._utils._rebuild_sparse_tensor)"))
  }

  @Test func numbersThatAreNoneAreNamed() throws {
    let bytes = [UInt8](repeating: 0xff, count: 1 << 17)
    let archive = HandmadeArchive(
      pickle: P.whole(P.dictionary(state(without: "conv1.bias") + [("conv1.bias", tensor([32], storage: 1))])),
      storages: [[UInt8](repeating: 0, count: 1 << 17), bytes])
    let path = try folder.put("a.pth", archive.bytes)
    let found = try PretrainedModel(contentsOf: path, model: model, sampleShape: [8, 8, 1], seed: 1)
    #expect(found.report.notFinite == ["conv1.bias"])
  }

  /// Names without end cost no more than their length.
  @Test(.timeLimit(.minutes(1))) func longNames() throws {
    let long = String(repeating: "a.", count: 100_000)
    let found = try load(P.dictionary(state("net.") + (0..<20).map { ("\(long)\($0)", tensor([1])) }))
    #expect(found.fit.place.leftOut.count == 20 && found.fit.place.prefix == "net.")
  }
}
