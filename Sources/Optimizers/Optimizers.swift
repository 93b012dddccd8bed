/// The optimizers that are known by name, each with the numbers that it has where nobody gives others.
public enum Optimizers {
  /// An optimizer under a name; some have several.
  public struct Entry: Sendable {
    /// What commands and recipes call it.
    public let name: String
    /// With its usual numbers.
    public let rule: any Optimizer
    /// The numbers that it has.
    public var hyperparameters: [Hyperparameter] { type(of: rule).hyperparameters }

    init(_ rule: any Optimizer, as name: String? = nil) {
      self.rule = rule
      self.name = name ?? type(of: rule).name
    }
  }

  /// In the order in which they are listed for people.
  public static let all = [
    Entry(SGD()), Entry(SGD(momentum: 0.9), as: "momentum"), Entry(SGD(momentum: 0.9, isNesterov: true), as: "nesterov"), Entry(Adagrad()),
    Entry(Adadelta()), Entry(RMSprop(learningRate: 1e-3)), Entry(Adam()), Entry(AdamW()), Entry(Adamax()), Entry(NAdam()), Entry(RAdam()),
    Entry(Lion()), Entry(LARS()), Entry(LAMB()), Entry(Muon()), Entry(LBFGS()),
  ]
  /// Their names.
  public static var names: [String] { all.map(\.name) }
  /// The one of a name; `nil` for an unknown name.
  public static func named(_ name: String) -> Entry? { all.first { $0.name == name } }
}
