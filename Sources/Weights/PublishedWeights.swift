import GlissadeFormats

/// A network's weights that somebody has published, under the name that `pretrained` calls them by.
///
///     let weights = try PublishedWeights.named("imagenet", for: "resnet50")
///     let path = try weights.map { try WeightsCache.standard().file(of: $0) }
///
/// Names go before files: a file that is called like one is meant by `./imagenet`.
public struct PublishedWeights: Hashable, Sendable {
  /// What they are called by: `imagenet`.
  public let name: String
  /// The model that they are for, as the zoo names it.
  public let model: String
  /// Where they are: `https://…`.
  public let address: String
  /// The file that is kept.
  public let file: PublishedFile
  /// The archive that is at the address, where the file is in one.
  public let archive: Archive?
  /// Share of ImageNet's validation pictures whose class they say first, by their publisher; `nil` where nobody says.
  public let accuracy: Double?
  /// Who has published them, and on what terms.
  public let publisher: String
  /// On what terms they are published.
  public let licence: String

  /// An archive in the ZIP format, and the path of the weights in it.
  public struct Archive: Hashable, Sendable {
    /// The archive itself, with its size and SHA-256.
    public let file: PublishedFile
    /// The path of the weights in it.
    public let member: String

    /// An archive in which a file lies at a path.
    public init(_ file: PublishedFile, member: String) {
      self.file = file
      self.member = member
    }
  }

  /// - Parameters:
  ///   - name: what they are called by.
  ///   - model: as the zoo names it.
  ///   - address: `http://` or `https://`, of the file, or of an archive that it is in.
  ///   - file: the file that is kept.
  ///   - archive: the archive at the address; default none.
  ///   - accuracy: share of ImageNet's validation pictures whose class they say first.
  ///   - publisher: who has published them.
  ///   - licence: on what terms.
  public init(
    name: String, model: String, address: String, file: PublishedFile, archive: Archive? = nil, accuracy: Double? = nil, publisher: String,
    licence: String
  ) {
    self.name = name
    self.model = model
    self.address = address
    self.file = file
    self.archive = archive
    self.accuracy = accuracy
    self.publisher = publisher
    self.licence = licence
  }

  /// What is fetched: the archive, where there is one.
  public var fetched: PublishedFile { archive?.file ?? file }

  /// All that are known: those of the table that `GLISSADE_WEIGHTS_TABLE` names, and then the built-in ones that it does not replace.
  /// - Throws: `FormatError` for a table that cannot be read.
  public static func all() throws(FormatError) -> [PublishedWeights] {
    guard let path = WeightsTable.path else { return builtIn }
    let own = try WeightsTable.read(path: path)
    return own + builtIn.filter { one in !own.contains { $0.name == one.name && $0.model == one.model } }
  }

  /// What there are names for, each once. A table that cannot be read has none.
  public static var names: [String] {
    var names: [String] = []
    for weights in (try? all()) ?? builtIn where !names.contains(weights.name) { names.append(weights.name) }
    return names
  }

  /// Whether a text is the name of published weights rather than a path.
  public static func isName(_ text: String) -> Bool { names.contains(text) }

  /// Finds weights.
  /// - Parameters:
  ///   - name: what may be a name.
  ///   - model: as the zoo names it.
  /// - Returns: `nil` where the name is none, so that it is a path.
  /// - Throws: `UnpublishedWeights` for a model that there are none of, `FormatError` for a table that cannot be read.
  public static func named(_ name: String, for model: String) throws -> PublishedWeights? {
    let all = try all()
    let those = all.filter { $0.name == name }
    guard !those.isEmpty else { return nil }
    guard let found = those.first(where: { $0.model == model }) else {
      throw UnpublishedWeights(
        name: name, model: model, models: those.map(\.model), names: all.filter { $0.model == model }.map(\.name))
    }
    return found
  }
}

/// A model of which no weights are published under a name.
public struct UnpublishedWeights: Error, Equatable, CustomStringConvertible {
  /// The weights' name.
  public let name: String
  /// The model's.
  public let model: String
  /// Models that have such weights.
  public let models: [String]
  /// What weights the model has.
  public let names: [String]

  /// With `pretrained` in front it is a sentence.
  package var objection: String {
    let others = names.isEmpty ? "\(models.joined(separator: ", ")) have them" : "\(model) has \(names.joined(separator: ", "))"
    let nearest = names.isEmpty ? models.first { $0.hasPrefix(model) } : nil
    return "is '\(printable(name))', and no such weights of \(model) are published; "
      + (nearest.map { "did you mean the model \($0)? (\(others))" } ?? others)
  }

  public var description: String { "pretrained \(objection)" }
}
