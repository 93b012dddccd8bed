/// What is trained from an epoch on: a step of gradual unfreezing.
///
/// A phase lists all groups, those of the phases before among them. What an optimizer remembers of a parameter stays with the parameter; one that
/// is new begins with an empty memory, and should be in a group of its own, because a group counts its steps together.
public struct TrainingPhase: Sendable {
  /// The first epoch, from 1.
  public var firstEpoch: Int
  /// What is trained and how.
  public var groups: [ParameterGroup]

  /// - Parameters:
  ///   - firstEpoch: from 1.
  ///   - groups: what is trained and how.
  public init(firstEpoch: Int, groups: [ParameterGroup]) {
    self.firstEpoch = firstEpoch
    self.groups = groups
  }
}

extension TrainingOptions {
  /// The groups of an epoch.
  /// - Parameter epoch: from 1.
  public func groups(inEpoch epoch: Int) -> [ParameterGroup] {
    phase(ofEpoch: epoch).map { laterPhases[$0].groups } ?? groups
  }

  /// Which of the later phases an epoch belongs to; `nil` for the first.
  func phase(ofEpoch epoch: Int) -> Int? { laterPhases.lastIndex { $0.firstEpoch <= epoch } }

  /// - Throws: `TrainingError` for phases that are not one behind the other.
  func checkPhases() throws(TrainingError) {
    var last = 1
    for phase in laterPhases {
      guard phase.firstEpoch > last else {
        throw .invalid(
          option: "the first epoch of a training phase", value: "\(phase.firstEpoch)",
          requirement: "above \(last), where the one before begins")
      }
      last = phase.firstEpoch
      if phase.groups.isEmpty { throw .nothingToTrain }
    }
  }
}
