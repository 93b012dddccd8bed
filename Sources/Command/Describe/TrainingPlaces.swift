import ArgumentParser
import Glissade

/// Where a training leaves what it makes, and what it is made from or goes on with.
struct TrainingPlaces: ParsableArguments {
  @Option(help: ArgumentHelp("The run folder. (default: runs/<date>-<time>-<model>)", valueName: "folder"), completion: .directory)
  var out: String?

  @Option(help: .recipeFile, completion: .recipeFile)
  var recipe: String?

  @Option(
    help: ArgumentHelp(
      "Go on with the run in this folder where it stopped, with the options that it began with. Of these only "
        + "\(Resumption.freeNames) may be others now.", valueName: "run"), completion: .run)
  var resume: String?
}
