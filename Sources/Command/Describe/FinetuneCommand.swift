import ArgumentParser
import Glissade

/// The door of `glissade finetune`.
enum FinetuneDoor: TrainingDoor {
  static let configuration = CommandConfiguration(
    commandName: "finetune", abstract: "Teach a pretrained network the classes of a folder of pictures, or of other data.",
    discussion: """
      'glissade train' with pretrained weights: takes a network's weights, published ones by name or those of PyTorch or of a run, gives \
      it a new head for the data's classes, and trains what is not frozen. Frozen layers compute what they compute in evaluation: their \
      batch norms keep their statistics. While the whole backbone is frozen and pictures are not augmented, its features are computed once.
      """)

  static let needed: [String] = ["pretrained", "data"]
}

typealias FinetuneCommand = UsingRecipe<Training<FinetuneDoor>>
