import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Which of a run's models is used, and where there are runs.
extension RunFolder {
  /// One of the models that a run keeps.
  public enum Model: String, CaseIterable, Sendable {
    /// After the epoch with the lowest validation loss, or the best by another measure where that ends the training.
    case best
    /// After the last epoch.
    case last
    /// The average of the weights after the last epoch, where one was asked for.
    case average
  }

  /// Its file.
  public func path(of model: Model) -> String {
    switch model {
    case .best: bestPath
    case .last: modelPath
    case .average: averagePath
    }
  }

  /// What the run is used with unless somebody asks for the other one: the best model, where there is validation data, otherwise the last.
  public var usualModel: Model { access(bestPath, F_OK) == 0 ? .best : .last }

  /// Of which epoch the best model is; `nil` where there is none, or where its file does not say.
  public var epochOfBest: Int? {
    (try? SafetensorsFile(path: bestPath))?.metadata[Self.epochKey].flatMap { Int($0) }
  }

  /// The key of the epoch in the best model's metadata.
  static let epochKey = "epoch"

  /// Writes the best model so far.
  /// - Throws: `FormatError` with the path and the reason.
  public func save(best state: ModelState, epoch: Int, metadata: [String: String]) throws(FormatError) {
    try state.save(to: bestPath, metadata: metadata.merging([Self.epochKey: "\(epoch)"]) { $1 })
  }

  /// Whether a run has been in the folder: there are its options.
  public var isRun: Bool { access(recipePath, F_OK) == 0 || access(optionsPath, F_OK) == 0 }

  /// The runs that lie in a folder, by their names in it, in order.
  public static func runs(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { PathBytes.text($0.prefix { $0 != 0 }) }
      if name != ".", name != "..", RunFolder("\(path)/\(name)").isRun { names.append(name) }
    }
    return names.sorted()
  }
}
