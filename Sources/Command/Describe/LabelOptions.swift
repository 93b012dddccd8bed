import ArgumentParser
import Glissade

/// Where the classes of pictures stand, where they are not folders.
struct LabelOptions: ParsableArguments {
  @Option(help: .of("labels"), completion: .of("labels"))
  var labels: String?

  @Option(help: .of("file_column"))
  var fileColumn: String?

  @Option(help: .of("label_column"))
  var labelColumn: String?

  /// What was given.
  var given: GivenLabels { GivenLabels(labels: labels, fileColumn: fileColumn, labelColumn: labelColumn) }
}
