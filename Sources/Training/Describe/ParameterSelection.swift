import GlissadeFormats
import GlissadeLayers

/// Some of a model's parameters, named by patterns.
///
/// A pattern is `all`, `head`, `backbone`, or a path: components between points, of which each matches a component of a parameter's path.
/// `*` stands for any letters of one component, `2-5` for the numbers from 2 to 5, `**` for any number of components; an underscore in front
/// of a component may be left out. A pattern that ends early takes everything below: `layer1` is `layer1.0.conv1.weight` and all the others
/// there, `blocks.0-5` the first six blocks, `**.bias` every bias. Behind `backbone` or `head` a pattern is about that part alone:
/// `backbone.**.bias`.
public struct ParameterSelection: Hashable, Sendable, CustomStringConvertible {
  /// In order.
  public let patterns: [String]

  /// - Parameter patterns: of which a parameter has to match one.
  public init(_ patterns: [String]) { self.patterns = patterns }

  /// Reads patterns separated by commas.
  /// - Throws: `SelectionError` for an empty one.
  public init(_ text: String) throws(SelectionError) {
    patterns = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.filter { !$0.isWhitespace } }
    if patterns.contains(where: \.isEmpty) {
      throw SelectionError(pattern: text, problem: "has an empty pattern in it; patterns are separated by single commas")
    }
  }

  public var description: String { patterns.joined(separator: ",") }

  /// The paths of the parameters that it selects, running statistics among them.
  /// - Throws: `SelectionError` for a pattern that matches nothing, with the nearest that would.
  public func paths(in model: some Layer) throws(SelectionError) -> Set<String> {
    let all = LayerPath.parameters(of: model)
    var found = Set<String>()
    for pattern in patterns {
      let matching = try Self.paths(matching: pattern, in: model, all)
      if matching.isEmpty { throw Self.nothing(pattern, all.map(\.path)) }
      found.formUnion(matching)
    }
    return found
  }

  private static func paths(
    matching pattern: String, in model: some Layer, _ all: [(path: String, parameter: Parameter)]
  ) throws(SelectionError) -> [String] {
    let head = LayerPath.headPaths(of: model)
    func part(_ name: some StringProtocol) -> [String]? {
      switch name {
      case "all": all.map(\.path)
      case "head": all.map(\.path).filter(head.contains)
      case "backbone": all.map(\.path).filter { !head.contains($0) }
      default: nil
      }
    }
    if let part = part(pattern) { return part }
    do {
      let components = try pattern.split(separator: ".", omittingEmptySubsequences: false).map { (text) throws(SelectionError) in
        guard let component = Component(text) else {
          throw SelectionError(pattern: pattern, problem: "has an empty component, or a range that ends before it begins")
        }
        return component
      }
      let found = all.map(\.path).filter { matches(components[...], $0.split(separator: ".")[...]) }
      guard found.isEmpty, components.count > 1, let part = part(pattern.prefix { $0 != "." }) else { return found }
      return part.filter { matches(components.dropFirst(), $0.split(separator: ".")[...]) }
    }
  }

  /// Whether components match a path or its beginning.
  private static func matches(_ pattern: ArraySlice<Component>, _ path: ArraySlice<Substring>) -> Bool {
    guard let first = pattern.first else { return true }
    if case .anyPath = first {
      return (path.startIndex...path.endIndex).contains { matches(pattern.dropFirst(), path[$0...]) }
    }
    guard let component = path.first, first.matches(component) else { return false }
    return matches(pattern.dropFirst(), path.dropFirst())
  }

  private enum Component {
    case anyPath
    case numbers(ClosedRange<Int>)
    case text(Substring)

    init?(_ text: Substring) {
      guard !text.isEmpty else { return nil }
      let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      if text == "**" {
        self = .anyPath
      } else if ends.count == 2, let first = ends[0], let last = ends[1] {
        guard first <= last else { return nil }
        self = .numbers(first...last)
      } else {
        self = .text(text)
      }
    }

    func matches(_ component: Substring) -> Bool {
      switch self {
      case .anyPath: true
      case .numbers(let range): Int(component).map(range.contains) ?? false
      case .text(let text): Self.glob(text, component) || (component.hasPrefix("_") && Self.glob(text, component.dropFirst()))
      }
    }

    private static func glob(_ pattern: Substring, _ text: Substring) -> Bool {
      guard let first = pattern.first else { return text.isEmpty }
      if first == "*" { return text.indices.contains { glob(pattern.dropFirst(), text[$0...]) } || glob(pattern.dropFirst(), "") }
      return text.first == first && glob(pattern.dropFirst(), text.dropFirst())
    }
  }

  /// What a pattern that matches nothing may have meant: a layer or parameter as deep as the pattern.
  private static func nothing(_ pattern: String, _ paths: [String]) -> SelectionError {
    let depth = pattern.split(separator: ".").count
    var candidates: [String] = []
    for path in paths {
      let candidate = path.split(separator: ".").prefix(depth).joined(separator: ".")
      if candidates.last != candidate, !candidates.contains(candidate) { candidates.append(candidate) }
    }
    var known = ["backbone", "head", "all"]
    for path in paths {
      let first = String(path.prefix { $0 != "." })
      if !known.contains(first) { known.append(first) }
    }
    let top = "there are \(known.prefix(12).joined(separator: ", "))\(known.count > 12 ? ", …" : "")"
    let nearest = Nearest.to(pattern, among: candidates + known).map { "; did you mean '\($0)'?" } ?? ";"
    return SelectionError(pattern: pattern, problem: "matches no parameter of the model\(nearest) \(top)")
  }
}

/// A selection of parameters that makes no sense for a model.
public struct SelectionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The pattern at fault.
  public let pattern: String
  /// What is wrong with it, and what would be right.
  public let problem: String

  public var description: String { "parameters '\(pattern)': the pattern \(problem)" }
}
