/// What the outputs for a batch are compared with, lent by whoever has the memory.
public enum BatchTargets {
  /// A class number for each sample.
  case classes(UnsafeBufferPointer<Int32>)
  /// For each sample and class, how much −log of the class's probability counts in the loss, and how much of a right answer it is to name
  /// that class: two matrices [samples, classes]; see `ClassTargets`.
  case distributions(weights: UnsafeBufferPointer<Float>, credit: UnsafeBufferPointer<Float>)
  /// Numbers for each sample: [samples, values].
  case values(UnsafeBufferPointer<Float>)
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

  /// For messages.
  public var description: String {
    switch self {
    case .labels: "class numbers"
    case .distributions(let targets, _): "distributions over \(targets.classCount) classes"
    case .values(let count): "\(count) value\(count == 1 ? "" : "s")"
    }
  }

  /// Numbers for each sample, matrix by matrix.
  var widths: [Int] {
    switch self {
    case .labels: []
    case .distributions(let targets, _): [targets.classCount, targets.classCount]
    case .values(let count): [count]
    }
  }
}

extension Dataset {
  /// The plain form of what this dataset's samples are labelled with.
  public var plainEncoding: TargetEncoding {
    switch targets {
    case .classes: .labels
    case .values(let names): .values(names.count)
    }
  }
}
