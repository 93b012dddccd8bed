import GlissadeTensors

/// What LARS and LAMB scale a parameter's step by.
/// - Parameters:
///   - ratio: the formula's, which may be anything where a norm is 0.
///   - first: a norm of each parameter.
///   - second: another.
/// - Returns: the ratio; 1 where one of the norms is 0.
func trusted(_ ratio: Tensor, where first: Tensor, _ second: Tensor) -> Tensor {
  let isUsual = first.applying(.positive) * second.applying(.positive)
  // Of a ratio that is infinite, or none of a number, nothing may be left where it does not count.
  return isUsual.combined(with: ratio, .reluGradient) + (1 - isUsual)
}
