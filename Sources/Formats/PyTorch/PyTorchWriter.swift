/// Writes checkpoints that PyTorch's own `torch.load` reads, with `weights_only=True` as well.
public enum PyTorchWriter {
  private static let folder = "archive"

  /// Writes a state dictionary, atomically (see `AtomicFile`), as the archive of PyTorch 1.6 and later: an `OrderedDict` of tensors in the
  /// order given, each in a storage of its own whose elements begin at a multiple of 64 bytes. Equal arguments give equal bytes.
  ///
  /// - Parameters:
  ///   - path: the file to write.
  ///   - entries: the tensors.
  /// - Throws: `FormatError` when a name occurs twice, a shape is negative or too large, an entry supplies another number of bytes than its
  ///   shape needs, or the file cannot be written.
  public static func write(path: String, _ entries: [WeightsEntry]) throws(FormatError) {
    var sizes: [Int] = []
    var names: Set<String> = []
    for entry in entries {
      guard names.insert(entry.name).inserted else { throw FormatError(path: path, reason: .tensor(name: entry.name, .badName)) }
      guard let size = entry.type.byteCount(shape: entry.shape) else {
        throw FormatError(path: path, reason: .tensor(name: entry.name, .badShape(entry.shape)))
      }
      sizes.append(size)
    }
    let pickle = PickleWriter(entries).bytes
    try AtomicFile.write(path: path) { (writer) throws(FormatError) in
      var archive = ZipWriter(writer)
      try archive.add("\(folder)/data.pkl", pickle)
      try archive.add("\(folder)/.format_version", Array("1".utf8))
      try archive.add("\(folder)/.storage_alignment", Array("64".utf8))
      try archive.add("\(folder)/byteorder", Array("little".utf8))
      for (index, (entry, size)) in zip(entries, sizes).enumerated() {
        let written = try archive.add("\(folder)/data/\(index)", size: size, entry.write)
        guard written == size else {
          throw FormatError(path: path, reason: .tensor(name: entry.name, .sizeMismatch(bytes: written, expected: size)))
        }
      }
      try archive.add("\(folder)/version", Array("3\n".utf8))
      try archive.finish()
    }
  }
}
