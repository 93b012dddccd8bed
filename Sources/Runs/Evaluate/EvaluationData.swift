import GlissadeData
import GlissadeFormats
import GlissadePictures
import GlissadeRecipes
import GlissadeTraining

/// What a run's model is measured with: what the run held out of its own data, wherever that lies now, or of other data what the run has not
/// seen.
package struct EvaluationData {
  package let data: any Dataset
  /// The same samples in several views.
  package let views: [any Dataset]
  /// Where it comes from, for people.
  package let source: String
  package let part: MeasuredSamples.Part
  /// Samples that the run was trained with.
  package var trained = 0
  /// Samples that the best epoch was chosen by.
  package var validated = 0
  /// Whether these are measured with, too.
  package var countsAll = false

  /// - Parameters:
  ///   - run: whose model is measured.
  ///   - folder: its own.
  ///   - named: what `--data` names, if anything.
  ///   - labels: where the classes of pictures stand.
  ///   - classes: only these classes of pictures.
  ///   - limit: at most so many samples.
  ///   - all: whether the run's own samples are measured with, too.
  ///   - seen: in which views samples are seen, too; default none.
  ///   - note: is told what people should know of the data.
  /// - Throws: `Failure` where the run's data is another now, or nothing is left to measure with; what reading data throws.
  package init(
    of run: RunDescription, in folder: RunFolder, named: String?, labels: GivenLabels, classes: [String]?, limit: Int?, all: Bool,
    seen: PictureViews? = nil, note: (String) -> Void
  ) throws {
    func views(_ samples: MeasuredSamples, _ places: [Int]) throws -> [any Dataset] {
      try seen.flatMap { seen in try samples.views.map { try $0(places, seen) } } ?? []
    }
    let place = run.keptData?.found(from: folder.path)
    let samples = exists(folder.samplesPath) ? try RunSamples(contentsOf: folder.samplesPath) : nil
    let isOwnPlace = named.map { name in place.map { name == $0 || isSameFile(name, $0) } ?? false } ?? true
    guard let source = named ?? place else {
      throw run.keptData?.absence(of: "the run's data", "data") ?? Failure("the run does not say what its data is; --data does")
    }
    self.source = source
    // Found where it should be, but not where it was.
    let isElsewhere = named == nil && run.keptData?.absolute.map { !exists($0) } ?? false
    if !all {
      if let own = try Self.own(
        of: run, source, isOwnPlace, mayBeOther: named != nil || isElsewhere, samples, labels: labels, classes: classes)
      {
        let places = try own.places(of: classes, in: run)
        guard !places.isEmpty else { throw Failure("nothing of these classes was held out from the training on \(source)") }
        own.notes.forEach(note)
        if isOwnPlace, let samples { try Self.noteChange(of: run, source, samples, labels, note) }
        let chosen = own.limited(places, to: limit)
        (data, self.views) = (try own.select(chosen), try views(own, chosen))
        part = own.part
        return
      }
      if named == nil {
        if isElsewhere, let old = run.keptData?.absolute {
          throw Failure("\(old): the run's data is not there any more, and \(source) is other data; --data says where it is now")
        }
        throw Failure(
          "\(source) is not what the run was trained on, or has changed since: other samples are held out from it now; "
            + "--data \(source) measures with what the run has not seen of it")
      }
    }
    let found = try run.samples(of: source, .others, labels: labels, classes: classes)
    found.notes.forEach(note)
    guard let samples else {
      if !all { note("the run does not say which samples it was trained on, so that any of them in \(source) count as others") }
      let chosen = found.limited(Array(found.labels.indices), to: limit)
      (data, self.views) = (try found.select(chosen), try views(found, chosen))
      part = .test
      return
    }
    // Rows that look alike may be different ones; pictures that are alike are one.
    let roles = samples.roles(of: found.hashes, countingRepetitions: run.table != nil)
    func places(_ role: RunSamples.Role) -> [Int] { roles.indices.filter { roles[$0] == role } }
    (trained, validated) = (places(.training).count, places(.validation).count)
    countsAll = all
    var (kept, part) = (all ? Array(roles.indices) : places(.other), MeasuredSamples.Part.test)
    // A run that has nothing but these to be measured with is measured with them.
    if kept.isEmpty, samples.test.count == 0, validated > 0 { (kept, part, validated) = (places(.validation), .validation, 0) }
    guard !kept.isEmpty else {
      throw Failure(
        "\(source) holds nothing but the run's own samples: \(Self.list(trained, validated)); --all measures with them all the same")
    }
    let chosen = found.limited(kept, to: limit)
    (data, self.views) = (try found.select(chosen), try views(found, chosen))
    self.part = part
  }

  /// What was held out from the run's data, if that is what a path leads to.
  private static func own(
    of run: RunDescription, _ source: String, _ isOwnPlace: Bool, mayBeOther: Bool, _ samples: RunSamples?, labels: GivenLabels,
    classes: [String]?
  ) throws -> MeasuredSamples? {
    guard isOwnPlace else {
      // Data that cannot be divided as the run's is not the run's.
      guard let samples, let found = try? run.samples(of: source, .asOwn, labels: labels, classes: classes),
        samples.isHeldOut(found.known, isLimited: run.isLimited)
      else { return nil }
      return found
    }
    do {
      let found = try run.samples(of: source, .own, labels: labels, classes: classes)
      // Earlier versions did not note what the samples were.
      return samples?.isHeldOut(found.known, isLimited: run.isLimited) ?? true ? found : nil
    } catch  where mayBeOther && samples != nil && (error is DataError || error is Failure) {
      // What has changed may be measured all the same.
      return nil
    }
  }

  /// Says where rows that were trained on are others now, although those that were held out are not. (To read all pictures for that would
  /// take longer than to measure.)
  private static func noteChange(
    of run: RunDescription, _ source: String, _ samples: RunSamples, _ labels: GivenLabels, _ note: (String) -> Void
  ) throws {
    guard run.table != nil, let all = try? run.samples(of: source, .others, labels: labels, classes: nil) else { return }
    // Rows that look alike stand for one another, whichever part they were in.
    var whole = samples
    whole.training.hashes += samples.validation.hashes + samples.test.hashes
    let gone = whole.training.count - whole.roles(of: all.hashes, countingRepetitions: true).filter { $0 == .training }.count
    if gone > 0 {
      let count = "\(gone) of the \(whole.training.count) rows that the run had are not in it"
      note("\(source) has changed since: \(count); what was held out is the same")
    }
  }

  /// So many of what people call samples, behind what was measured.
  package func text(_ count: Int) -> String {
    let own = Self.list(trained, validated)
    return "\(count) samples of \(source)" + (own.isEmpty ? "" : countsAll ? ", among them \(own)" : "; left out: \(own)")
  }

  /// The same as JSON.
  package var json: [JSONMember] {
    [
      JSONMember("part", .string(part.rawValue)), JSONMember("own_training_samples", .integer(Int64(trained))),
      JSONMember("own_validation_samples", .integer(Int64(validated))), JSONMember("own_left_out", .bool(!countsAll)),
    ]
  }

  private static func list(_ trained: Int, _ validated: Int) -> String {
    [
      trained > 0 ? "\(trained) that the run was trained on" : nil, validated > 0 ? "\(validated) that it was validated with" : nil,
    ].compactMap { $0 }.joined(separator: ", ")
  }
}

extension MeasuredSamples {
  /// The places of the samples of some classes.
  /// - Throws: `DataError` for a class that the run's model does not know.
  fileprivate func places(of classes: [String]?, in run: RunDescription) throws -> [Int] {
    guard let classes else { return Array(labels.indices) }
    // Whatever composes their names.
    let chosen = try PictureList(paths: [], labels: [], classNames: run.classNames).labels(of: classes)
    return labels.indices.filter { chosen.contains(labels[$0]) }
  }
}
