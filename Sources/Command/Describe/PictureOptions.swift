import ArgumentParser
import Glissade

/// What is to be made of a folder of pictures.
struct PictureOptions: ParsableArguments {
  @Option(help: "Only these classes, as in animals,food; a comma in a name is written \\,. (default: every folder in the data)")
  var classes: String?

  @OptionGroup var labels: LabelOptions

  @Option(help: "Random changes of the pictures, as in flip,crop,color-jitter(0.4),mixup. (default: none)")
  var augment: String?

  @Option(parsing: .unconditional, help: "The side of the pictures that the model sees. (default: the model's own; 32 for small ones)")
  var size: Int?

  @Option(
    parsing: .unconditional,
    help: """
      Share of the pictures, or of a table's rows, that is measured with at the end, unless the folder has such a part. (default: 0.1; 0.2 \
      of a table; 0 for finetune)
      """)
  var test: Double?

  @Option(help: "The colour behind what is transparent: white, black, or red, green and blue as in #ffe0c0. (default: white)")
  var background: String?

  @Option(
    parsing: .unconditional, help: "Share of the pictures that may be unreadable or missing; they are named and left out. (default: 0.01)")
  var unreadable: Double?

  /// Models for small pictures: what they make of larger ones costs much and brings little.
  private static let smallModels: Set = ["mlp", "lenet", "resnet18"]

  /// What was asked for, where data is a folder of pictures.
  /// - Throws: `Misuse`, also where it is none and there is an option for one.
  /// - Parameter isFolded: whether all pictures take their turn in being held out, so that none is for the test unless that is asked for.
  func settings(
    ifPictures data: String, model: String, validation: Double, threads: Int?, isFolded: Bool = false
  ) throws -> PictureSettings? {
    if DataSource(name: data).isPictureFolder {
      return try settings(model: model, validation: validation, test: isFolded ? 0 : 0.1, threads: threads)
    }
    let given = [
      ("--classes", classes != nil), ("--labels", labels.labels != nil), ("--file-column", labels.fileColumn != nil),
      ("--label-column", labels.labelColumn != nil), ("--augment", augment != nil), ("--size", size != nil),
      ("--test", test != nil && !DataSource(name: data).isTable),
      ("--background", background != nil),
      ("--unreadable", unreadable != nil),
    ]
    if let option = given.first(where: \.1)?.0 {
      if !exists(data), !DataSource.knownNames.contains(data) { throw DataError.missingFolder(path: data, hint: nil) }
      throw Misuse("\(option) is for folders of pictures, and --data \(data) is none")
    }
    return nil
  }

  /// What was asked for.
  /// - Parameters:
  ///   - test: the share for the end where none was given.
  ///   - threads: for decoding.
  /// - Throws: `Misuse`.
  func settings(model: String, validation: Double, test defaultTest: Double, threads: Int?) throws -> PictureSettings {
    let names = try NameList.names(classes, of: "--classes")
    if self.test == nil, defaultTest + validation >= 1 {
      throw Misuse("--validation is \(validation), and has to be below 1 together with --test, which is \(defaultTest) unless it is given")
    }
    let test = test ?? defaultTest
    try Misuse.check("--test", test, test >= 0 && test + validation < 1, "at least 0, and below 1 together with --validation")
    let isSmall = Self.smallModels.contains(model)
    let side = size ?? EfficientNetLite.Size(rawValue: model)?.resolution ?? (isSmall ? 32 : 224)
    // Networks for large pictures halve them five times.
    let least = isSmall ? 1 : 32
    try Misuse.check("--size", side, (least...4096).contains(side), "from \(least) to 4096")
    let unreadable = unreadable ?? PictureLoading().unreadableShare
    try Misuse.check("--unreadable", unreadable, unreadable >= 0 && unreadable < 1, "at least 0 and below 1")
    guard let colour = Picture.Colour(background ?? "white") else {
      throw Misuse("--background is '\(background ?? "")', and it has to be white, black, or red, green and blue as in #ffe0c0")
    }
    let labels = try labels.table(missing: unreadable)
    do throws(AugmentationError) {
      let text = augment ?? "none"
      return PictureSettings(
        labels: labels, classes: names, size: side, augmentations: try AugmentationList(text), testShare: test, threads: threads,
        background: colour,
        unreadableShare: unreadable, augmentationText: text)
    } catch { throw Misuse("--augment: \(error)") }
  }
}
