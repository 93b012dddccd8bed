import GlissadeData
import GlissadeDevices
import GlissadeFormats
import GlissadeLayers
import GlissadeOptimizers
import GlissadePictures
import GlissadeTraining

extension Schedule: RecipeValue {
  public init(recipeText text: String) throws(RecipeValueError) {
    do throws(ScheduleError) { self = try Schedule(text) } catch { throw .whole("\(error)") }
  }
  public var recipeText: String { description }
  public static var recipeKind: String { "a schedule" }
  public static var recipeBeginnings: [String]? { Schedules.all.map { $0.name } }
}

extension DeviceRequest: RecipeValue {
  public init(recipeText text: String) throws(RecipeValueError) {
    if let request = DeviceRequest(text) {
      self = request
      return
    }
    let forms = Self.words + ["opencl:P.D"]
    if text.lowercased().hasPrefix("opencl:") {
      throw .whole("unknown device '\(text)'; an OpenCL device is named by two numbers, platform and device, as in 'opencl:0.0'")
    }
    // By letters 'gpu' is near 'cpu', which nobody means by it.
    if ["gpu", "cuda", "cl"].contains(text.lowercased()) {
      throw .whole("unknown device '\(text)'; did you mean 'opencl'? (\(forms.joined(separator: ", ")))")
    }
    throw .unknown(text, among: forms)
  }
  public var recipeText: String { description }
  public static var recipeKind: String { "auto, cpu, opencl or opencl:P.D" }
  public static var recipeBeginnings: [String]? { words }
  private static let words = ["auto", "cpu", "opencl"]
}

extension ParameterSelection: RecipeValue {
  public init(recipeText text: String) throws(RecipeValueError) {
    do throws(SelectionError) { self = try ParameterSelection(text) } catch { throw .whole("\(error)") }
  }
  public init(recipeList list: [String]) throws(RecipeValueError) { try self.init(recipeText: list.joined(separator: ",")) }
  public var recipeText: String { description }
  public static var recipeKind: String { "backbone, head, or paths of parameters" }
  public static var recipeBeginnings: [String]? { ["backbone", "head"] }
  public static var isRecipeWordList: Bool { true }
}

extension ClassWeights: RecipeValue {
  public init(recipeText text: String) throws(RecipeValueError) {
    if text == "balanced" {
      self = .balanced
    } else {
      try self.init(text: text, parts: text.split(separator: ",", omittingEmptySubsequences: false).map(String.init))
    }
  }

  public init(recipeList list: [String]) throws(RecipeValueError) {
    try self.init(text: list.joined(separator: ","), parts: list)
  }

  private init(text: String, parts: [String]) throws(RecipeValueError) {
    var weights: [Float] = []
    for part in parts {
      guard let weight = Float(part), weight >= 0 else {
        throw .sentence("is '\(text)', and it has to be \(Self.recipeKind)")
      }
      try RecipeValueError.checkFloat(part, weight, Double(part) ?? 0)
      guard weight.isFinite else { throw .sentence("is '\(text)', and it has to be \(Self.recipeKind)") }
      weights.append(weight)
    }
    guard weights.contains(where: { $0 > 0 }) else { throw .sentence("is '\(text)', and one number has to be above 0") }
    self = .given(weights)
  }

  public var recipeText: String { recipeList?.joined(separator: ",") ?? "balanced" }
  public var recipeList: [String]? {
    guard case .given(let weights) = self else { return nil }
    return weights.map { "\($0)" }
  }
  public static var beginsWithNumber: Bool { true }
  public static var recipeKind: String { "'balanced', or numbers from 0 on separated by commas" }
  public static var recipeBeginnings: [String]? { ["balanced"] }
}

extension Picture.Colour: RecipeValue {
  public init(recipeText text: String) throws(RecipeValueError) {
    guard let colour = Self.named(text) else { throw .sentence("is '\(text)', and it has to be \(Self.recipeKind)") }
    self = colour
  }

  private static func named(_ text: String) -> Picture.Colour? {
    switch text {
    case "white": return .white
    case "black": return .black
    default:
      let digits = text.dropFirst()
      guard text.hasPrefix("#"), digits.utf8.count == 6, digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16) else {
        return nil
      }
      return Picture.Colour(
        red: UInt8(truncatingIfNeeded: value >> 16), green: UInt8(truncatingIfNeeded: value >> 8), blue: UInt8(truncatingIfNeeded: value))
    }
  }

  /// `#rrggbb`.
  public var recipeText: String {
    let digits = String(UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue), radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }
  public static var recipeKind: String { "white, black, or red, green and blue as in #ffe0c0" }
  public static var recipeBeginnings: [String]? { ["white", "black"] }
}

/// A text that something else reads, and that is kept as it was given: what it stands for may have no text of its own.
public struct CheckedText<Reader: RecipeTextReader>: RecipeValue, Hashable {
  /// As it was given.
  public let text: String

  private init(unchecked text: String) { self.text = text }

  /// One that is known to make sense.
  static func of(_ text: String) -> Self { Self(unchecked: text) }

  public init(recipeText text: String) throws(RecipeValueError) {
    try Reader.check(text)
    self.text = text
  }
  public init(recipeList list: [String]) throws(RecipeValueError) { try self.init(recipeText: list.joined(separator: ",")) }
  public var recipeText: String { text }
  public static var recipeKind: String { Reader.kind }
  public static var recipeBeginnings: [String]? { Reader.beginnings }
  public static var isRecipeWordList: Bool { Reader.isWordList }
  public static var knowsRecipeNone: Bool { false }
}

/// What reads such a text.
public protocol RecipeTextReader {
  /// What such a text is, for people.
  static var kind: String { get }
  /// Words that it can begin with.
  static var beginnings: [String] { get }
  /// Whether it may be several of them, separated by commas; default not.
  static var isWordList: Bool { get }
  /// - Throws: `RecipeValueError` for a text that makes no sense.
  static func check(_ text: String) throws(RecipeValueError)
}

extension RecipeTextReader {
  /// One word, or something else.
  public static var isWordList: Bool { false }
}

/// Augmentations, as `AugmentationList` reads them.
public enum AugmentationText: RecipeTextReader {
  public static let isWordList = true
  public static let kind = "a list of augmentations"
  public static var beginnings: [String] { ["none"] + AugmentationList.names }
  public static func check(_ text: String) throws(RecipeValueError) {
    do throws(AugmentationError) { _ = try AugmentationList(text) } catch { throw .sentence(": \(error)") }
  }
}

extension CheckedText<AugmentationText> {
  /// What it stands for.
  public var augmentations: AugmentationList {
    get throws(AugmentationError) { try AugmentationList(text) }
  }
}

/// A new head, as `HeadDesign` reads it.
public enum HeadText: RecipeTextReader {
  public static let kind = "a head"
  public static let beginnings = ["dense"]
  public static func check(_ text: String) throws(RecipeValueError) {
    do throws(HeadError) { _ = try HeadDesign(text, classes: 1) } catch { throw .sentence(": \(error)") }
  }
}

/// What separates the columns of a table: a character, or its name.
public enum DelimiterText: RecipeTextReader {
  public static let kind = "one ASCII character that is no quote, or tab, comma, semicolon, pipe or space"
  public static let beginnings = ["tab", "comma", "semicolon", "pipe", "space"]
  public static func check(_ text: String) throws(RecipeValueError) {
    if byte(text) == nil { throw .sentence("is '\(text)', and it has to be \(kind)") }
  }

  fileprivate static func byte(_ text: String) -> UInt8? {
    let named = ["tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "]
    let bytes = Array((named[text.lowercased()] ?? text).utf8)
    guard bytes.count == 1, bytes[0] < 128, !"\"\r\n".utf8.contains(bytes[0]), bytes[0] != 0 else { return nil }
    return bytes[0]
  }
}

extension CheckedText<DelimiterText> {
  /// The character.
  public var byte: UInt8? { DelimiterText.byte(text) }
}
