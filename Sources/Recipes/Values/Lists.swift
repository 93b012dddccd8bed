import GlissadeFormats

/// Names in a list: of classes, of columns. In a text they are separated by commas (`NameText`).
public struct NameList: RecipeValue, Hashable {
  /// None of them is empty.
  public var names: [String]

  /// - Parameter names: none of them empty.
  public init(_ names: [String]) { self.names = names }

  public init(recipeText text: String) throws(RecipeValueError) {
    guard let names = NameText.names(text) else {
      throw .sentence("is '\(text)': names are separated by commas; a quote that opens a name has to close it, and \\\" is one in a name")
    }
    try self.init(recipeList: names)
  }

  public init(recipeList list: [String]) throws(RecipeValueError) {
    if list.contains(where: \.isEmpty) { throw .sentence("has an empty name in it; names are separated by commas") }
    if let twice = list.enumerated().first(where: { list[..<$0.offset].contains($0.element) })?.element {
      throw .sentence("names '\(printable(twice))' twice")
    }
    names = list
  }

  public var recipeText: String {
    names.map { name in
      let isPlain = !name.contains { ",\"\\".contains($0) } && !name.hasPrefix(" ") && !name.hasSuffix(" ")
      return isPlain ? name : "\"\(name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
    }.joined(separator: ",")
  }
  public var recipeList: [String]? { names }
  public static var recipeKind: String { "names, separated by commas" }
  public static var knowsRecipeNone: Bool { false }
}

/// Features of layers, one behind the other.
public struct SizeList: RecipeValue, Hashable {
  /// Features of each layer, in their order.
  public var sizes: [Int]

  /// - Parameter sizes: at least 1 each.
  public init(_ sizes: [Int]) { self.sizes = sizes }

  private static let limit = 1 << 16

  public init(recipeText text: String) throws(RecipeValueError) {
    try self.init(text: text, parts: text.split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty })
  }

  public init(recipeList list: [String]) throws(RecipeValueError) {
    try self.init(text: list.joined(separator: ","), parts: list)
  }

  private init(text: String, parts: [String]) throws(RecipeValueError) {
    sizes = []
    for part in parts {
      guard let size = Int(part), (1...Self.limit).contains(size) else {
        throw .sentence("is '\(text)', and it has to be \(Self.recipeKind)")
      }
      sizes.append(size)
    }
  }

  public var recipeText: String { sizes.map(String.init).joined(separator: ",") }
  public var recipeList: [String]? { sizes.map(String.init) }
  public static var beginsWithNumber: Bool { true }
  public static var recipeKind: String { "numbers from 1 to \(limit), separated by commas" }
}
