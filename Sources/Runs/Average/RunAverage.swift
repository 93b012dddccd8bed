import GlissadeFormats
import GlissadeLayers
import GlissadeRecipes
import GlissadeTraining

/// One run that stands for several, without any training: of the mean of their weights, or of the mean of what they predict.
public struct RunAverage: Sendable {
  /// What is averaged.
  public enum Kind: String, CaseIterable, Sendable {
    /// One model with the mean of all weights (`ModelState.average(of:)`): for runs that began with the same weights, as fine-tunings of one seed do.
    case weights
    /// All models side by side: their probabilities, or the values that they predict, are averaged whenever the run is used.
    case predictions
  }

  /// What is averaged.
  public let kind: Kind
  /// The folders of the runs, or of ensembles, in order.
  public let paths: [String]
  /// Which model of each; `nil` for what each is used with.
  public let wanted: RunFolder.Model?

  /// - Parameters:
  ///   - kind: what is averaged.
  ///   - paths: the folders of runs, or of ensembles.
  ///   - wanted: which model of each; `nil` for what each is used with: its snapshots, its best model, or its last.
  public init(_ kind: Kind, of paths: [String], wanted: RunFolder.Model? = nil) {
    (self.kind, self.paths, self.wanted) = (kind, paths, wanted)
  }

  /// Makes the run.
  /// - Parameters:
  ///   - out: its folder; `nil` for a new one under `runs`.
  ///   - replaces: whether a run that is in that folder goes.
  ///   - insists: whether weights are averaged although the models began with different ones, which makes a model that has learnt nothing;
  ///     default yes, and `note` is told.
  ///   - note: is told what people should know.
  /// - Returns: the folder, and how many models are in the average.
  /// - Throws: what keeps runs from being read or the folder from being written, `RunMisuse` for a folder that it must not have and for
  ///   weights that began differently, and `RunFailure`
  ///   that names what differs where the runs are not
  ///   of one model, of the same classes and of data that is brought into the same form.
  @discardableResult
  public func make(
    out: String?, replaces: Bool = false, insists: Bool = true, note: (String) -> Void = { _ in }
  ) throws -> (folder: RunFolder, models: Int) {
    let sources = try paths.map { try RunModels($0, wanted: wanted) }
    let members = sources.flatMap(\.members)
    guard let first = sources.first, members.count > 1 else {
      throw Misuse("an average takes several models, and \(members.isEmpty ? "no run is" : "one alone is") given")
    }
    var known: [FileIdentity: String] = [:]
    for member in members {
      guard let file = FileIdentity(member.path) else { continue }
      guard let other = known.updateValue(member.path, forKey: file) else { continue }
      throw Misuse(
        "an average takes each model once, and \(other == member.path ? other : "\(other) and \(member.path)") \(other == member.path ? "is given twice" : "are the same")"
      )
    }
    let run = try RunDescription(of: first.folder)
    for (path, source) in zip(paths, sources).dropFirst() {
      let other = try RunDescription(of: source.folder)
      if let difference = run.difference(from: other) { throw Failure("\(path) cannot be averaged with \(paths[0]): \(difference)") }
    }
    let doubt = kind == .weights ? try doubt(about: members) : nil
    if let doubt, !insists {
      throw Misuse(
        "\(doubt); --of \(Kind.predictions.rawValue) averages what the models predict, and --of \(Kind.weights.rawValue) insists")
    }
    let model = try run.makeModel()
    var states: [ModelState] = []
    for source in sources { states += try source.states(of: model) }
    let samples = try RunSamples.common(of: sources.map(\.folder))

    let folder = try place(out, replaces, run, reading: members.map(\.path))
    if let doubt { note(doubt) }
    let lock = try folder.lock()
    defer { withExtendedLifetime(lock) {} }
    folder.removeRun()
    try document(first.folder, members, in: folder).write(to: folder)
    try samples?.save(to: folder.samplesPath)
    let metadata = ["model": run.model]
    switch kind {
    case .weights: try ModelState.average(of: states).save(to: folder.modelPath, metadata: metadata)
    case .predictions:
      for (index, state) in states.enumerated() { try state.save(to: folder.memberPath(index + 1), metadata: metadata) }
    }
    return (folder, members.count)
  }

  /// Why the mean of some models' weights is no model of any use: they began with different ones, so that the same place in two of them means two
  /// things; `nil` where they began with the same.
  private func doubt(about members: [RunModels.Member]) throws -> String? {
    var starts: [(text: String, path: String)] = []
    for member in members where !starts.contains(where: { $0.path == member.run.path }) {
      let document = try RunDocument(of: member.run)
      if document.average == Kind.predictions.rawValue {
        return "\(member.run.path) holds models that may have begun with different weights, and the mean of such weights predicts nothing"
      }
      starts.append((document.beginning, member.run.path))
    }
    guard let first = starts.first, let other = starts.first(where: { $0.text != first.text }) else { return nil }
    return
      "\(first.path) began with \(first.text) and \(other.path) with \(other.text), and the mean of weights that began differently predicts "
      + "nothing"
  }

  /// The folder, which is the run's from now on.
  private func place(_ out: String?, _ replaces: Bool, _ run: RunDescription, reading inputs: [String]) throws -> RunFolder {
    guard let out else { return try RunFolder.makeNew("runs/\(Text.timestamp())-\(run.model)-average") }
    let folder = RunFolder(out)
    do throws(RunFolderConflict) { try folder.check(for: replaces ? .replace : .begin, reading: inputs) } catch {
      throw Misuse(error.reason == .holdsRun ? "\(error); --replace puts the average in its place" : "\(error)")
    }
    try folder.prepare()
    return folder
  }

  /// What the first run says of itself, and what was averaged.
  private func document(_ first: RunFolder, _ members: [RunModels.Member], in folder: RunFolder) throws -> RunDocument {
    var document = try RunDocument(of: first)
    var facts = (document.facts.members ?? []).filter { $0.key != KeptPath.runKey && $0.key != RunDocument.averageKey }
    // It is none of an ensemble's trainings, and no training at all.
    for name in ["ensemble", "member"] { document.recipe.remove(name) }
    // Data that is named from where one stood is found from the root.
    for name in Recipe.places {
      guard let kept = KeptPath(name, document), let found = kept.found(from: first.path), found != kept.given else { continue }
      try document.recipe.set(name, to: .one(found), from: .program)
    }
    facts.append(JSONMember(KeptPath.runKey, .string(KeptPath.fromRoot(folder.path))))
    facts.append(
      JSONMember(
        RunDocument.averageKey, ["of": .string(kind.rawValue), "models": .array(members.map { .string(KeptPath.fromRoot($0.path)) })]))
    document.facts = .object(facts)
    return document
  }
}

extension RunDocument {
  /// What a training began with, for people; what began with the same weights says the same.
  fileprivate var beginning: String {
    guard let kept = KeptPath("pretrained", self) else {
      return "the weights of seed \(recipe.trainingSeed) (\(recipe.initialization.recipeText))"
    }
    // A file may lie anywhere, and what is in it counts.
    let weights =
      pretrainedChecksum.map { "pretrained weights of checksum \($0)" } ?? "the pretrained weights \(kept.absolute ?? kept.given)"
    // Runs of earlier versions do not say whether these had a head that fits.
    return hasNewHead == false ? weights : "\(weights) and a head of seed \(recipe.trainingSeed)"
  }
}

extension RunDescription {
  /// What keeps another run's model from being used in place of this one's, or beside it; `nil` where nothing does.
  fileprivate func difference(from other: RunDescription) -> String? {
    func text(_ value: Any?) -> String { value.map { "\($0)" } ?? "none" }
    let compared: [(name: String, mine: String, others: String)] = [
      ("model", model, other.model), ("input", "\(input)", "\(other.input)"), ("head", text(head), text(other.head)),
      ("hidden layers", text(hidden), text(other.hidden)), ("layers", text(layers), text(other.layers)),
      ("activation", design.activation.recipeText, other.design.activation.recipeText),
      ("norm", "\(design.norm)", "\(other.design.norm)"),
      ("pooling", "\(design.pool)", "\(other.design.pool)"),
      ("squeeze and excitation", text(design.squeezeExcitation), text(other.design.squeezeExcitation)),
      ("classes", "\(classNames)", "\(other.classNames)"),
      ("mean of the data", "\(normalization.mean)", "\(other.normalization.mean)"),
      ("deviation of the data", "\(normalization.deviation)", "\(other.normalization.deviation)"),
      ("table", text(table?.encoding), text(other.table?.encoding)),
      ("kind of answers", areMarks ? "labels" : "classes or numbers", other.areMarks ? "labels" : "classes or numbers"),
    ]
    guard let found = compared.first(where: { $0.mine != $0.others }) else { return nil }
    guard found.name != "table" else { return "its rows are encoded otherwise, because other rows were for training" }
    return "its \(found.name) is \(printable(found.others)), not \(printable(found.mine))"
  }
}

extension RunSamples {
  /// What several runs have seen together: all that any of them was trained on, all else that any was validated with, and for the test what was
  /// kept for that by all.
  /// - Returns: `nil` where a run does not say.
  fileprivate static func common(of folders: [RunFolder]) throws -> RunSamples? {
    var all: [RunSamples] = []
    for folder in folders {
      guard exists(folder.samplesPath) else { return nil }
      all.append(try RunSamples(contentsOf: folder.samplesPath))
    }
    guard let first = all.first else { return nil }
    if all.allSatisfy({ $0 == first }) { return first }
    var seen: Set<UInt64> = []
    func gathered(_ part: (RunSamples) -> Part) -> Part {
      var result = Part()
      for samples in all {
        // Samples that are alike within one run are counted there.
        let mine = zip(part(samples).hashes, part(samples).labels).filter { !seen.contains($0.0) }
        result.hashes += mine.map(\.0)
        result.labels += mine.map(\.1)
        seen.formUnion(mine.map(\.0))
      }
      return result
    }
    let training = gathered(\.training)
    let validation = gathered(\.validation)
    let tests = all.dropFirst().map { Set($0.test.hashes) }
    let kept = zip(first.test.hashes, first.test.labels).filter { pair in
      !seen.contains(pair.0) && tests.allSatisfy { $0.contains(pair.0) }
    }
    return RunSamples(
      training: training, validation: validation, test: Part(hashes: kept.map(\.0), labels: kept.map(\.1)))
  }
}
