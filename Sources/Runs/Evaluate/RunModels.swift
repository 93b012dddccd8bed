import GlissadeLayers
import GlissadeRecipes
import GlissadeTensors
import GlissadeTraining

/// The models that a run's folder stands for: one, or the members of an ensemble.
package struct RunModels {
  /// A model's file, and what it is called.
  package struct Member {
    package let name: String
    package let path: String
    /// The run that it is of.
    package let run: RunFolder
  }

  /// The run whose data is meant: of several the first.
  package let folder: RunFolder
  package let members: [Member]
  /// Which model of a run it is; `nil` for members that are neither.
  package let kind: RunFolder.Model?

  /// - Parameters:
  ///   - path: the folder of a run, or of the runs of an ensemble.
  ///   - wanted: which of a run's models; `nil` for the usual ones: snapshots where there are several, otherwise the best. Of an ensemble
  ///     whose members kept snapshots, those of all members.
  /// - Throws: `Failure` for a folder that holds neither.
  package init(_ path: String, wanted: RunFolder.Model?) throws(Failure) {
    if !RunFolder(path).isRun, TrainingSeries.Kind.found(in: path) == .members {
      let folders = TrainingSeries.Kind.members.folders(in: path).filter(\.isRun)
      folder = TrainingSeries.Kind.members.folder(1, in: path)
      var members: [Member] = []
      for run in folders {
        if let own = run.snapshots(wanted) {
          members += own.map { Member(name: "\(run.name)/member-\($0.number)", path: $0.path, run: run) }
        } else {
          members.append(Member(name: run.name, path: try run.file(of: wanted ?? run.usualModel), run: run))
        }
      }
      self.members = members
      kind = wanted
      return
    }
    let run = try RunFolder.existing(path)
    folder = run
    if let own = run.snapshots(wanted) {
      members = own.map { Member(name: "member-\($0.number)", path: $0.path, run: run) }
      kind = nil
      return
    }
    let model = wanted ?? run.usualModel
    members = [Member(name: model.rawValue, path: try run.file(of: model), run: run)]
    kind = model
  }

  /// Whether several answer together.
  package var isEnsemble: Bool { members.count > 1 }

  /// Reads all of them.
  /// - Parameter model: whose parameters they are.
  /// - Throws: `FormatError`, `StateError`.
  package func states(of model: any Layer) throws -> [ModelState] {
    let known = LayerPath.parameters(of: model).map { (path: $0.path, shape: $0.parameter.shape) }
    return try members.map { try ModelState(contentsOf: $0.path, for: known) }
  }
}

extension RunFolder {
  /// The models that answer together in place of one, where there are such and no one model is wanted.
  fileprivate func snapshots(_ wanted: Model?) -> [(number: Int, path: String)]? {
    guard wanted == nil else { return nil }
    let own = members
    return own.count > 1 || !exists(modelPath) && !own.isEmpty ? own : nil
  }

  /// The last part of its path.
  fileprivate var name: String { path.split(separator: "/").last.map(String.init) ?? path }
}
