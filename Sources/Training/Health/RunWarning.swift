import GlissadeFormats

/// Something that goes wrong in a training, as the monitor noticed it.
public struct RunWarning: Hashable, Sendable {
  /// What it is, in a word that stays: `dead_units`, say.
  public var kind: String
  /// When, from 1.
  public var epoch: Int
  /// At which step, from 1.
  public var step: Int
  /// What is the matter and the usual remedy, in a sentence or two.
  public var text: String

  var json: JSONValue {
    ["kind": .string(kind), "epoch": .integer(Int64(epoch)), "step": .integer(Int64(step)), "text": .string(text)]
  }

  init(kind: String, epoch: Int, step: Int, text: String) {
    (self.kind, self.epoch, self.step, self.text) = (kind, epoch, step, text)
  }

  init?(json: JSONValue) {
    guard let kind = json["kind"]?.stringValue, let epoch = json["epoch"]?.integerValue, let step = json["step"]?.integerValue,
      let text = json["text"]?.stringValue
    else { return nil }
    self.init(kind: kind, epoch: epoch, step: step, text: text)
  }
}

/// What a training's monitor knows beside the figures of epochs that are over.
struct MonitoredRun: Sendable {
  /// Of the epoch at hand.
  var health: EpochHealth?
  /// The loss of the first batch.
  var firstLoss: Double?
  /// The norm of its gradients.
  var firstGradientNorm: Double?
  /// Steps after which the loss rises and falls again, once that was noticed.
  var lossPeriod: Double?
  /// How the loss went of late, from which that is found.
  var losses = LossTrace()
  /// Whether gradients are clipped.
  var isClipped = false
  /// The answers to the validation data after the last epoch.
  var validation: ClassificationReport?

  /// What a training that goes on has to know; `nil` where nothing was measured.
  var json: JSONValue? {
    guard let firstLoss else { return nil }
    func optional(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    return [
      "health": health?.json ?? .null, "first_loss": .number(firstLoss), "first_gradient_norm": optional(firstGradientNorm),
      "loss_period": optional(lossPeriod), "losses": losses.json,
    ]
  }

  init() {}

  init(json: JSONValue) {
    health = json["health"].flatMap(EpochHealth.init(json:))
    firstLoss = json["first_loss"]?.doubleValue
    firstGradientNorm = json["first_gradient_norm"]?.doubleValue
    lossPeriod = json["loss_period"]?.doubleValue
    losses = json["losses"].flatMap(LossTrace.init(json:)) ?? LossTrace()
  }
}
