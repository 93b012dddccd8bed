import GlissadeKernels
import GlissadeTensors

/// The operands of a fused epilogue: the kernels' last four buffers, and what they are told of them.
struct EpilogueArguments {
  var arguments: [Lowering.Argument] = [.unused, .unused, .unused, .unused]
  var scale: Slot?
  var bias: Slot?
  var residual: Slot?
  var mask: Slot?
  var maskKind: Int32 = Int32(MASK_NONE)
  var activation: Int32 = Int32(ACTIVATION_NONE)
  /// Of some activations.
  var number: Float = 0
  var limit: Float = 0

  /// What a kernel has to be able to do.
  var parts: KernelParts {
    [
      KernelParts(EPILOGUE_SCALE, if: scale != nil), KernelParts(EPILOGUE_BIAS, if: bias != nil),
      KernelParts(EPILOGUE_RESIDUAL, if: residual != nil),
      KernelParts(EPILOGUE_MASKS + Int(maskKind), if: maskKind != MASK_NONE),
      KernelParts(EPILOGUE_ACTIVATIONS + Int(activation), if: activation != ACTIVATION_NONE),
    ]
  }

  func make(_ unit: (Slot?) -> Int32) -> Epilogue {
    Epilogue(
      scale: unit(scale), bias: unit(bias), residual: unit(residual), mask: unit(mask), hasScale: scale == nil ? 0 : 1,
      hasBias: bias == nil ? 0 : 1, hasResidual: residual == nil ? 0 : 1, hasMask: maskKind, activation: activation, number: number,
      limit: limit)
  }

  /// - Returns: the slopes, where these are a value.
  fileprivate mutating func set(_ fused: FusedActivation) -> ValueID? {
    var kind = ACTIVATION_NONE
    var slopes: ValueID?
    switch fused {
    case .plain(let function): kind = Self.number(of: function)
    case .leakyRelu(let slope): (kind, number) = (ACTIVATION_LEAKY_RELU, slope)
    case .slopes(let value, let isShared): (kind, slopes) = (isShared ? ACTIVATION_SLOPE : ACTIVATION_SLOPES, value)
    case .elu(let alpha): (kind, number) = (ACTIVATION_ELU, alpha)
    case .celu(let alpha): (kind, number) = (ACTIVATION_CELU, alpha)
    case .clamp(let lower, let upper): (kind, number, limit) = (ACTIVATION_CLAMP, lower, upper)
    }
    activation = Int32(kind)
    return slopes
  }

  private static func number(of function: UnaryFunction) -> Int {
    switch function {
    case .relu: ACTIVATION_RELU
    case .relu6: ACTIVATION_RELU6
    case .sigmoid: ACTIVATION_SIGMOID
    case .hyperbolicTangent: ACTIVATION_TANH
    case .gelu: ACTIVATION_GELU
    case .silu: ACTIVATION_SILU
    case .selu: ACTIVATION_SELU
    case .exactGelu: ACTIVATION_EXACT_GELU
    case .mish: ACTIVATION_MISH
    case .softplus: ACTIVATION_SOFTPLUS
    case .softsign: ACTIVATION_SOFTSIGN
    case .hardSwish: ACTIVATION_HARD_SWISH
    case .hardSigmoid: ACTIVATION_HARD_SIGMOID
    default: ACTIVATION_NONE
    }
  }
}

extension Lowering {
  mutating func epilogueArguments(_ fused: Fusion.FusedEpilogue?) -> EpilogueArguments {
    var result = EpilogueArguments()
    guard let fused else { return result }
    result.scale = fused.scale.map { slot($0) }
    result.bias = fused.bias.map { slot($0) }
    result.residual = fused.residual.map { slot($0) }
    let slopes = fused.activation.flatMap { result.set($0) }
    result.mask = (fused.mask ?? slopes).map { slot($0) }
    if fused.mask != nil { result.maskKind = Int32(fused.isMaskBounded ? MASK_RELU6 : MASK_RELU) }
    result.arguments = [result.scale, result.bias, result.residual, result.mask].map { $0.map { .read($0) } ?? .unused }
    return result
  }
}
