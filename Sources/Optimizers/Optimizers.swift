/// The optimizers that are known by name, each with the numbers that it has where nobody gives others.
public enum Optimizers {
  /// In the order in which they are listed for people.
  public static let all: [any Optimizer] = [SGD(), RMSprop(learningRate: 1e-3), Adam(), AdamW()]

  /// Their names.
  public static var names: [String] { all.map { type(of: $0).name } }

  /// The one of a name; `nil` for an unknown name.
  public static func named(_ name: String) -> (any Optimizer)? { all.first { type(of: $0).name == name } }
}
