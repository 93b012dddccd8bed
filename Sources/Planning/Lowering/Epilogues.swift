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
      hasBias: bias == nil ? 0 : 1, hasResidual: residual == nil ? 0 : 1, hasMask: maskKind, activation: activation)
  }
}

extension Lowering {
  mutating func epilogueArguments(_ fused: Fusion.FusedEpilogue?) -> EpilogueArguments {
    var result = EpilogueArguments()
    guard let fused else { return result }
    result.scale = fused.scale.map { slot($0) }
    result.bias = fused.bias.map { slot($0) }
    result.residual = fused.residual.map { slot($0) }
    result.mask = fused.mask.map { slot($0) }
    if fused.mask != nil { result.maskKind = Int32(fused.isMaskBounded ? MASK_RELU6 : MASK_RELU) }
    result.arguments = [result.scale, result.bias, result.residual, result.mask].map { $0.map { .read($0) } ?? .unused }
    result.activation =
      switch fused.activation {
      case .relu: Int32(ACTIVATION_RELU)
      case .relu6: Int32(ACTIVATION_RELU6)
      case .sigmoid: Int32(ACTIVATION_SIGMOID)
      case .hyperbolicTangent: Int32(ACTIVATION_TANH)
      case .gelu: Int32(ACTIVATION_GELU)
      case .silu: Int32(ACTIVATION_SILU)
      default: Int32(ACTIVATION_NONE)
      }
    return result
  }
}
