"""activations.safetensors: activations and their gradients, at ordinary numbers, in float64, stored as float32."""

import torch
from torch.nn import functional as F

from .files import write_safetensors
from .layers import Recorder, to_nchw, to_nhwc

# name: (the numbers' range, the function)
ACTIVATIONS = {
  "gelu": (5, F.gelu), "mish": (8, F.mish), "softplus-beta": (12, lambda x: F.softplus(x, 2.5)), "softsign": (8, F.softsign),
  "leaky-relu": (3, F.leaky_relu), "leaky-relu-slope": (3, lambda x: F.leaky_relu(x, 0.3)), "elu": (5, F.elu),
  "elu-alpha": (5, lambda x: F.elu(x, 0.4)), "selu": (5, F.selu), "celu": (5, F.celu), "celu-alpha": (5, lambda x: F.celu(x, 0.6)),
  "hardtanh": (3, F.hardtanh), "hardtanh-bounds": (3, lambda x: F.hardtanh(x, -0.5, 2.0)), "relu6": (9, F.relu6),
  "hardswish": (5, F.hardswish), "hardsigmoid": (5, F.hardsigmoid),
}
# Slopes that are learnt: one, and one for each channel.
SLOPES = {"prelu": 1, "prelu-channels": 6}


def generate(path) -> list[str]:
  recorder = Recorder()
  for case, (scale, function) in ACTIVATIONS.items():
    recorder.add(
      case, {"input": {"shape": [3, 37], "scale": scale}}, lambda leaves, function=function: {"output": function(leaves["input"])})
  for case, count in SLOPES.items():
    recorder.add(
      case, {"input": {"shape": [2, 3, 4, 6], "scale": 2}, "weight": {"shape": [count], "scale": 0.5}},
      lambda leaves: {"output": to_nhwc(F.prelu(to_nchw(leaves["input"]), leaves["weight"]))})
  write_safetensors(path, recorder.tensors, {**recorder.cases, "cases": list(recorder.cases)})
  return [f"{len(recorder.cases)} cases; float32 departs from float64 by at most {max(recorder.errors.values()):.1e}"]
