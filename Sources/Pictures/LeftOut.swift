import GlissadeFormats

/// What a folder holds beside the pictures that are taken of it, counted, with the first example of each kind.
///
/// Prints as one line; hidden files, and those that systems leave in folders, are not counted.
public struct LeftOut: Equatable, Sendable {
  /// Why something is left out.
  public enum Kind: Int, CaseIterable, Sendable {
    /// Files that look like samples, but are of a format that is not read.
    case otherKinds
    /// Files beside pictures, such as texts.
    case otherFiles
    /// Pictures that lie in no class.
    case outsideClasses
    /// Pictures that no row of the table of labels names.
    case withoutLabel
    /// Rows of that table whose pictures are not there.
    case missingPictures
    /// Rows of it without a label.
    case rowsWithoutLabel
    /// Rows of it that name a picture again, with the same label.
    case repeatedRows
    /// Folders without a picture.
    case emptyFolders
    /// Folders beside those of the parts (training, validation, test).
    case besideParts
    /// Pictures of classes that a model does not know.
    case unknownClasses
    /// Links that lead nowhere.
    case brokenLinks
    /// Links to a folder that they lie in, or that was gone through before.
    case linksBack
    /// Folders that may not be read.
    case unreadableFolders
    /// Pipes, sockets and devices.
    case specialFiles
  }

  /// How many there are of a kind, and for examples the first one, of files the first one of each suffix.
  public struct Count: Equatable, Sendable {
    /// How many.
    public var count = 0
    /// Some of them.
    public var examples: [String] = []
    fileprivate var suffixes: [String] = []
  }

  /// What there is, by kind.
  public private(set) var counts: [Kind: Count] = [:]

  /// Whether nothing is left out.
  public var isEmpty: Bool { counts.isEmpty }

  /// Nothing.
  public init() {}

  /// How many there are of a kind.
  public subscript(kind: Kind) -> Int { counts[kind]?.count ?? 0 }

  mutating func add(_ kind: Kind, _ example: String, suffix: String = "", count: Int = 1) {
    var entry = counts[kind] ?? Count()
    entry.count += count
    if entry.examples.isEmpty || !entry.suffixes.contains(suffix), entry.examples.count < 4 {
      entry.examples.append(example)
      entry.suffixes.append(suffix)
    }
    counts[kind] = entry
  }

  mutating func add(_ other: LeftOut) {
    for (kind, entry) in other.counts {
      let before = counts[kind]?.count ?? 0
      for (example, suffix) in zip(entry.examples, entry.suffixes) { add(kind, example, suffix: suffix, count: 0) }
      counts[kind]?.count = before + entry.count
    }
  }

  /// Whether there are samples among it: what a class of such files would lose.
  var holdsSamples: Bool { [.otherKinds, .brokenLinks, .unreadableFolders].contains { self[$0] > 0 } }

  /// Whether there are pictures among it, by their suffixes.
  public var holdsPictures: Bool { counts[.otherKinds]?.suffixes.contains { FileSuffix.otherPictures.contains($0) } ?? false }
}

extension LeftOut: CustomStringConvertible {
  /// One line, as `6 files of other kinds (.gif: s/red/0.gif), 1 folder without pictures (s/blue)`.
  public var description: String {
    Kind.allCases.compactMap { kind in counts[kind].map { Self.text(kind, $0) } }.joined(separator: ", ")
  }

  private static func text(_ kind: Kind, _ entry: Count) -> String {
    func number(_ one: String, _ many: String) -> String { "\(entry.count) \(entry.count == 1 ? one : many)" }
    let what =
      switch kind {
      case .otherKinds: number("file of another kind", "files of other kinds")
      case .otherFiles: number("file that is no picture", "files that are no pictures")
      case .outsideClasses: number("picture outside of all classes", "pictures outside of all classes")
      case .withoutLabel: number("picture without a label", "pictures without a label")
      case .missingPictures: number("label without a picture", "labels without a picture")
      case .rowsWithoutLabel: number("row without a label", "rows without a label")
      case .repeatedRows: number("row that names a picture again", "rows that name a picture again")
      case .emptyFolders: number("folder without pictures", "folders without pictures")
      case .besideParts: number("folder beside the parts", "folders beside the parts")
      case .unknownClasses: number("picture of a class", "pictures of classes") + " that the model does not know"
      case .brokenLinks: number("link that leads nowhere", "links that lead nowhere")
      case .linksBack: number("link back to a folder", "links back to folders") + " gone through already"
      case .unreadableFolders: number("folder that may not be read", "folders that may not be read")
      case .specialFiles: number("pipe, socket or device", "pipes, sockets or devices")
      }
    let shown = 3
    var examples = zip(entry.suffixes, entry.examples).prefix(shown).map { suffix, example in
      (kind == .otherKinds ? ".\(printable(suffix)): " : "") + printable(example)
    }
    if entry.examples.count > shown { examples.append("…") }
    return "\(what) (\(examples.joined(separator: ", ")))"
  }
}
