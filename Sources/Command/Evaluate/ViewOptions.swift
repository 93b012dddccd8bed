import ArgumentParser
import Glissade

/// Test-time augmentation, of `evaluate` and `predict`.
struct ViewOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: """
      Test-time augmentation: N views of each picture, changed at random as in training, whose probabilities are averaged with those of the \
      picture as it is. The same picture always has the same views.
      """)
  var tta: Int?

  @Option(
    help: "With --tta: what changes the views, as 'glissade train' takes it. (default: what the run was trained with)",
    completion: .of("augment"))
  var augment: String?

  /// The views that are asked for; `nil` for none.
  /// - Parameter run: whose model answers.
  /// - Throws: `Misuse` and `RecipeError`, as `PictureViews`.
  func views(of run: RunDescription) throws -> PictureViews? {
    guard let tta else {
      if augment != nil { throw Misuse("--augment says what changes the views that --tta asks for, and there is no --tta") }
      return nil
    }
    return try PictureViews(tta, by: augment, of: run)
  }
}
