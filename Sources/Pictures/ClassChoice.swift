import GlissadeData
import GlissadeFormats

/// Which of a folder's classes are taken, and what speaks against it.
struct ClassChoice {
  private let layout: FolderLayout
  private let part: PartListing
  private var names: [String] { part.classes.map(\.name) }

  /// - Parameter part: the part that is chosen from; what is trained on, when nil.
  init(_ layout: FolderLayout, of part: PartListing? = nil) {
    self.layout = layout
    self.part = part ?? layout.training
  }

  /// The place of a name in a list: by its bytes, and where those are not there, the only one that Unicode holds to be equal, as `é` in one
  /// piece and in two.
  static func place(of name: String, in names: [String]) -> Int? {
    if let exact = names.firstIndex(where: { $0.utf8.elementsEqual(name.utf8) }) { return exact }
    let equal = names.indices.filter { names[$0] == name }
    return equal.count == 1 ? equal[0] : nil
  }

  /// For each folder the place of its name in a list. Where two folders differ only in how Unicode composes their names, only the one
  /// whose bytes are in the list has one.
  static func places(of listings: [ClassListing], in names: [String]) -> [Int?] {
    let places = listings.map { place(of: $0.name, in: names) }
    return zip(listings, places).map { listing, place in
      guard let place, !listing.name.utf8.elementsEqual(names[place].utf8) else { return place }
      return listings.contains { $0.name.utf8.elementsEqual(names[place].utf8) } ? nil : place
    }
  }

  /// - Throws: where there are no pictures in folders.
  func checkAnything() throws(DataError) {
    guard part.classes.isEmpty else { return }
    if let vanished = part.vanished.first { throw nothingToRead(vanished) }
    let loose = part.leftOut[.outsideClasses]
    guard layout.hasFolders else { throw .empty(what: "\(layout.path): no picture with a label (left out: \(layout.leftOut))") }
    let needed = "pictures have to be in a folder for each class, or --labels has to name a table of their classes"
    guard loose > 0 else {
      let others = part.leftOut.isEmpty ? "" : " (left out: \(part.leftOut))"
      throw .empty(what: "\(part.path): no \(PictureBytes.anyFormat) file\(others); \(needed)")
    }
    let problem = loose == 1 ? "1 picture lies in it, but none in a folder" : "\(loose) pictures lie in it, but none in a folder"
    let table = part.leftOut.counts[.otherFiles]?.examples.first { FileSuffix.of($0) == "csv" }
    let meant = table.map { "--labels \(printable($0))" } ?? oneHigher
    throw .empty(what: "\(part.path): \(problem); \(needed)\(meant.map { "; did you mean \($0)?" } ?? "")")
  }

  /// - Throws: what speaks against taking all folders as classes.
  func checkWhole() throws(DataError) {
    if let vanished = part.vanished.first { throw nothingToRead(vanished) }
    guard names.count > 1 else { throw tooFew(names) }
    for (index, name) in names.enumerated() {
      guard let other = names[(index + 1)...].first(where: { $0 == name }) else { continue }
      throw .empty(
        what: "\(part.path): the classes '\(Self.spelt(name))' and '\(Self.spelt(other))' differ only in how Unicode composes their names; "
          + "rename one, or move the pictures of both into one folder")
    }
    if layout.validation == nil, layout.test == nil, layout.hasFolders { try checkNoParts() }
  }

  /// - Throws: where the folders have the names of parts, or all have the same folders in them.
  private func checkNoParts() throws(DataError) {
    let list = Self.list(names)
    let howTo = "parts are called train, val and test, 'train' and one of the others at least"
    let way = "; if they are classes, --classes \(NameText.list(names)) says so"
    if names.allSatisfy({ PicturePart(folder: $0) != nil }) {
      throw .empty(
        what: "\(part.path): its folders (\(list)) look like parts of the data, not like classes, and none is to train on; \(howTo)\(way)")
    }
    let inner = part.classes.first?.inner ?? []
    guard inner.count > 1, part.classes.allSatisfy({ !$0.hasOwnPictures && $0.inner == inner }) else { return }
    throw .empty(
      what:
        "\(part.path): all of its folders (\(list)) have the same folders in them (\(Self.list(inner))), so they look like parts of the "
        + "data, not like classes; \(howTo)\(way)")
  }

  /// The classes that were asked for, called as their folders are.
  func choose(_ wanted: [String]) throws(DataError) -> [String] {
    guard !wanted.isEmpty else { throw .invalidArgument(name: "classes", value: "[]", requirement: "at least one") }
    var chosen: [Int] = []
    for name in wanted {
      guard let place = Self.place(of: name, in: names) else { throw noClass(name, among: names) }
      guard !chosen.contains(place) else {
        throw .invalidArgument(name: "classes", value: NameText.list(wanted), requirement: "without repetition")
      }
      chosen.append(place)
    }
    return chosen.map { names[$0] }
  }

  /// - Throws: where nothing here is of a model's classes, or something is of others, and that is not wanted.
  func checkKnown(_ known: [String], choosing: [String]?, leavesUnknownOut: Bool) throws(DataError) {
    if let choosing {
      for name in try choose(choosing) where Self.place(of: name, in: known) == nil {
        throw .empty(what: "\(part.path): the model does not know the class '\(printable(name))'; it knows \(Self.list(known))")
      }
      return
    }
    func split(_ listings: [ClassListing]) -> (known: [ClassListing], others: [ClassListing]) {
      let places = Self.places(of: listings, in: known)
      return (zip(listings, places).filter { $1 != nil }.map(\.0), zip(listings, places).filter { $1 == nil }.map(\.0))
    }
    let (of, others) = split(part.classes)
    let there = of.map(\.name)
    if let vanished = split(part.vanished).known.first { throw nothingToRead(vanished, beside: there) }
    if there.isEmpty {
      let hint = others.count == 1 ? others.first.flatMap { Self.deeper($0.path) }.map { "; did you mean \($0)?" } : nil
      throw .empty(
        what: "\(part.path): it holds \(Self.list(names)), and none of the classes that the model knows (\(Self.list(known)))\(hint ?? "")")
    }
    guard let first = others.first, !leavesUnknownOut else { return }
    let count = others.reduce(0) { $0 + $1.pictures.count }
    let what =
      others.count == 1 ? "the class '\(printable(first.name))'" : "\(others.count) classes (\(Self.list(others.map(\.name))))"
    throw .empty(
      what: "\(part.path): the model does not know \(what), \(count) picture\(count == 1 ? "" : "s"); "
        + "--classes \(NameText.list(there)) leaves \(others.count == 1 ? "it" : "them") out")
  }

  /// What is said of fewer than two classes.
  func tooFew(_ names: [String]) -> DataError {
    guard let name = names.first else { return .invalidArgument(name: "classes", value: "[]", requirement: "at least two") }
    let base = "\(part.path): it holds one class, '\(printable(name))', and telling apart takes two"
    guard self.names.count == 1 else {
      let others = self.names.filter { $0 != name }
      return .empty(
        what: "\(part.path): one class, '\(printable(name))', is chosen, and telling apart takes two; there are also \(Self.list(others))")
    }
    let hint = part.classes.first.flatMap { Self.deeper($0.path) }.map { "; did you mean \($0)?" }
    return .empty(what: base + (hint ?? ""))
  }

  private func noClass(_ name: String, among names: [String]) -> DataError {
    if let vanished = part.vanished.first(where: { $0.name == name }) { return nothingToRead(vanished) }
    guard let nearest = Nearest.to(name, among: names) else {
      return .empty(what: "\(part.path): no class '\(printable(name))'; there are \(Self.list(names, shown: 20))")
    }
    let comma = nearest.contains(",") ? " A comma in a name is written \\, as in --classes \(NameText.list([nearest]))" : ""
    return .empty(what: "\(part.path): no class '\(printable(name))'; did you mean '\(printable(nearest))'?\(comma)")
  }

  private func nothingToRead(_ listing: ClassListing, beside others: [String]? = nil) -> DataError {
    let others = (others ?? names).filter { $0 != listing.name }
    let way = others.count > 1 ? "; --classes \(NameText.list(others)) leaves it out" : ""
    return .empty(
      what: "\(part.path): the class '\(printable(listing.name))' has no picture that can be read, but \(listing.leftOut); "
        + "\(PictureBytes.formats) are read\(way)")
  }

  /// The folder above, where that holds classes: what somebody who named a class may have meant.
  private var oneHigher: String? {
    var path = part.path[...]
    while path.count > 1, path.last == "/" { path.removeLast() }
    let slash = path.lastIndex(of: "/")
    let above = slash.map { $0 > path.startIndex ? String(path[..<$0]) : "/" } ?? "."
    guard path != ".", path != "/", !path.hasSuffix(".."), above != "/",
      let listing = try? PartListing(above, above: FileIdentity.ancestors(of: above)), listing.classes.count > 1
    else { return nil }
    return "\(printable(above)) (\(Self.list(listing.classes.map(\.name))))"
  }

  /// The first folder below that holds several with pictures in them.
  private static func deeper(_ path: String) -> String? {
    var path = path
    for _ in 0..<8 {
      guard let scan = try? FolderScan(path), !scan.hasOwnPictures, let first = scan.inner.first else { return nil }
      if scan.inner.count > 1 { return "\(printable(path)) (\(list(scan.inner)))" }
      path += "/\(first)"
    }
    return nil
  }

  private static func list(_ names: [String], shown: Int = 5) -> String {
    names.prefix(shown).map { printable($0) }.joined(separator: ", ") + (names.count > shown ? ", …" : "")
  }

  /// With everything beyond ASCII spelt out.
  private static func spelt(_ name: String) -> String {
    name.unicodeScalars.map { $0.isASCII ? printable(String($0)) : $0.escaped(asASCII: true) }.joined()
  }
}
