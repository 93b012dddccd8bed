import GlissadeFormats

/// Files that are met more than once, because links lead to them or because they have several names.
struct Repetitions {
  private struct Place {
    var label: Int
    var part: PicturePart
    var path: String
  }

  private var listings: [(listing: ClassListing, label: Int, part: PicturePart)] = []

  mutating func add(_ listing: ClassListing, label: Int, part: PicturePart) { listings.append((listing, label, part)) }

  /// What contradicts itself: a line for each kind, with the number of files and one example.
  var lines: [String] {
    guard listings.contains(where: { $0.listing.mayRepeat }) else { return [] }
    var places: [FileIdentity: Place] = [:]
    var (classes, parts) = ([(String, String)](), [(String, String)]())
    for (listing, label, part) in listings {
      for found in listing.pictures {
        guard let first = places[found.identity] else {
          places[found.identity] = Place(label: label, part: part, path: found.path)
          continue
        }
        if first.label != label { classes.append((first.path, found.path)) }
        if first.part != part { parts.append((first.path, found.path)) }
      }
    }
    return [Self.line(classes, "in two classes"), Self.line(parts, "in two parts of the data")].compactMap { $0 }
  }

  private static func line(_ pairs: [(String, String)], _ what: String) -> String? {
    guard let first = pairs.first else { return nil }
    let files = pairs.count == 1 ? "1 file stands" : "\(pairs.count) files stand"
    return "\(files) \(what), as \(printable(first.0)) and \(printable(first.1))"
  }
}
