import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Whether there is anything at a path.
package func exists(_ path: String) -> Bool { PathBytes.with(path) { access($0, F_OK) } == 0 }

/// Whether there is a symbolic link at a path, wherever it leads.
package func isLink(_ path: String) -> Bool {
  var status = stat()
  return PathBytes.with(path) { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFLNK
}

/// Whether there is a folder at a path.
package func isFolder(_ path: String) -> Bool {
  var status = stat()
  return PathBytes.with(path) { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// Whether two paths lead to one file, by links or otherwise.
package func isSameFile(_ one: String, _ other: String) -> Bool {
  guard let identity = FileIdentity(one) else { return false }
  return identity == FileIdentity(other)
}

/// Removes a file, if there is one.
package func remove(_ path: String) { unlink(path) }

extension String {
  /// The folder that a path's last part lies in.
  package var folderPath: String {
    guard let slash = utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == startIndex ? "/" : String(self[..<slash])
  }
}

/// The names of what is in a folder; none where it cannot be read.
package func folderContents(_ path: String) -> [String] {
  guard let folder = opendir(path) else { return [] }
  defer { closedir(folder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    names.append(
      withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } })
  }
  return names
}
