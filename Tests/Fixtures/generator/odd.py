"""odd.safetensors: values and gradients at zeros, infinities and NaN, where formulas meet 0 times infinity."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from .files import write_safetensors

PLACES = [0.0, -0.0, 1e-30, -1e-30, 0.5, 1.0, -1.0, 2.0, -2.0, 3.0, 6.0, 30.0, -30.0, 3e38, -3e38, math.inf, -math.inf, math.nan]

UNARY = {
  "negate": torch.neg, "absolute": torch.abs, "sign": torch.sign, "square": torch.square, "squareRoot": torch.sqrt,
  "reciprocalSquareRoot": torch.rsqrt, "reciprocal": torch.reciprocal, "exponential": torch.exp, "logarithm": torch.log,
  "sine": torch.sin, "cosine": torch.cos, "relu": torch.relu, "relu6": F.relu6, "sigmoid": torch.sigmoid, "hyperbolicTangent": torch.tanh,
  "gelu": lambda x: F.gelu(x, approximate="tanh"), "silu": F.silu, "softplus": F.softplus,
  "roundDown": torch.floor, "roundToEven": torch.round, "errorFunction": torch.erf, "logarithmOnePlus": torch.log1p,
  "exponentialMinusOne": torch.expm1, "selu": F.selu, "mish": F.mish, "softsign": F.softsign, "hardSigmoid": F.hardsigmoid,
  "hardSwish": F.hardswish, "exactGelu": F.gelu,
}
# Functions with numbers of their own, as they are called.
OTHERS = {
  "clamp": lambda x: x.clamp(-1, 2), "clampBelow": lambda x: x.clamp(min=0.5), "clampAbove": lambda x: x.clamp(max=-0.0),
  "clampCrossed": lambda x: x.clamp(1, -1), "leakyRelu": lambda x: F.leaky_relu(x, 0.1), "steepRelu": lambda x: F.leaky_relu(x, -2.0),
  "flatRelu": lambda x: F.leaky_relu(x, 0.0), "ceil": torch.ceil, "pow0": lambda x: x.pow(0), "pow1": lambda x: x.pow(1),
  "pow2": lambda x: x.pow(2), "pow3": lambda x: x.pow(3), "powHalf": lambda x: x.pow(0.5), "powMinus1": lambda x: x.pow(-1),
  "powMinus2.5": lambda x: x.pow(-2.5), "elu": lambda x: F.elu(x, 0.75), "celu": lambda x: F.celu(x, 1.5), "hardtanh": F.hardtanh,
  "softplus2": lambda x: F.softplus(x, 2),
}
BINARY = {
  "add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div, "maximum": torch.maximum,
  "minimum": torch.minimum, "power": torch.pow, "leakyRelu": torch.ops.aten._prelu_kernel,
}
LOSSES = {"mse": F.mse_loss, "l1": F.l1_loss, "huber": F.huber_loss}

_INFINITY, _NAN = math.inf, math.nan
ROWS = [
  [0, 1, 2], [_INFINITY, 0, 1], [-_INFINITY, 0, 1], [-_INFINITY, -_INFINITY, -_INFINITY], [_NAN, 0, 1], [3e38, -3e38, 0], [1, 1, 1],
  [_INFINITY, _INFINITY, 0], [0, _INFINITY, -_INFINITY], [200, 0, -200], [-_INFINITY, -_INFINITY, 5],
]
UPSTREAM = [1.0, 2.0, -1.0]
ROW_FUNCTIONS = {
  "softmax": lambda x: F.softmax(x, -1), "logSoftmax": lambda x: F.log_softmax(x, -1),
  "max": lambda x: torch.amax(x, -1, keepdim=True).expand(-1, 3), "min": lambda x: torch.amin(x, -1, keepdim=True).expand(-1, 3),
  "logSumExp": lambda x: torch.logsumexp(x, -1, keepdim=True).expand(-1, 3),
  "variance": lambda x: torch.var(x, -1, keepdim=True).expand(-1, 3),
  "standardDeviation": lambda x: torch.std(x, -1, correction=0, keepdim=True).expand(-1, 3),
  "norm1": lambda x: torch.linalg.vector_norm(x, 1, -1, keepdim=True).expand(-1, 3),
  "norm2": lambda x: torch.linalg.vector_norm(x, 2, -1, keepdim=True).expand(-1, 3),
  "norm3": lambda x: torch.linalg.vector_norm(x, 3, -1, keepdim=True).expand(-1, 3),
  "normInfinity": lambda x: torch.linalg.vector_norm(x, math.inf, -1, keepdim=True).expand(-1, 3),
}
PRODUCTS = [[2.0, 3, 4], [0.0, 3, 4], [0.0, 0, 4], [-0.0, -3, 4], [0.0, 0, 0], [1, -1, 0.5], [1e30, 1e30, 1], [_INFINITY, 2, 1], [_NAN, 2, 1]]
# One NaN to a window at most: of several, PyTorch hands the gradient to the last.
IMAGE = [
  [1, _NAN, -_INFINITY, -_INFINITY, 0, -1], [0, 2, -_INFINITY, -_INFINITY, -2, -3], [_INFINITY, 1, 3e38, 2, _INFINITY, _NAN],
  [_INFINITY, 0, 1, 1, -_INFINITY, 0],
]


class Tensors(dict):
  """Numbers of any kind: what is finite under the name, and under `name/kind` 0 for that, 1, -1 for the infinities, 2 for NaN."""

  def keep(self, name, tensor):
    array = tensor.detach().numpy().astype(np.float32)
    self[name] = np.where(np.isfinite(array), array, np.float32(0))
    self[f"{name}/kind"] = np.where(np.isnan(array), 2, np.where(np.isinf(array), np.sign(np.nan_to_num(array)), 0)).astype(np.int32)

  def keep_gradients(self, name, output, upstream, **leaves):
    self.keep(f"{name}/output", output)
    output.backward(upstream)
    for leaf, tensor in leaves.items():
      self.keep(f"{name}/{leaf}", torch.zeros_like(tensor) if tensor.grad is None else tensor.grad)


def generate(path) -> list[str]:
  tensors = Tensors()
  places = torch.tensor(PLACES)
  tensors.keep("places", places)
  first, second = (pair.flatten() for pair in torch.meshgrid(places, places, indexing="ij"))
  for name, function in UNARY.items():
    # One at a time: whole vectors of a NaN go another way through PyTorch's relu6, where the gradient gets lost.
    x = [place.reshape(1).clone().requires_grad_() for place in places]
    output = torch.cat([function(each) for each in x])
    tensors.keep(f"{name}/output", output)
    output.backward(torch.ones_like(output))
    tensors.keep(f"{name}/x", torch.cat([each.grad for each in x]))
  for name, function in OTHERS.items():
    x = [place.reshape(1).clone().requires_grad_() for place in places]
    output = torch.cat([function(each) for each in x])
    tensors.keep(f"{name}/one/output", output)
    output.backward(torch.ones_like(output))
    tensors.keep(f"{name}/one/x", torch.cat([each.grad for each in x]))
  for name, function in BINARY.items():
    a, b = first.clone().requires_grad_(), second.clone().requires_grad_()
    output = function(a, b)
    tensors.keep_gradients(name, output, torch.ones_like(output), a=a, b=b)
  for name, function in LOSSES.items():
    a, b = first.clone().requires_grad_(), second.clone().requires_grad_()
    tensors.keep_gradients(name, function(a, b, reduction="sum").reshape(1), None, a=a, b=b)
  tensors.keep("rows", torch.tensor(ROWS, dtype=torch.float32))
  for name, function in ROW_FUNCTIONS.items():
    x = torch.tensor(ROWS, dtype=torch.float32, requires_grad=True)
    output = function(x)
    tensors.keep_gradients(name, output, torch.tensor(UPSTREAM).expand_as(output), x=x)
  rows = torch.tensor(ROWS, dtype=torch.float32)
  tensors.keep("argmax", torch.argmax(rows, -1))
  tensors.keep("argmin", torch.argmin(rows, -1))
  # One row at a time: PyTorch's rule depends on whether there is a 0 anywhere.
  x = [torch.tensor([row], requires_grad=True) for row in PRODUCTS]
  output = torch.cat([torch.prod(each, -1) for each in x])
  tensors.keep("products", torch.cat(x))
  tensors.keep("product/output", output)
  output.sum().backward()
  tensors.keep("product/x", torch.cat([each.grad for each in x]))
  for label in range(3):
    x = torch.tensor(ROWS, dtype=torch.float32, requires_grad=True)
    output = F.cross_entropy(x, torch.full((len(ROWS),), label), reduction="sum").reshape(1)
    tensors.keep_gradients(f"crossEntropy{label}", output, None, x=x)
  image = torch.tensor(IMAGE, dtype=torch.float32)
  tensors.keep("image", image)
  for name, before in (("maxPool", lambda x: x), ("reluMaxPool", torch.relu)):
    x = image.clone().requires_grad_()
    output = F.max_pool2d(before(x)[None, None], 2)[0, 0]
    tensors.keep_gradients(name, output, torch.ones_like(output), x=x)
  write_safetensors(path, tensors, {
    "unary": list(UNARY), "others": list(OTHERS), "binary": list(BINARY), "losses": list(LOSSES), "rows": list(ROW_FUNCTIONS), "upstream": UPSTREAM,
  })
  return [f"{len(UNARY) + len(OTHERS) + len(BINARY)} functions at {len(PLACES)} places, {len(LOSSES)} losses, {len(ROWS)} rows"]
