/// The parts that a data set may be divided into, and what people call their folders.
enum PicturePart: CaseIterable {
  case training, validation, test

  private var names: Set<String> {
    switch self {
    case .training: ["train", "training", "trn"]
    case .validation: ["val", "valid", "validation", "validate", "dev", "eval", "evaluation"]
    case .test: ["test", "testing", "tst", "tests"]
    }
  }

  /// Words that say nothing beside these: `train_set`, `seg_test`, `images-val`, `test2017`.
  private static let fillers: Set = [
    "set", "data", "dataset", "image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "seg", "split", "part", "folder",
    "samples",
  ]

  /// The part that a folder is called, in any case; nil for another name.
  init?(folder name: String) {
    var words = name.lowercased().split { !$0.isLetter }.map(String.init)
    words.removeAll { Self.fillers.contains($0) }
    guard words.count == 1, var word = words.first else { return nil }
    // As in `trainset`.
    for filler in Self.fillers.sorted(by: { $0.count > $1.count }) where word.hasSuffix(filler) && word.count > filler.count {
      word.removeLast(filler.count)
      break
    }
    guard let part = Self.allCases.first(where: { $0.names.contains(word) }) else { return nil }
    self = part
  }

  /// For people: what the part is for.
  var purpose: String {
    switch self {
    case .training: "to train on"
    case .validation: "to validate with"
    case .test: "to test with"
    }
  }
}
