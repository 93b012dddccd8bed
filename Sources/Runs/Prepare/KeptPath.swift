import GlissadeFormats
import GlissadeRecipes
import GlissadeWeights

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where something lies that a run was made from, as its folder keeps it: as it was given, in the recipe, and from the root, among the facts, so that it is found from
/// any working directory.
package struct KeptPath {
  /// As it was given.
  package let given: String
  /// From the root; `nil` for data and weights that are known by a name, and in runs of earlier versions.
  package let absolute: String?
  /// Where the run's folder was then.
  private let run: String?
  /// Whether it is the name of data or weights that are the same everywhere.
  private let isName: Bool

  /// The key of the run's folder.
  package static let runKey = "run_path"

  package static func option(_ key: String) -> String { "--" + key }
  /// The key of the path from the root.
  package static func pathKey(_ key: String) -> String { key + "_path" }

  /// - Parameters:
  ///   - key: one of `Recipe.places`.
  ///   - document: what the run says.
  /// - Returns: `nil` where the run has no such option.
  package init?(_ key: String, _ document: RunDocument) {
    guard document.recipe.isGiven(key), let given = document.recipe.text(of: key) else { return nil }
    self.given = given
    absolute = document.facts[Self.pathKey(key)]?.stringValue
    run = document.facts[Self.runKey]?.stringValue
    isName = Self.isName(key, given)
  }

  /// Facts about a path that is given now.
  package static func facts(_ key: String, _ recipe: Recipe) -> [JSONMember] {
    guard recipe.isGiven(key), let given = recipe.text(of: key) else { return [] }
    return [JSONMember(pathKey(key), isName(key, given) ? .null : .string(fromRoot(given)))]
  }

  private static func isName(_ key: String, _ given: String) -> Bool {
    switch key {
    case "data": DataSource.knownNames.contains(given)
    case "pretrained": PublishedWeights.isName(given)
    default: false
    }
  }

  /// Where it is now: where it was, or where it should be if it was moved together with the run, or where it was given from here; as it was
  /// given where that leads to the same.
  /// - Parameter folder: of the run.
  /// - Returns: `nil` where it is nowhere.
  package func found(from folder: String) -> String? {
    if isName { return given }
    if let absolute {
      if exists(absolute) { return isSameFile(given, absolute) ? given : absolute }
      if let moved = moved(to: folder), exists(moved) { return moved }
    }
    return exists(given) ? given : nil
  }

  /// That it is nowhere, for people, with the option that helps.
  package func absence(of what: String, _ key: String) -> Failure {
    let place = absolute ?? given
    let hint = absolute == nil && !given.hasPrefix("/") ? ", seen from here, as an earlier version noted it" : ""
    return Failure("\(place): \(what) is not there\(hint); \(Self.option(key)) says where it is now")
  }

  /// Where it is if it still lies beside the run as it did.
  private func moved(to folder: String) -> String? {
    guard let run, let absolute else { return nil }
    let (old, place) = (Self.parts(run), Self.parts(absolute))
    let common = zip(old, place).prefix { $0 == $1 }.count
    // Nothing but the root in common: it did not lie beside the run.
    guard common > 0 else { return nil }
    let now = Self.parts(Self.resolved(folder) ?? Self.fromRoot(folder))
    guard now.count >= old.count - common else { return nil }
    return "/" + (now.dropLast(old.count - common) + place.dropFirst(common)).joined(separator: "/")
  }

  /// Without links, and without `..`.
  private static func resolved(_ path: String) -> String? {
    guard let bytes = realpath(path, nil) else { return nil }
    defer { free(bytes) }
    return String(validatingCString: bytes)
  }

  private static func parts(_ path: String) -> [String] { path.split(separator: "/").map(String.init) }

  /// A path from the root. `..` is left to the system where it comes behind names, since links may lie there.
  package static func fromRoot(_ path: String) -> String {
    guard !path.hasPrefix("/"), let working = workingFolder else { return path }
    var place = parts(working)
    var rest = parts(path)[...]
    while let first = rest.first, first == "." || first == ".." {
      if first == ".." { _ = place.popLast() }
      rest = rest.dropFirst()
    }
    return "/" + (place + rest.filter { $0 != "." }).joined(separator: "/")
  }

  private static var workingFolder: String? {
    guard let bytes = getcwd(nil, 0) else { return nil }
    defer { free(bytes) }
    return String(validatingCString: bytes)
  }
}
