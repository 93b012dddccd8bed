import GlissadeData
import GlissadePictures

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The data that `--data` names: a dataset known by name, a folder in the layout of MNIST or CIFAR, or a table.
public struct DataSource: Sendable {
  /// As it was given.
  public let name: String

  /// - Parameter name: as `data` in a recipe has it.
  public init(name: String) { self.name = name }

  /// Datasets that are known by name.
  public static let knownNames = ["fashion-mnist"]

  /// Where datasets known by name are: the distribution's folder, or `GLISSADE_DATASETS`.
  public var folder: String {
    guard name == "fashion-mnist" else { return name }
    guard let place = getenv("GLISSADE_DATASETS"), place[0] != 0 else { return FashionMNIST.systemPath }
    return "\(String(cString: place))/fashion-mnist"
  }

  /// Whether it is a file with a table, by its name.
  public var isTable: Bool { [".csv", ".tsv", ".tab"].contains { name.lowercased().hasSuffix($0) } }

  /// What tables are known by, for messages.
  package static let tableNames = "a table's name ends in .csv, .tsv or .tab"

  /// Whether it is a folder with pictures in it, or in folders in it, and nothing else that is known.
  public var isPictureFolder: Bool {
    guard !Self.knownNames.contains(name), !isTable, isFolder(name), CIFARFolder(at: name) == nil else { return false }
    guard !IDXFolder(path: name).holdsImages else { return false }
    // What keeps it from being listed is said when it is loaded, and so is that there are pictures of other kinds alone.
    guard let contents = try? PictureFolder.contents(of: name) else { return true }
    return !contents.pictures.isEmpty || contents.leftOut.holdsPictures
  }

  /// What it is. That opens a folder and looks at what is in it.
  public var kind: Kind { isTable ? .table : isPictureFolder ? .pictures : .images }

  /// What data is, as far as options go.
  public enum Kind: Sendable {
    /// A file with rows.
    case table
    /// A folder of pictures.
    case pictures
    /// Files with images of one size: IDX or CIFAR, or what is known by a name.
    case images
  }
}
