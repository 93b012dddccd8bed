import Synchronization

/// Names a parameter for as long as the process lives: copies of a layer share it, so a layer used twice shares its weights.
public struct ParameterID: Hashable, Sendable {
  private let number: Int
  private static let next = Atomic<Int>(0)
  init() { number = Self.next.add(1, ordering: .relaxed).oldValue }
}

/// A tensor that belongs to a model: weights that are trained, or statistics that a layer keeps.
///
/// A parameter is a description (name, shape, how it starts); its numbers live in an arena of the device that trains it. Its path in the
/// model follows the names of the properties that hold it, as in `layer1.0.conv1.weight`.
public struct Parameter: Sendable {
  /// What a parameter is for.
  public enum Role: Hashable, Sendable {
    /// Learned by gradient descent.
    case weight
    /// Kept by the layer itself (running statistics); has no gradient and is saved with the model.
    case statistic
  }

  /// Identity; copies of this value share it.
  public let id = ParameterID()
  /// The last component of the path, as PyTorch users know it: `weight`, `bias`, `running_mean`.
  public let name: String
  /// The extents.
  public let shape: Shape
  /// How its values start.
  public let initializer: Initializer
  /// Trained or kept.
  public let role: Role

  /// - Parameters:
  ///   - name: the last component of its path.
  ///   - shape: its extents.
  ///   - initializer: how its values start; default zeros.
  ///   - role: default `.weight`.
  public init(_ name: String, shape: Shape, initializer: Initializer = .zeros, role: Role = .weight) {
    self.name = name
    self.shape = shape
    self.initializer = initializer
    self.role = role
  }
}
