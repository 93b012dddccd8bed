/// A file in an archive in the ZIP format.
package enum ArchivedFile {
  /// Writes it as a file of its own, which is whole or absent.
  /// - Parameters:
  ///   - name: its path in the archive.
  ///   - archive: the archive's path.
  ///   - path: where to.
  /// - Throws: `FormatError` for a damaged archive, one without such a file, and what cannot be written; `MemoryError` where there is no room.
  package static func extract(_ name: String, from archive: String, to path: String) throws {
    let opened = try ZipArchive(file: InputFile(path: archive))
    guard let entry = opened.entry(named: name) else {
      throw FormatError(path: archive, reason: .malformed("there is no \(printable(name)) in it"))
    }
    try AvailableMemory.require(entry.size, for: "what is in \(printable(archive))")
    let content = try opened.content(of: entry)
    try AtomicFile.write(path: path) { (writer) throws(FormatError) in try writer.write(content) }
  }
}
