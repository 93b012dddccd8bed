/// What some parameters have that the others have not.
public struct GroupSection: RecipeSection {
  public static let title = "Parameter groups"

  public let group = RecipeOption<GroupRules?>(
    "group", default: nil, valueName: "paths:settings",
    help: """
      What some parameters have for themselves, by their paths: lr (or a multiple, as 0.1x), weight_decay and any other number of an \
      optimizer, optimizer, stay_close, l1, l2, max_norm. As in 'backbone.**:lr=0.1x,weight_decay=0'; given several times, the last word counts.
      """)
  public let decayBiases = RecipeOption<Bool>(
    "decay_biases", default: true, help: "Weight decay, l1 and l2 are for biases and the scales and shifts of norms (all vectors), too.")
  public let layerDecay = RecipeOption<Double?>(
    "layer_decay", default: nil, range: .aboveZeroToOne,
    help: "Each block of the backbone has this share of the learning rate of the block behind it, as in 0.75; the head has it whole.")

  public init() {}
}
