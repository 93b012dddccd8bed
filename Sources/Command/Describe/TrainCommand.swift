import ArgumentParser
import Glissade

/// The door of `glissade train`.
enum TrainDoor: TrainingDoor {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a model and leave a run folder.",
    discussion: """
      What is trained is a recipe: a file that --recipe names, the options, and defaults. The run folder holds recipe.yaml with all of it, \
      facts.json (what the data turned out to be), summary.json, report.html, metrics.csv (a row per epoch), model.safetensors, best.safetensors (the \
      epoch with the lowest validation loss, which is tested and used), samples.safetensors (by which the data is known again) and the last \
      checkpoints. Ctrl-C finishes the step, saves and exits with status 130. --resume FOLDER goes on with a run that was stopped in \
      whatever way, and ends with the bytes that it would have ended with.
      """)

  static let needed: [String] = []
}

typealias TrainCommand = UsingRecipe<Training<TrainDoor>>
