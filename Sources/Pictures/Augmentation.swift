import GlissadeData

/// A random change of a picture in training.
public enum Augmentation: Equatable, Sendable {
  /// Mirrored left to right with this probability.
  case flip(probability: Float = 0.5)
  /// Mirrored top to bottom with this probability.
  case verticalFlip(probability: Float = 0.5)
  /// A square of the network's size from anywhere in the resized picture, which goes on by `padding` pixels on each side, its edge
  /// repeated; nil, the default, is an eighth of the size where the picture was resized to no more than that, and none otherwise.
  case crop(padding: Int? = nil)
  /// A part of the picture as it was decoded, with a share of its area and a ratio of width to height from these ranges, resized to the
  /// network's size. The rule is torchvision's `RandomResizedCrop`: area uniform, ratio uniform in its logarithm, ten attempts, then
  /// the middle. Pictures whose shorter side is beyond twice the network's size are first brought to that.
  case resizedCrop(scale: ClosedRange<Float> = 0.08...1, ratio: ClosedRange<Float> = 0.75...(4.0 / 3))
  /// Brightness, contrast and saturation times a factor from 1 − x … 1 + x (not below 0), hue moved by −h … h turns of the colour
  /// circle, in random order. The rule is torchvision's `ColorJitter`.
  case colorJitter(brightness: Float = 0.2, contrast: Float = 0.2, saturation: Float = 0.2, hue: Float = 0.05)
  /// Turned about its middle by up to so many degrees either way, the edge's pixels repeated outside.
  case rotation(degrees: Float = 15)
  /// With this probability, a rectangle with a share of the area and a ratio from these ranges becomes the mean colour. The rule is
  /// torchvision's `RandomErasing`.
  case erasing(probability: Float = 0.5, scale: ClosedRange<Float> = 0.02...0.33, ratio: ClosedRange<Float> = 0.3...3.3)

  /// So many operations one after another, each drawn anew from fourteen (shears, shifts and turns by the nearest pixel, changes of colour and
  /// sharpness, posterizing, solarizing, equalizing, …), all with the same magnitude from 0 to 30. What comes from beyond the picture is black.
  /// The rule is torchvision's `RandAugment` (Cubuk et al. 2020).
  case randAugment(operations: Int = 2, magnitude: Int = 9)
  /// One operation, drawn from the same fourteen, with a magnitude that is drawn, too, and may be larger. The rule is torchvision's
  /// `TrivialAugmentWide` (Müller and Hutter 2021).
  case trivialAugment
  /// A change of one's own, as `own(_:_:)` makes it.
  case changed(by: PictureChange)

  /// Whether it chooses which part of the picture is seen.
  var choosesPart: Bool {
    switch self {
    case .crop, .resizedCrop: true
    default: false
    }
  }

  /// Whether it may come before the choice of a part, because it makes no difference there.
  var isFree: Bool {
    switch self {
    case .flip, .verticalFlip: true
    default: false
    }
  }

  /// Looks for numbers that make no sense.
  func validate() throws(DataError) {
    func check(_ name: String, _ value: Float, _ range: ClosedRange<Float>) throws(DataError) {
      guard range.contains(value) else {
        throw .invalidArgument(name: "\(self.name)'s \(name)", value: "\(value)", requirement: "\(range.lowerBound) … \(range.upperBound)")
      }
    }
    func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(DataError) {
      guard range.contains(value) else {
        throw .invalidArgument(name: "\(self.name)'s \(name)", value: "\(value)", requirement: "\(range.lowerBound) … \(range.upperBound)")
      }
    }
    func check(_ name: String, _ range: ClosedRange<Float>, within limits: ClosedRange<Float>) throws(DataError) {
      try check(name, range.lowerBound, limits)
      try check(name, range.upperBound, limits)
    }
    switch self {
    case .flip(let probability), .verticalFlip(let probability): try check("probability", probability, 0...1)
    case .crop(let padding): try check("padding", padding ?? 0, 0...4096)
    case .resizedCrop(let scale, let ratio):
      try check("scale", scale, within: 1e-4...1)
      try check("ratio", ratio, within: 0.01...100)
    case .colorJitter(let brightness, let contrast, let saturation, let hue):
      for (name, value) in [("brightness", brightness), ("contrast", contrast), ("saturation", saturation)] {
        try check(name, value, 0...10)
      }
      try check("hue", hue, 0...0.5)
    case .rotation(let degrees): try check("degrees", degrees, 0...180)
    case .erasing(let probability, let scale, let ratio):
      try check("probability", probability, 0...1)
      try check("scale", scale, within: 1e-4...1)
      try check("ratio", ratio, within: 0.01...100)
    case .randAugment(let operations, let magnitude):
      try check("operations", operations, 1...16)
      try check("magnitude", magnitude, 0...AugmentationPolicy.bins - 1)
    case .trivialAugment: break
    case .changed(let change):
      guard !change.name.isEmpty, !AugmentationList.names.contains(change.name) else {
        throw .invalidArgument(
          name: "the name of an augmentation", value: "'\(change.name)'",
          requirement: "one that no other has: none of \(AugmentationList.names.joined(separator: ", "))")
      }
    }
  }
}

extension Augmentation {
  /// What `Dataset.changes` says of a list.
  static func changes(_ list: [Augmentation], _ seed: UInt64) -> String? {
    list.isEmpty ? nil : "\(list.map(\.description).joined(separator: ", ")), seed \(seed)"
  }
}

extension Augmentation: CustomStringConvertible {
  /// Its name, as the command's list has it, or its own.
  public var name: String {
    switch self {
    case .flip: "flip"
    case .verticalFlip: "vertical-flip"
    case .crop: "crop"
    case .resizedCrop: "resized-crop"
    case .colorJitter: "color-jitter"
    case .rotation: "rotation"
    case .erasing: "erasing"
    case .randAugment: "rand-augment"
    case .trivialAugment: "trivial-augment"
    case .changed(let change): change.name
    }
  }

  /// As the command's list has it, with every number.
  public var description: String {
    switch self {
    case .flip(let probability), .verticalFlip(let probability): "\(name)(\(probability))"
    case .crop(let padding): padding.map { "\(name)(\($0))" } ?? name
    case .resizedCrop(let scale, let ratio):
      "\(name)(scale: \(scale.lowerBound)...\(scale.upperBound), ratio: \(ratio.lowerBound)...\(ratio.upperBound))"
    case .colorJitter(let brightness, let contrast, let saturation, let hue):
      "\(name)(brightness: \(brightness), contrast: \(contrast), saturation: \(saturation), hue: \(hue))"
    case .rotation(let degrees): "\(name)(\(degrees))"
    case .erasing(let probability, let scale, let ratio):
      "\(name)(probability: \(probability), scale: \(scale.lowerBound)...\(scale.upperBound), ratio: \(ratio.lowerBound)...\(ratio.upperBound))"
    case .randAugment(let operations, let magnitude): "\(name)(operations: \(operations), magnitude: \(magnitude))"
    case .trivialAugment, .changed: name
    }
  }
}
