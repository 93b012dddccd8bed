import ArgumentParser
import Glissade

/// What a range test is: what it is made from, which rates it tries, and where its curve is to be.
struct RateTestOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Write the curve to this file as an SVG picture.", valueName: "file"), completion: .file(extensions: ["svg"]))
  var out: String?

  @Option(help: .recipeFile, completion: .recipeFile)
  var recipe: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("The first rate.", valueName: "rate"))
  var from = RateRange.Options().lowest

  @Option(parsing: .unconditional, help: ArgumentHelp("The last rate.", valueName: "rate"))
  var to = RateRange.Options().highest

  @Option(parsing: .unconditional, help: ArgumentHelp("How many rates, each for one step.", valueName: "n"))
  var steps = RateRange.Options().steps
}
