/// What the outputs for a batch are compared with, lent by whoever has the memory.
public enum BatchTargets {
  /// A class number for each sample.
  case classes(UnsafeBufferPointer<Int32>)
  /// For each sample and class, how much −log of the class's probability counts in the loss, and how much of a right answer it is to name
  /// that class: two matrices [samples, classes]; see `ClassTargets`.
  case distributions(weights: UnsafeBufferPointer<Float>, credit: UnsafeBufferPointer<Float>)
  /// Numbers for each sample: [samples, values].
  case values(UnsafeBufferPointer<Float>)
  /// Whatever else it is; it stands with the inputs in `Batch.fields`.
  case fields
}

/// In which form a loader hands over what its samples are labelled with.
public enum TargetEncoding: Sendable, CustomStringConvertible {
  /// As class numbers.
  case labels
  /// As distributions over classes, which is what class weights and mixed samples come to.
  /// - Parameter mixing: blends samples of a batch; `nil` leaves them alone.
  case distributions(ClassTargets, mixing: (any SampleMixing)?)
  /// As so many numbers for each sample.
  case values(Int)
  /// As tensors.
  case tensors([SampleField])
  /// As they are, class numbers, values or tensors, with how much each sample counts in the loss; where samples are mixed, also the targets of
  /// what each was mixed with, how much those count, and the share of each sample that is still its own.
  case weighted(SampleWeighting, mixing: (any SampleMixing)?)

  /// For messages.
  public var description: String {
    switch self {
    case .labels: "class numbers"
    case .distributions(let targets, _): "distributions over \(targets.classCount) classes"
    case .values(let count): "\(count) value\(count == 1 ? "" : "s")"
    case .tensors(let fields): fields.isEmpty ? "nothing" : fields.map { $0.description }.joined(separator: ", ")
    case .weighted(_, let mixing): mixing == nil ? "targets with weights" : "targets of mixed samples"
    }
  }

  /// What is handed over behind inputs and targets: elements for each sample, field by field.
  /// - Parameter targets: what samples are labelled with.
  func extras(_ targets: [SampleField]) -> [Int] {
    switch self {
    case .labels, .values, .tensors: []
    case .distributions(let targets, let mixing): [targets.classCount, targets.classCount] + (mixing == nil ? [] : [1, 1])
    case .weighted(_, let mixing): [1] + (mixing == nil ? [] : targets.map(\.size) + [1, 1])
    }
  }
}

extension Dataset {
  /// The plain form of what this dataset's samples are labelled with.
  public var plainEncoding: TargetEncoding {
    switch targets {
    case .classes: .labels
    case .values(let names): .values(names.count)
    case .tensors(let fields): .tensors(fields)
    }
  }
}
