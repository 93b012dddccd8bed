import Foundation
import GlissadeFormats
import GlissadeLayers
import GlissadeModels
import GlissadeOptimizers
import GlissadeTraining
import TestSupport
import Testing

/// Every network of torchvision's and EfficientNet-Lite's that there is here too, with PyTorch's own first values, as `torch.save` wrote it in
/// either form: loaded under the names it has there, it evaluates the same and has the same gradients.
@Suite("Networks that PyTorch saved", .enabled(if: Witness.python != nil), .serialized)
struct SavedNetworkTests {
  /// Those that OpenCL devices compute too; all others are the processor's alone, for the time they take.
  private static let everywhere: Set = ["resnet18-imagenet", "mobilenet_v2", "efficientnet-lite0"]

  @Test(
    "Saved by PyTorch, loaded, trained",
    arguments: ["resnet18-imagenet", "resnet34", "resnet50", "mobilenet_v2", "vgg11_bn"] + EfficientNetLite.Size.allCases.map(\.rawValue))
  func saved(_ name: String) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("glissade-saved-\(name)-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (status, text) = try Witness.run("save_networks.py", folder.path, name)
    try #require(status == 0, "\(text)")

    let archive = try WeightsFile(path: folder.appendingPathComponent("\(name).pth").path)
    let stream = try WeightsFile(path: folder.appendingPathComponent("\(name)-legacy.pth").path)
    #expect(archive.format == .pyTorchArchive && stream.format == .pyTorchStream)
    try expectEqual(archive, stream)
    let expected = try Fixture(path: folder.appendingPathComponent("\(name).safetensors").path)
    for file in [archive, stream] { try check(name, file, against: expected, on: .processor) }
    guard Self.everywhere.contains(name) else { return }
    for under in DeviceUnderTest.openCL.devices { try check(name, archive, against: expected, on: under) }
  }

  private func expectEqual(_ first: WeightsFile, _ second: WeightsFile) throws {
    try #require(first.tensors.map(\.name) == second.tensors.map(\.name))
    for (a, b) in zip(first.tensors, second.tensors) {
      #expect(a.type == b.type && a.shape == b.shape, "\(a.name)")
      let (one, other) = (try first.bytes(of: a.name), try second.bytes(of: a.name))
      #expect(one.count == other.count && memcmp(one, other, one.count) == 0, "\(a.name)")
    }
  }

  private func check(_ name: String, _ file: WeightsFile, against expected: Fixture, on under: DeviceUnderTest) throws {
    let images = try expected.file.floats(of: "images")
    let input = Shape(try #require(expected.file.tensor(named: "images")).shape)
    let (batch, sample) = (input[0], Shape(Array(input.dimensions.dropFirst())))
    let model = try PretrainedFixture.model(name, input: sample)
    let layout = try PyTorchLayout(of: model, sampleShape: sample)
    let session = try TrainingSession(
      model: model, sampleShape: sample, batchSize: batch, groups: [ParameterGroup(SGD(learningRate: 1))], device: under.device)
    var state = try session.state()
    let report = try state.load(try file.namedTensors(), by: layout)
    #expect(report.loaded.count == state.parameters.count && report.replacedHead.isEmpty && report.ignored == layout.batchCounters)
    try session.restore(state)

    let evaluated = Difference.relative(try session.predict(images), try expected.doubles("evaluation"))
    #expect(evaluated <= 1e-4, "evaluation is off by \(evaluated)")

    let labels = (0..<batch).map { Int32($0) }
    try session.resetSums()
    try images.withUnsafeBufferPointer { images in
      try labels.withUnsafeBufferPointer { try session.train(features: images, labels: $0) { _ in 0 } }
    }
    let (found, loss) = (try session.sums().loss, try expected.doubles("loss")[0])
    #expect(abs(found - loss) <= 1e-4 * loss, "loss \(found), PyTorch \(loss)")
    let tolerance = PretrainedFixture.tolerance(name, own: try expected.metadata("error").doubleValue ?? 0)
    let worst = try worstDifference(of: session, layout, from: expected, tolerance: tolerance)
    print("\(name) from \(file.format.rawValue) on \(under.testDescription): evaluation \(evaluated), step \(worst) of \(tolerance)")
  }

  /// Gradients and running statistics after the step, by the fixtures' measure: relative to the tensor's norm, or to a thousandth of the
  /// largest gradient's.
  private func worstDifference(
    of session: TrainingSession, _ layout: PyTorchLayout, from expected: Fixture, tolerance: Double
  ) throws -> Double {
    let after = Dictionary(uniqueKeysWithValues: try session.state().parameters.map { ($0.path, $0.values) })
    var wanted: [String: (values: [Float], norm: Double)] = [:]
    var floor = 0.0
    for tensor in expected.file.tensors {
      guard let slash = tensor.name.firstIndex(of: "/") else { continue }
      let values = try expected.file.floats(of: tensor.name)
      let norm = GradientProbe.product(values, values).squareRoot()
      wanted[String(tensor.name[tensor.name.index(after: slash)...])] = (values, norm)
      if tensor.name.hasPrefix("gradient/") { floor = max(floor, 1e-3 * norm) }
    }
    #expect(Set(wanted.keys) == Set(layout.entries.map(\.path)))
    var worst = 0.0
    for entry in layout.entries {
      guard let (values, norm) = wanted[entry.path] else { continue }
      let found = entry.toPyTorch(try session.gradient(of: entry.path) ?? after[entry.path] ?? [])
      let relative = Difference.distance(found, values) / max(norm, floor)
      #expect(relative.isFinite && relative <= tolerance, "\(entry.path) is off by \(relative)")
      worst = max(worst, relative)
    }
    return worst
  }
}
