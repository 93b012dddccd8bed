import GlissadePlanning
import GlissadeTensors

/// An optimizer for matrices, which leaves all other parameters to another one. A parameter counts as a matrix if it has two axes or more: its first
/// axis are the rows, all others together the columns, as in a convolution's weights [outputs, height · width · inputs]. Biases, and scales and
/// shifts of norms, are vectors.
///
/// Where a group has both, they are trained as two groups (`TrainingSession`).
public protocol MatrixOptimizer: Optimizer {
  /// What trains the parameters that are no matrices.
  var companion: any Optimizer { get }
}

extension MatrixOptimizer {
  /// What trains a parameter of some shape: this one, or its companion.
  package func optimizer(for shape: Shape) -> any Optimizer { shape.matrix == nil ? companion : self }
}
