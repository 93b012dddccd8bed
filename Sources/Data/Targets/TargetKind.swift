/// What the samples of a dataset are labelled with.
public enum TargetKind: Hashable, Sendable {
  /// A class each; `Dataset.labels` has them.
  case classes
  /// Numbers each, which a model is to predict: one for every name.
  case values(names: [String])
  /// Tensors each, of any shape and either element type; none, where a loss needs nothing but the inputs.
  case tensors([SampleField])

  /// How many numbers a sample has; 0 for classes.
  public var valueCount: Int {
    if case .values(let names) = self { return names.count }
    return 0
  }
}
