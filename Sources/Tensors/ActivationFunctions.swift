// Activations, as functions of each element. Products and convolutions apply all of them (softplus for β = 1) when they store, where nothing else
// reads what they are applied to. Values and gradients are PyTorch's.

/// How a Gaussian error linear unit is computed.
public enum GELUForm: Hashable, Sendable {
  /// By the error function: PyTorch's default.
  case exact
  /// x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))): PyTorch's `approximate="tanh"`. Within 5·10⁻⁴ of the former, and quicker.
  case tanh
}

/// ReLU (Nair and Hinton 2010): max(x, 0).
public func relu(_ x: Tensor) -> Tensor { x.applying(.relu) }
/// ReLU6 (Krizhevsky 2010): min(max(x, 0), 6).
public func relu6(_ x: Tensor) -> Tensor { x.applying(.relu6) }
/// The logistic function 1 / (1 + e⁻ˣ).
public func sigmoid(_ x: Tensor) -> Tensor { x.applying(.sigmoid) }
/// The hyperbolic tangent.
public func tanh(_ x: Tensor) -> Tensor { x.applying(.hyperbolicTangent) }
/// Gaussian error linear unit (Hendrycks and Gimpel 2016): x·Φ(x), Φ(x) = (1 + erf(x/√2)) / 2.
/// - Parameter form: default the exact one, as in PyTorch.
public func gelu(_ x: Tensor, _ form: GELUForm = .exact) -> Tensor { x.applying(form == .exact ? .exactGelu : .gelu) }
/// x · sigmoid(x) (Elfwing, Uchibe and Doya 2018), also known as swish (Ramachandran, Zoph and Le 2017).
public func silu(_ x: Tensor) -> Tensor { x.applying(.silu) }
/// x · tanh(softplus(x)) (Misra 2019).
public func mish(_ x: Tensor) -> Tensor { x.applying(.mish) }
/// ln(1 + e^(β·x)) / β (Dugas et al. 2001), which is max(x, 0) made smooth.
/// - Parameter beta: β, not 0; default 1.
public func softplus(_ x: Tensor, beta: Float = 1) -> Tensor {
  guard beta != 0, beta.isFinite else {
    return x.graph.reject("softplus", [x], because: "beta is \(beta), and it has to be a number other than 0")
  }
  return beta == 1 ? x.applying(.softplus) : (x * beta).applying(.softplus) * (1 / beta)
}
/// x / (1 + |x|) (Bergstra et al. 2009).
public func softsign(_ x: Tensor) -> Tensor { x.applying(.softsign) }

/// x where it is above 0, otherwise slope·x (Maas, Hannun and Ng 2013; PyTorch's `leaky_relu`). The gradient at 0 is the slope.
/// - Parameter slope: default 0.01.
public func leakyRelu(_ x: Tensor, slope: Float = 0.01) -> Tensor { x.combined(with: x.graph.constant(slope), .leakyRelu) }
/// The same with slopes that are learnt, after broadcasting: one for all, or one for each channel (He et al. 2015; PyTorch's `prelu`).
public func leakyRelu(_ x: Tensor, slope: Tensor) -> Tensor { x.combined(with: slope, .leakyRelu) }

/// x where it is above 0, otherwise α·(eˣ − 1) (Clevert, Unterthiner and Hochreiter 2015).
/// - Parameter alpha: α; default 1.
public func elu(_ x: Tensor, alpha: Float = 1) -> Tensor {
  guard alpha.isFinite else { return x.graph.reject("elu", [x], because: "alpha is \(alpha), and it has to be a number") }
  return x.combined(with: x.graph.constant(alpha), .elu)
}
/// x where it is above 0, otherwise α·(e^(x/α) − 1), whose slope at 0 is 1 for every α (Barron 2017).
/// - Parameter alpha: α, above 0; default 1.
public func celu(_ x: Tensor, alpha: Float = 1) -> Tensor {
  guard alpha > 0, alpha.isFinite else { return x.graph.reject("celu", [x], because: "alpha is \(alpha), and it has to be above 0") }
  return x.combined(with: x.graph.constant(alpha), .celu)
}
/// λ·x where x is above 0, otherwise λ·α·(eˣ − 1), with the λ = 1.0507… and α = 1.6733… at which layers hand on mean 0 and variance 1
/// (Klambauer et al. 2017).
public func selu(_ x: Tensor) -> Tensor { x.applying(.selu) }

/// min(max(x, lower), upper). The gradient is 0 at the bounds and beyond them.
/// - Parameters:
///   - lower: default −1.
///   - upper: default 1.
public func hardtanh(_ x: Tensor, from lower: Float = -1, to upper: Float = 1) -> Tensor { x.clamped(from: lower, to: upper) }
/// min(max(x + 3, 0), 6) / 6 (Howard et al. 2019).
public func hardsigmoid(_ x: Tensor) -> Tensor { x.applying(.hardSigmoid) }
/// x · min(max(x + 3, 0), 6) / 6 (Howard et al. 2019).
public func hardswish(_ x: Tensor) -> Tensor { x.applying(.hardSwish) }
