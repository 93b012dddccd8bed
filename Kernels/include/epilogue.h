// What matmul and convolution do to a sum before they store it.
#ifndef GLISSADE_EPILOGUE_H
#define GLISSADE_EPILOGUE_H

/// `activation` of an `Epilogue`.
enum {
  ACTIVATION_NONE = 0,
  ACTIVATION_RELU = 1,
  ACTIVATION_SIGMOID = 2,
  ACTIVATION_TANH = 3,
  ACTIVATION_GELU = 4,   // the tanh form, as gelu_16
  ACTIVATION_SILU = 5,
  ACTIVATION_RELU6 = 6,
  // Those that few networks have, from ACTIVATION_RARE on. `number` is the epilogue's.
  ACTIVATION_RARE = 7,
  ACTIVATION_LEAKY_RELU = 7,        // where v <= 0: number v
  ACTIVATION_SLOPES = 8,            // the same with a slope for each column, in the mask's buffer; there is no mask then
  ACTIVATION_SLOPE = 9,             // the same with one for all of them
  ACTIVATION_ELU = 10,              // number is alpha
  ACTIVATION_CELU = 11,             // number is alpha
  ACTIVATION_SELU = 12,
  ACTIVATION_EXACT_GELU = 13,
  ACTIVATION_MISH = 14,
  ACTIVATION_SOFTPLUS = 15,
  ACTIVATION_SOFTSIGN = 16,
  ACTIVATION_CLAMP = 17,            // from number to limit
  ACTIVATION_HARD_SWISH = 18,
  ACTIVATION_HARD_SIGMOID = 19
};

/// `hasMask` of an `Epilogue`.
enum {
  MASK_NONE = 0,
  MASK_RELU = 1,    // 0 where mask <= 0
  MASK_RELU6 = 2    // 0 where mask <= 0 or mask >= 6
};

/// The parts that kernels are compiled with where KERNEL_PARTS is defined, as bits: an OpenCL driver that somebody waits for is spared
/// what no launch asks for. Activations and masks are at the bit with their number, counted from these.
enum {
  EPILOGUE_SCALE = 0,
  EPILOGUE_BIAS = 1,
  EPILOGUE_RESIDUAL = 2,
  CONVOLUTION_ONE_TAP = 3,     // 1 x 1 kernels
  EPILOGUE_MASKS = 4,
  CONVOLUTION_MORE_TAPS = 7,   // larger ones
  EPILOGUE_ACTIVATIONS = 8
};

/// What happens to each sum v of an output's row (a matrix row, a pixel) and column (a matrix column, a channel), in this order:
///
///     v *= scale[column];  v += bias[column];  v += residual[row, column];  v = activation(v)
///     v = mask[row, column] > 0 ? v : 0        (a ReLU's gradient, applied to a computed input gradient; ReLU6: and below 6)
///
/// Each operand is a buffer of its own; one whose flag is 0 is never read, so pass any valid buffer. residual and mask are laid out like
/// the output, and residual may be the output's own slice. Offsets in units of 16 floats.
typedef struct {
  int scale, bias, residual, mask;
  int hasScale, hasBias, hasResidual;            // 0 or 1
  int hasMask;                                   // one of MASK_...
  int activation;                                // one of ACTIVATION_...
  float number, limit;                           // of some activations
} Epilogue;

#endif
