import GlissadeData
import GlissadeFormats
import GlissadePictures
import GlissadeRecipes
import GlissadeTraining

/// Samples that a model can be measured with, before it is settled which of them are.
package struct MeasuredSamples {
  /// Which of a run's parts they are.
  package enum Part: String {
    case test, validation
  }

  package let part: Part
  /// By which they are known again; `nil` for what cannot be read, and none where data has no hashes.
  package let hashes: [UInt64?]
  package let labels: [Int32]
  /// What people should know of where they come from.
  package var notes: [String] = []
  /// Whether the first ones would be all of one class.
  package var goesByClass = false
  /// The samples at some places.
  package let select: ([Int]) throws -> any Dataset
  /// The same in several views; `nil` for what is no pictures.
  package var views: (([Int], PictureViews) throws -> [any Dataset])?

  /// Those that have hashes, for comparison with a run's.
  package var known: RunSamples.Part {
    let pairs = zip(hashes, labels).compactMap { hash, label in hash.map { ($0, label) } }
    return RunSamples.Part(hashes: pairs.map(\.0), labels: pairs.map(\.1))
  }

  /// Some of the places.
  package func limited(_ places: [Int], to limit: Int?) -> [Int] {
    guard let limit, limit < places.count else { return places }
    return goesByClass ? (0..<limit).map { places[$0 * places.count / limit] } : Array(places.prefix(limit))
  }

  /// - Parameter data: samples in memory.
  package init<Data: Dataset>(_ data: Data, part: Part) throws {
    self.part = part
    hashes = try data.contentHashes(ofSamples: Array(0..<data.count)) ?? []
    labels = data.labels
    select = { try data.subset($0) }
    if let images = data as? ImageDataset { views = { try $1.views(of: images, at: $0) } }
  }

  /// - Parameters:
  ///   - list: pictures, which are decoded when they are selected.
  ///   - folder: where they come from.
  package init(_ list: PictureList, part: Part, of folder: PictureFolder, _ run: RunDescription, unreadableShare: Double) throws {
    self.part = part
    let loading = run.loading(threads: nil, unreadableShare: unreadableShare)
    hashes = try list.contentHashes(loading: loading)
    labels = list.labels
    notes = folder.notes
    goesByClass = true
    let pipeline = try run.picturePipeline()
    select = { try PictureDataset(list.selecting($0), pipeline: pipeline, loading: loading) }
    views = { try $1.views(of: list.selecting($0), pipeline, loading) }
  }
}

extension RunDescription {
  /// Whose samples are asked for.
  package enum Ownership {
    /// The run's own data, at its own place: what was held out.
    case own
    /// What would have been held out, if the data were the run's own.
    case asOwn
    /// Another's: its test part, or all.
    case others
  }

  /// The samples that data offers to measure the run's model with.
  /// - Parameters:
  ///   - source: what `--data` names.
  ///   - ownership: whose they are taken for.
  ///   - labels: where its classes stand; of the run's own pictures as in training, where nothing is said.
  ///   - classes: only these classes of pictures.
  /// - Throws: `Misuse` for data of another kind, `Failure` where nothing was held out, and what reading it throws.
  package func samples(of source: String, _ ownership: Ownership, labels: GivenLabels, classes: [String]?) throws -> MeasuredSamples {
    if classes != nil, pictures == nil { throw Misuse("--classes is for folders of pictures, and the run's data is none") }
    if labels.labels != nil, pictures == nil { throw Misuse("--labels is for folders of pictures, and the run's data is none") }
    let nothing = Failure("nothing of \(source) was held out from the training, so there is nothing to evaluate on")
    if let table {
      guard DataSource(name: source).isTable else {
        throw Misuse("the run's model is for tables, and --data \(source) is none: \(DataSource.tableNames)")
      }
      guard let (data, part, notes) = try table.load(source, isOwn: ownership != .others) else { throw nothing }
      var samples = try MeasuredSamples(data, part: part)
      samples.notes = notes
      return samples
    }
    guard let pictures else { return try MeasuredSamples(DataSource(name: source).loadTest(for: self), part: .test) }
    // A run's own data may hold classes that were not chosen for it.
    var given = try labels.table(missing: pictures.unreadableShare) ?? (ownership == .others ? nil : pictures.labels)
    if isMultiLabel {
      if classes != nil { throw Misuse("--classes is for models of classes, and the run's pictures have any number of labels each") }
      if given == nil {
        throw Misuse("the run's pictures have any number of labels each, and --labels has to name the table of those in \(source)")
      }
      given?.takesSeveral = true
      given?.separator = pictures.labels?.separator
    }
    let folder = try PictureFolder(
      path: source, knownClasses: classNames, labels: given, classes: ownership == .own ? nil : classes,
      leavesUnknownOut: ownership == .own)
    var (list, part) = (folder.test ?? folder.pictures, MeasuredSamples.Part.test)
    if ownership != .others {
      let split = try folder.split(validation: pictures.validation, test: pictures.test, seed: pictures.seed, fold: pictures.fold)
      (list, part) = split.test.count > 0 ? (split.test, .test) : (split.validation, .validation)
    }
    guard list.count > 0 else { throw nothing }
    return try MeasuredSamples(list, part: part, of: folder, self, unreadableShare: pictures.unreadableShare)
  }
}
