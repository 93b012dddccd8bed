import GlissadePlanning
import GlissadeTensors

/// Muon (Jordan et al. 2024), as PyTorch's `Muon`: momentum whose direction is made orthogonal, so that all of a matrix's singular directions are
/// followed alike. For each parameter that is a matrix [rows, columns] (`MatrixOptimizer`):
///
///     b ← μ·b + (1 − μ)·g
///     u = (1 − μ)·g + μ·b with Nesterov, else b
///     O ≈ U·Vᵀ, where u = U·Σ·Vᵀ: X = u / max(‖u‖, 1e-7), then, as often as `iterations` says,
///         A = X·Xᵀ;  X ← a·X + (b·A + c·A²)·X,  a = 3.4445, b = −4.7750, c = 2.0315 (Newton and Schulz's iteration, by a quintic)
///     p ← p − γ·λ·p − γ·s·O,  s = √max(1, rows / columns), or 0.2·√max(rows, columns) where it matches AdamW
///
/// The iteration brings singular values to between 0.7 and 1.2 rather than to 1, which does as well. Here it is in float32, in PyTorch in bfloat16.
/// Matrices of one shape are multiplied together, so that launches do not grow with their number.
///
/// All other parameters are trained by AdamW, with a learning rate of their own. Its authors leave embeddings and the last layer to AdamW, too:
/// `--group 'head:optimizer=adamw'`.
public struct Muon: MatrixOptimizer {
  public static let name = "muon"

  /// γ, of matrices.
  public var learningRate: Double
  /// μ.
  public var momentum: Double
  /// Whether the gradient's own direction counts once more (Nesterov).
  public var isNesterov: Bool
  /// How often the iteration is done; a whole number.
  public var orthogonalizations: Double
  /// Whether steps are as large as AdamW's usually are (Liu et al. 2025), so that its learning rate and weight decay are right.
  public var matchesAdamW: Bool
  /// λ, apart from the gradient, of all parameters.
  public var weightDecay: Double
  /// The learning rate of AdamW, for what is no matrix.
  public var othersLearningRate: Double
  /// β₁ of AdamW.
  public var beta1: Double
  /// β₂ of AdamW.
  public var beta2: Double
  /// ε of AdamW.
  public var epsilon: Double
  /// Whether it goes uphill.
  public var isMaximizing: Bool

  /// - Parameters:
  ///   - learningRate: γ; default 0.02, its authors'.
  ///   - momentum: μ.
  ///   - isNesterov: default yes.
  ///   - orthogonalizations: how often the iteration is done, at least once; default 5.
  ///   - matchesAdamW: PyTorch's `adjust_lr_fn="match_rms_adamw"`; default not.
  ///   - weightDecay: λ.
  ///   - othersLearningRate: AdamW's rate.
  ///   - beta1: AdamW's.
  ///   - beta2: AdamW's.
  ///   - epsilon: AdamW's.
  ///   - isMaximizing: default not.
  public init(
    learningRate: Double = 0.02, momentum: Double = 0.95, isNesterov: Bool = true, orthogonalizations: Int = 5, matchesAdamW: Bool = false,
    weightDecay: Double = 0, othersLearningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    isMaximizing: Bool = false
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.isNesterov = isNesterov
    self.orthogonalizations = Double(orthogonalizations)
    self.matchesAdamW = matchesAdamW
    self.weightDecay = weightDecay
    self.othersLearningRate = othersLearningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.isMaximizing = isMaximizing
  }

  public static var hyperparameters: [Hyperparameter] {
    [
      learningRate, .number("momentum", \Self.momentum, .belowOne, "Momentum."),
      .flag("nesterov", \Self.isNesterov, "Nesterov momentum."),
      .number("orthogonalizations", \Self.orthogonalizations, .count, "Iterations that make a step orthogonal."),
      .flag("match_adamw", \Self.matchesAdamW, "Steps as large as AdamW's usually are, for its learning rates."),
      .weightDecay(\Self.weightDecay),
      .number("others_lr", \Self.othersLearningRate, .positive, "Learning rate of what is no matrix, which AdamW trains."),
      .beta1(\Self.beta1), .beta2(\Self.beta2), .epsilon(\Self.epsilon), .maximize(\Self.isMaximizing),
    ]
  }

  public var companion: any Optimizer {
    AdamW(
      learningRate: othersLearningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, isMaximizing: isMaximizing)
  }

  public var stateNames: [String] { ["momentum_buffer"] }

  public func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let (count, matches) = (Int(orthogonalizations), matchesAdamW)
    let momentum = step.momentum(momentum)
    let buffer = state["momentum_buffer"].moving(towards: g, keeping: momentum)
    let direction = step.matrices(isNesterov ? g + (buffer - g) * momentum : buffer) { matrices in
      Self.orthogonal(matrices, count: count) * Self.scale(matrices.shape, matches)
    }
    let decay = weightDecay
    let way = decay == 0 ? direction * step.rate : p * step.number { $0.rate * decay } + direction * step.rate
    return (p - way, ["momentum_buffer": buffer])
  }

  /// What a step's size is multiplied with, by its matrix's shape.
  private static func scale(_ shape: Shape, _ matchesAdamW: Bool) -> Float {
    let (rows, columns) = (Double(shape[1]), Double(shape[2]))
    return Float(matchesAdamW ? 0.2 * max(rows, columns).squareRoot() : max(1, rows / columns).squareRoot())
  }

  /// Matrices [matrices, rows, columns] with singular values of about 1 and the same singular vectors.
  private static func orthogonal(_ matrices: Tensor, count: Int) -> Tensor {
    let isTall = matrices.shape[1] > matrices.shape[2]
    let size = (matrices * matrices).sum(axes: [1, 2], keepingAxes: true).sqrt()
    var x = matrices / maximum(size, matrices.graph.constant(1e-7))
    for _ in 0..<count {
      // X·Xᵀ of what is wide, Xᵀ·X of what is tall: the smaller one, which is as good.
      let gram = isTall ? x.matmul(x, transposeSelf: true) : x.matmul(x, transposeOther: true)
      let polynomial = gram * -4.7750 + gram.matmul(gram) * 2.0315
      x = x * 3.4445 + (isTall ? x.matmul(polynomial) : polynomial.matmul(x))
    }
    return x
  }
}
