import ArgumentParser
import Glissade

/// What a training leaves while it goes on, and how it goes on after that.
struct CheckpointOptions: ParsableArguments {
  @Option(
    help: """
      Go on with the run in this folder where it stopped, with the options that it began with. Of these only --epochs, --device, --threads, \
      --checkpoint-every, --keep and --tensorboard may be others now.
      """)
  var resume: String?

  @Option(parsing: .unconditional, help: "A checkpoint after every N steps. There is one after each epoch anyway.")
  var checkpointEvery: Int?

  @Option(parsing: .unconditional, help: "How many checkpoints are kept.")
  var keep = 2

  @Flag(help: "Write event files for TensorBoard into the run folder.")
  var tensorboard = false

  /// - Throws: `Misuse` for numbers that make no sense, or a folder beside the one to go on in.
  func saving(out: String?) throws(Misuse) -> TrainingSettings.Saving {
    if let checkpointEvery, checkpointEvery < 1 { throw Misuse("--checkpoint-every is \(checkpointEvery), and it has to be at least 1") }
    if keep < 1 { throw Misuse("--keep is \(keep), and it has to be at least 1") }
    if resume != nil, out != nil { throw Misuse("--out cannot be given with --resume: the run goes on in its own folder") }
    return TrainingSettings.Saving(checkpointSteps: checkpointEvery, kept: keep, writesEvents: tensorboard)
  }
}
