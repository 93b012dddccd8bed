#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The drivers that OpenCL's loader is told of: files that end in `.icd`, in each of which a line names a library.
enum OpenCLDrivers {
  /// Where the loader looks for them: a folder, or one of the files.
  private static var place: String { Environment["OCL_ICD_VENDORS"] ?? "/etc/OpenCL/vendors" }

  /// Why the loader has no platform to offer, for people.
  static var absence: String {
    let entries = entries(of: place)
    guard !entries.isEmpty else { return "OpenCL has no driver installed: no .icd file in \(place)" }
    let problems = entries.compactMap { entry in problem(with: entry).map { "\(entry) \($0)" } }
    // What can be opened may still refuse: a driver whose hardware is not there.
    guard let first = problems.first else { return "OpenCL's drivers (\(place)) have no platform here" }
    let others = problems.count > 1 ? "; and \(problems.count - 1) more" : ""
    return "none of OpenCL's drivers (\(place)) can be opened: \(first)\(others)"
  }

  private static func entries(of place: String) -> [String] {
    if place.hasSuffix(".icd") { return [place] }
    guard let folder = opendir(place) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      names.append(withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names.filter { $0.hasSuffix(".icd") }.sorted().map { "\(place)/\($0)" }
  }

  /// What keeps the library that a file names from being opened; `nil` where nothing does.
  private static func problem(with entry: String) -> String? {
    guard let file = fopen(entry, "r") else { return "cannot be opened: \(String(cString: strerror(errno)))" }
    defer { fclose(file) }
    var line = [UInt8](repeating: 0, count: 4096)
    let count = fread(&line, 1, line.count, file)
    // As the loader reads it: up to the end of the line, and nothing else is taken off.
    let name = String(decoding: line.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    guard !name.isEmpty else { return "names no library" }
    if name.hasSuffix("\r") { return "has the line ends of DOS, so that the library's name is wrong" }
    guard let library = dlopen(name, RTLD_LAZY | RTLD_LOCAL) else {
      return "leads nowhere: \(dlerror().map { String(cString: $0) } ?? "\(name) cannot be opened")"
    }
    dlclose(library)
    return nil
  }
}
