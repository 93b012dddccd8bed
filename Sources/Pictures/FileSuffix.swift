import GlissadeFormats

/// What the ends of files' names say.
enum FileSuffix {
  /// Those that files of the formats which are read usually have.
  static let pictures: Set = ["jpg", "jpeg", "jpe", "jfif", "jif", "jfi", "png", "apng", "webp", "tif", "tiff"]

  /// Those of pictures in other formats.
  static let otherPictures: Set = [
    "gif", "bmp", "dib", "heic", "heif", "avif", "jxl", "jp2", "j2k", "jpx", "svg", "ppm", "pgm", "pbm", "pnm",
    "pfm", "psd",
    "ico", "tga", "exr", "hdr", "dcm", "dng", "nef", "cr2", "cr3", "arw", "orf", "raf", "rw2", "pef", "xcf", "pcx", "eps",
  ]

  /// Those of what may be samples as well: pictures in other formats, arrays and films.
  static let otherSamples = otherPictures.union(["npy", "npz", "raw", "mp4", "m4v", "avi", "mov", "mkv", "webm", "mpg", "mpeg"])

  /// Those of files that people put beside pictures to say something of them.
  static let documents: Set = [
    "txt", "md", "rst", "csv", "tsv", "json", "jsonl", "xml", "yaml", "yml", "html", "htm", "pdf", "doc", "docx", "xls", "xlsx", "py",
    "ipynb",
    "sh", "log", "cfg", "ini", "toml", "zip", "tar", "gz", "bz2", "xz", "7z", "rar", "md5", "sha1", "sha256", "lst", "url", "license",
    "pth", "pt",
    "ckpt", "onnx", "safetensors", "pkl", "db", "sqlite",
  ]

  /// Those of copies and of files that are not complete.
  static let copies: Set = ["bak", "orig", "tmp", "part", "partial", "crdownload"]

  /// What systems put into folders, in small letters: nobody misses it.
  static let ofSystems: Set = [
    "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found",
  ]

  /// The suffix of a name, in small letters; empty where it has none.
  static func of(_ name: String) -> String {
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  /// Whether a file is a picture that can be read: by its suffix, and where that says nothing of the kind by how its content begins.
  static func isPicture(_ name: String, in folder: String) -> Bool {
    let suffix = of(name)
    if pictures.contains(suffix) { return true }
    if documents.contains(suffix) || copies.contains(suffix) || name.hasSuffix("~") { return false }
    return switch PictureBytes.kind(ofFile: "\(folder)/\(name)") {
    case .jpeg, .png, .webp: true
    // Cameras' raw files begin as a TIFF, whose first picture is a thumbnail.
    case .tiff: suffix.isEmpty
    case nil: false
    }
  }
}
