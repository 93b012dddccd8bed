import Glissade
import Testing

/// Mistakes in a user's model, data or options are thrown before training begins, and say what would be right.
struct MistakeTests {
  private let data: SyntheticClassification

  init() throws { data = try SyntheticClassification(count: 65, sampleShape: [4, 4, 2], classCount: 3, seed: 1) }

  /// A parameter inside a dictionary is not found by looking through properties.
  private struct Hidden: Layer {
    let heads = ["only": Dense(32, 3)]
    func forward(_ x: Tensor) -> Tensor { heads["only"]?(x.flattened()) ?? x }
  }

  private struct Twins: Layer {
    let a = Parameter("scale", shape: [32], initializer: .ones)
    let b = Parameter("scale", shape: [32], initializer: .ones)
    let dense = Dense(32, 3)
    func forward(_ x: Tensor) -> Tensor { dense(x.flattened() * x.graph[a] * x.graph[b]) }
  }

  private struct Normalized: Layer {
    let dense = Dense(32, 3)
    let norm = BatchNorm(3)
    func forward(_ x: Tensor) -> Tensor { norm(dense(x.flattened())) }
  }

  private struct Pooled: Layer {
    let conv = Conv2D(2, 4, kernel: 3, padding: 1)
    let pool = MaxPool2D(9)
    func forward(_ x: Tensor) -> Tensor { pool(conv(x)).flattened() }
  }

  private func message(_ model: any Layer, _ change: (inout TrainingOptions) -> Void = { _ in }, test: (any Dataset)? = nil) throws
    -> String
  {
    var options = TrainingOptions()
    options.batchSize = 32
    options.epochs = 1
    change(&options)
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    do {
      let result = try Trainer(model: model, options: options).fit(data, test: test, on: selection)
      return "no error; \(result.failure.map { "\($0)" } ?? "trained")"
    } catch { return "\(error)" }
  }

  @Test func parametersThatCannotBeFound() throws {
    #expect(try message(Hidden()).hasPrefix("the model uses a parameter 'weight' [3, 32] that is in none of its properties"))
  }

  @Test func twoParametersUnderOnePath() throws {
    #expect(try message(Twins()).contains("two parameters of the model have the path 'scale'"))
  }

  @Test func aShortLastBatchThatDoesNotFit() throws {
    // 65 samples in batches of 32 leave one, whose statistics batch norm cannot take.
    let message = try message(Normalized())
    #expect(message.contains("the last batch has one of the 65 samples alone"), "\(message)")
    #expect(message.contains("norm: batchNorm of [1, 3] and [3] and [3]: a batch's statistics need more than one value"), "\(message)")
  }

  @Test func aLayerWithoutParametersIsCalledByItsProperty() throws {
    let message = try message(Pooled())
    #expect(message.hasPrefix("pool: maxPool of [32, 4, 4, 4]: a window of 9×9 pixels does not fit a padded image of 4×4"), "\(message)")
  }

  @Test func options() throws {
    #expect(try message(MLP([32, 3])) { $0.groups = [] }.contains("nothing to train"))
    #expect(try message(MLP([32, 3])) { $0.batchSize = 66 }.contains("batch size 66 cannot be used"))
    #expect(try message(MLP([32, 3])) { $0.epochs = 0 }.contains("epochs is 0"))
    #expect(try message(MLP([32, 3])) { $0.clippingNorm = -1 }.contains("clipping norm is -1.0"))
    #expect(
      try message(MLP([32, 3])) { $0.groups = [ParameterGroup(Adam(), schedule: .cosine(over: .epochs(.nan)))] }.contains(
        "a span has to be above 0"))
    #expect(try message(MLP([32, 3])) { $0.groups = [ParameterGroup(Adam(), takes: { $0 == "nothing" })] }.contains("nothing to train"))
  }

  @Test func dataOfAnotherShape() throws {
    let other = try SyntheticClassification(count: 10, sampleShape: [4, 4, 1], classCount: 3, seed: 1)
    #expect(try message(MLP([32, 3]), test: other).contains("the test samples are [4, 4, 1] and the training samples [4, 4, 2]"))
  }

  @Test func threadsThatMakeNoSense() {
    for threads in [0, -1, 1 << 40] { #expect(throws: DeviceError.self) { try CPUDevice(threads: threads) } }
  }
}
