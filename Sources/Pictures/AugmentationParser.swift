import GlissadeData
import GlissadeFormats

/// A list of augmentations that makes no sense: where, and what would.
public struct AugmentationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The list as it was given.
  public let text: String
  /// What is wrong.
  public let problem: String
  /// One readable line.
  public var description: String { "augmentations '\(text)': \(problem)" }
}

/// What a list such as `flip,crop,color-jitter(0.4),mixup` stands for.
public struct AugmentationList: Equatable, Sendable {
  /// What happens to each picture, in order.
  public var pictures: [Augmentation]
  /// What happens to whole batches; nil for nothing.
  public var mixing: BatchMixing?

  /// Every name that a list may contain.
  public static let names = [
    "flip", "vertical-flip", "crop", "resized-crop", "color-jitter", "rotation", "erasing", "rand-augment", "trivial-augment",
    "mixup", "cutmix",
  ]

  /// Reads a list: names with commas between them, each with arguments if wanted.
  ///
  /// `flip(probability)`, `vertical-flip(probability)`, `crop(padding)`, `resized-crop(scale: 0.08...1, ratio: 0.75...1.33)`,
  /// `color-jitter(0.4)` for brightness, contrast and saturation or `color-jitter(brightness: 0.4, contrast: 0.4, saturation: 0.4,
  /// hue: 0.1)` for what is named alone, `rotation(degrees)`, `erasing(probability)`, `rand-augment(operations: 2, magnitude: 9)`,
  /// `trivial-augment`, `mixup(alpha)`, `cutmix(alpha)`. Without arguments each has the defaults of `Augmentation` and `BatchMixing`. An empty list and `none` stand for nothing.
  ///
  /// - Throws: `AugmentationError`, which names what was not understood and the nearest that would be.
  public init(_ text: String) throws(AugmentationError) {
    pictures = []
    var (mixup, cutmix): (Float?, Float?) = (nil, nil)
    let parts = Self.split(text)
    for part in parts where !(parts.count == 1 && (part.isEmpty || part == "none")) {
      var call = try AugmentationCall(part, in: text)
      switch call.name {
      case "mixup": mixup = try call.number("alpha", first: true) ?? BatchMixing.defaultMixup
      case "cutmix": cutmix = try call.number("alpha", first: true) ?? BatchMixing.defaultCutmix
      default: pictures.append(try call.augmentation())
      }
      try call.finish()
    }
    mixing = nil
    if mixup != nil || cutmix != nil {
      do throws(DataError) { mixing = try BatchMixing(mixup: mixup, cutmix: cutmix) } catch {
        throw AugmentationError(text: text, problem: "\(error)")
      }
    }
    do throws(DataError) { for augmentation in pictures { try augmentation.validate() } } catch {
      throw AugmentationError(text: text, problem: "\(error)")
    }
  }

  /// At the commas that are in no parentheses.
  private static func split(_ text: String) -> [String] {
    var (parts, depth) = ([""], 0)
    for character in text {
      depth += character == "(" ? 1 : character == ")" ? -1 : 0
      if character == ",", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
    }
    return parts.map(AugmentationCall.trimmed)
  }
}

/// `name(label: value, …)`.
private struct AugmentationCall {
  let text: String
  let name: String
  private var arguments: [(label: String, value: String)] = []

  init(_ part: String, in text: String) throws(AugmentationError) {
    self.text = text
    let open = part.firstIndex(of: "(") ?? part.endIndex
    name = Self.trimmed(String(part[..<open]))
    guard AugmentationList.names.contains(name) else {
      let hint = Nearest.to(name, among: AugmentationList.names).map { "did you mean '\($0)'? " } ?? ""
      let known = AugmentationList.names.joined(separator: ", ")
      throw AugmentationError(text: text, problem: "there is no augmentation '\(name)'; \(hint)(there are \(known))")
    }
    guard open < part.endIndex else { return }
    guard part.last == ")" else { throw error("'\(part)' has no closing parenthesis at its end") }
    for argument in part[part.index(after: open)...].dropLast().split(separator: ",") {
      let pieces = argument.split(separator: ":", maxSplits: 1).map { Self.trimmed(String($0)) }
      let label = pieces.count == 2 ? pieces[0] : ""
      guard !arguments.contains(where: { $0.label == label }) else {
        throw error("\(name) is given \(label.isEmpty ? "two values without names, and only the first may have none" : "'\(label)' twice")")
      }
      arguments.append((label, pieces.last ?? ""))
    }
  }

  static func trimmed(_ text: String) -> String {
    var text = text[...]
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text)
  }

  func error(_ problem: String) -> AugmentationError { AugmentationError(text: text, problem: problem) }

  /// Takes an argument: by its label, or where it is the first also without.
  private mutating func take(_ label: String, first: Bool) -> String? {
    guard let place = arguments.firstIndex(where: { $0.label == label || first && $0.label.isEmpty }) else { return nil }
    return arguments.remove(at: place).value
  }

  mutating func number(_ label: String, first: Bool = false) throws(AugmentationError) -> Float? {
    guard let value = take(label, first: first) else { return nil }
    guard let number = Float(value), number.isFinite else { throw error("'\(value)' in \(name) has to be a number") }
    return number
  }

  private mutating func whole(_ label: String, _ unit: String, first: Bool = false) throws(AugmentationError) -> Int? {
    guard let value = try number(label, first: first) else { return nil }
    guard value >= 0, value == value.rounded(), value < 65536 else {
      throw error("the \(label) \(value) in \(name) has to be a whole number of \(unit)")
    }
    return Int(value)
  }

  mutating func range(_ label: String) throws(AugmentationError) -> ClosedRange<Float>? {
    guard let value = take(label, first: false) else { return nil }
    guard let dots = value.firstRange(of: "...") else { throw error("'\(value)' in \(name) has to be a range such as 0.5...1") }
    guard let low = Float(Self.trimmed(String(value[..<dots.lowerBound]))),
      let high = Float(Self.trimmed(String(value[dots.upperBound...]))),
      low.isFinite, high.isFinite, low <= high
    else { throw error("'\(value)' in \(name) has to be a range such as 0.5...1") }
    return low...high
  }

  mutating func augmentation() throws(AugmentationError) -> Augmentation {
    switch name {
    case "flip": return .flip(probability: try number("probability", first: true) ?? 0.5)
    case "vertical-flip": return .verticalFlip(probability: try number("probability", first: true) ?? 0.5)
    case "crop":
      return .crop(padding: try whole("padding", "pixels", first: true))
    case "resized-crop": return .resizedCrop(scale: try range("scale") ?? 0.08...1, ratio: try range("ratio") ?? 0.75...(4.0 / 3))
    case "color-jitter":
      if arguments.isEmpty { return .colorJitter() }
      // One number stands for three; the hue, which is another scale, for itself.
      let all = try number("", first: true) ?? 0
      return .colorJitter(
        brightness: try number("brightness") ?? all, contrast: try number("contrast") ?? all, saturation: try number("saturation") ?? all,
        hue: try number("hue") ?? 0)
    case "rotation": return .rotation(degrees: try number("degrees", first: true) ?? 15)
    case "rand-augment":
      return .randAugment(
        operations: try whole("operations", "operations", first: true) ?? 2, magnitude: try whole("magnitude", "steps") ?? 9)
    case "trivial-augment": return .trivialAugment
    default:
      return .erasing(
        probability: try number("probability", first: true) ?? 0.5, scale: try range("scale") ?? 0.02...0.33,
        ratio: try range("ratio") ?? 0.3...3.3)
    }
  }

  /// Nothing may be left over.
  func finish() throws(AugmentationError) {
    if let argument = arguments.first { throw error("\(name) has no '\(argument.label.isEmpty ? argument.value : argument.label)'") }
  }
}
