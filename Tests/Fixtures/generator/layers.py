"""layers.safetensors: single layers, losses and activations on small odd shapes, in float64, stored as float32."""

import numpy as np
import torch
from torch.nn import functional as F

from .files import write_safetensors
from .streams import values

POOL_SHAPE = [2, 9, 12, 5]

# name: (input shape [N, H, W, C], weight shape [out, kH, kW, in / groups], options of conv2d as (height, width))
CONVOLUTIONS = {
  "conv-stride-padding": ([2, 9, 8, 3], [5, 3, 3, 3], {"stride": [2, 2], "padding": [1, 1]}),
  "conv-dilation": ([2, 9, 8, 3], [5, 3, 3, 3], {"padding": [1, 1], "dilation": [2, 2]}),
  "conv-groups": ([2, 7, 6, 6], [4, 3, 3, 3], {"padding": [1, 1], "groups": 2}),
  "conv-all": ([2, 11, 10, 6], [8, 3, 3, 3], {"stride": [2, 2], "padding": [1, 1], "dilation": [2, 2], "groups": 2}),
  "conv-uneven": ([2, 9, 11, 3], [5, 5, 2, 3], {"stride": [2, 1], "padding": [2, 0], "dilation": [1, 3]}),
  "conv-pointwise-stride": ([2, 7, 8, 5], [3, 1, 1, 5], {"stride": [2, 2]}),
  "conv-depthwise": ([2, 7, 8, 5], [5, 3, 3, 1], {"padding": [1, 1], "groups": 5}),
  "conv-depthwise-multiplier": ([2, 7, 8, 3], [6, 3, 3, 1], {"stride": [2, 2], "padding": [1, 1], "groups": 3}),
}

ACTIVATIONS = {
  "relu": (3, F.relu), "sigmoid": (8, torch.sigmoid), "tanh": (4, torch.tanh), "silu": (8, F.silu),
  "gelu-tanh": (5, lambda x: F.gelu(x, approximate="tanh")), "softplus": (30, F.softplus),
}


def to_nchw(x):
  return x.permute(0, 3, 1, 2) if x.dim() == 4 else x


def to_nhwc(x):
  return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


class Recorder:
  """Collects the cases, each run in float64 (which is stored) and in float32 (whose error is noted)."""

  def __init__(self):
    self.tensors, self.cases, self.errors = {}, {}, {}

  def leaf(self, stream, entry, dtype):
    array = values(f"layers/{stream}", entry["shape"], entry["scale"], entry.get("offset", 0))
    array = np.floor(array) if entry.get("floor") else array
    return torch.from_numpy(array).to(dtype).requires_grad_()

  def add(self, case, inputs, run, options=None):
    """`run` maps leaves (a dict, NHWC) to outputs (a dict, NHWC); the upstream gradient of `output` is a stream, of a scalar 1."""
    results = []
    for dtype in (torch.float64, torch.float32):
      leaves = {name: self.leaf(f"{case}/{name}", entry, dtype) for name, entry in inputs.items()}
      outputs = run(leaves)
      output = outputs["output"]
      shape = list(output.shape)
      upstream = torch.from_numpy(values(f"layers/{case}/upstream", shape)).to(dtype) if shape else None
      output.backward(upstream)
      found = {name: value.detach() for name, value in outputs.items()}
      found.update({f"gradient/{name}": value.grad for name, value in leaves.items() if value.grad is not None})
      results.append({name: value.contiguous().numpy().reshape(value.shape or (1,)) for name, value in found.items()})
    self.store(case, results, {"inputs": inputs, "options": options or {}, "upstream": shape or "1"})

  def store(self, case, results, description):
    double, single = results
    worst = 0.0
    for name, array in double.items():
      if array.dtype.kind == "f":
        worst = max(worst, float(np.abs(array - single[name]).max() / max(1, np.abs(array).max())))
      self.tensors[f"{case}/{name}"] = array.astype(np.int32 if array.dtype.kind == "i" else np.float32)
    self.cases[case] = description
    self.errors[case] = worst


def pools(recorder):
  options = {"kernel": [3, 3], "stride": [2, 2], "padding": [1, 1]}

  def max_pool(leaves):
    return {"output": to_nhwc(F.max_pool2d(to_nchw(leaves["input"]), 3, 2, 1))}

  recorder.add("maxpool", {"input": {"shape": POOL_SHAPE, "scale": 1}}, max_pool, options)
  # Whole numbers -3 … 2: many windows hold their largest value more than once, and the first one takes the gradient.
  recorder.add("maxpool-ties", {"input": {"shape": POOL_SHAPE, "scale": 3, "floor": True}}, max_pool, options)
  for counts in (True, False):
    recorder.add(
      f"avgpool-{'with' if counts else 'without'}-padding", {"input": {"shape": POOL_SHAPE, "scale": 1}},
      lambda leaves, counts=counts: {"output": to_nhwc(F.avg_pool2d(to_nchw(leaves["input"]), 3, 2, 1, count_include_pad=counts))},
      {**options, "count_include_pad": counts})


def convolutions(recorder):
  for case, (shape, weight, options) in CONVOLUTIONS.items():
    inputs = {"input": {"shape": shape, "scale": 1}, "weight": {"shape": weight, "scale": 0.5}, "bias": {"shape": weight[:1], "scale": 0.5}}

    def convolve(leaves, options=options):
      return {"output": to_nhwc(F.conv2d(to_nchw(leaves["input"]), to_nchw(leaves["weight"]), leaves["bias"], **options))}

    recorder.add(case, inputs, convolve, options)


def batch_norm(recorder):
  """Two training steps of one batch norm (the weights stay), then evaluation of the second input."""
  case, shape = "batchnorm", [3, 4, 5, 6]
  weight = {"shape": [6], "scale": 0.5, "offset": 1}
  inputs = {"input": {"shape": shape, "scale": 2, "offset": 0.75}, "weight": weight, "bias": {"shape": [6], "scale": 0.5}}
  results = []
  for dtype in (torch.float64, torch.float32):
    mean, variance, found = torch.zeros(6, dtype=dtype), torch.ones(6, dtype=dtype), {}
    for number in range(2):
      x = recorder.leaf(f"{case}/input/{number}", inputs["input"], dtype)
      w, b = (recorder.leaf(f"{case}/{name}", inputs[name], dtype) for name in ("weight", "bias"))
      y = to_nhwc(F.batch_norm(to_nchw(x), mean, variance, w, b, training=True, momentum=0.1, eps=1e-5))
      y.backward(torch.from_numpy(values(f"layers/{case}/upstream/{number}", shape)).to(dtype))
      found.update({
        f"{number}/output": y.detach(), f"{number}/gradient/input": x.grad, f"{number}/gradient/weight": w.grad,
        f"{number}/gradient/bias": b.grad, f"{number}/running_mean": mean.clone(), f"{number}/running_var": variance.clone(),
      })
    evaluated = F.batch_norm(to_nchw(x), mean, variance, w, b, training=False, eps=1e-5)
    found["evaluation"] = to_nhwc(evaluated).detach()
    results.append({name: value.contiguous().numpy() for name, value in found.items()})
  recorder.store(case, results, {"inputs": inputs, "options": {"momentum": 0.1, "eps": 1e-5}, "upstream": shape})


# name: (input shape [N, H, W, C], of the weight and bias, the function of NHWC leaves, options)
NORMALISATIONS = {
  "layernorm": ([5, 7, 6], [6], lambda x, w, b: F.layer_norm(x, [6], w, b), {"axes": 1}),
  "layernorm-two-axes": ([4, 3, 5], [3, 5], lambda x, w, b: F.layer_norm(x, [3, 5], w, b, 1e-3), {"axes": 2, "eps": 1e-3}),
  "rmsnorm": ([5, 13], [13], lambda x, w, b: F.rms_norm(x, [13], w), {"axes": 1}),
  "groupnorm": ([3, 4, 5, 6], [6], lambda x, w, b: to_nhwc(F.group_norm(to_nchw(x), 3, w, b)), {"groups": 3}),
  "groupnorm-one": ([2, 3, 1, 5], [5], lambda x, w, b: to_nhwc(F.group_norm(to_nchw(x), 1, w, b)), {"groups": 1}),
  "instancenorm": ([3, 4, 5, 6], [6], lambda x, w, b: to_nhwc(F.instance_norm(to_nchw(x), weight=w, bias=b)), {"groups": 6}),
}


def normalisations(recorder):
  for case, (shape, weight, function, options) in NORMALISATIONS.items():
    inputs = {"input": {"shape": shape, "scale": 2, "offset": 0.75}, "weight": {"shape": weight, "scale": 0.5, "offset": 1}}
    if case != "rmsnorm":
      inputs["bias"] = {"shape": weight, "scale": 0.5}
    recorder.add(
      case, inputs,
      lambda leaves, function=function: {"output": function(leaves["input"], leaves["weight"], leaves.get("bias"))}, options)


def others(recorder):
  recorder.add(
    "upsample-nearest", {"input": {"shape": [2, 3, 4, 5], "scale": 1}},
    lambda leaves: {"output": to_nhwc(F.interpolate(to_nchw(leaves["input"]), scale_factor=(2, 3), mode="nearest"))}, {"factors": [2, 3]})

  def squeeze(leaves):
    x = to_nchw(leaves["input"])
    y = F.relu(F.conv2d(x.mean((2, 3), keepdim=True), to_nchw(leaves["fc1"]), leaves["bias1"]))
    return {"output": to_nhwc(x * torch.sigmoid(F.conv2d(y, to_nchw(leaves["fc2"]), leaves["bias2"])))}

  recorder.add("squeeze-excitation", {
    "input": {"shape": [3, 4, 5, 6], "scale": 2}, "fc1": {"shape": [2, 1, 1, 6], "scale": 1}, "bias1": {"shape": [2], "scale": 1},
    "fc2": {"shape": [6, 1, 1, 2], "scale": 1}, "bias2": {"shape": [6], "scale": 1}}, squeeze)


def losses(recorder):
  rows, classes = 7, 11
  labels = [i * 3 % classes for i in range(rows)]
  for case, smoothing in (("cross-entropy", 0.0), ("cross-entropy-smoothing", 0.1)):
    recorder.add(
      case, {"input": {"shape": [rows, classes], "scale": 5}},
      lambda leaves, smoothing=smoothing: {
        "output": F.cross_entropy(leaves["input"], torch.tensor(labels), label_smoothing=smoothing)},
      {"labels": labels, "label_smoothing": smoothing, "reduction": "mean"})


def weighted_losses(recorder):
  """Class weights and two labels for each sample, as `cross_entropy` of class numbers has them: λ·CE(y) + (1 − λ)·CE(z)."""
  rows, classes, share = 7, 11, 0.7
  labels = [i * 3 % classes for i in range(rows)]
  partners = [(i + 3) % rows for i in range(rows)]
  weights = [0.25 * (1 + i % 5) for i in range(classes)]
  for case, options in {
    "cross-entropy-weights": {"class_weights": weights},
    "cross-entropy-weights-smoothing": {"class_weights": weights, "label_smoothing": 0.1},
    "cross-entropy-mixed": {"partners": partners, "share": share},
    "cross-entropy-mixed-weights-smoothing": {
      "class_weights": weights, "label_smoothing": 0.2, "partners": partners, "share": share},
  }.items():
    def compute(leaves, options=options):
      x = leaves["input"]
      weight = torch.tensor(options["class_weights"], dtype=x.dtype) if "class_weights" in options else None

      def of(targets):
        return F.cross_entropy(x, torch.tensor(targets), weight=weight, label_smoothing=options.get("label_smoothing", 0.0))

      if "partners" not in options:
        return {"output": of(labels)}
      return {"output": share * of(labels) + (1 - share) * of([labels[i] for i in options["partners"]])}

    recorder.add(case, {"input": {"shape": [rows, classes], "scale": 5}}, compute, {"labels": labels, "reduction": "mean", **options})


def value_losses(recorder):
  for case, loss in {
    "mse": F.mse_loss, "l1": F.l1_loss, "huber": lambda x, y: F.huber_loss(x, y, delta=0.7),
  }.items():
    recorder.add(
      case, {"input": {"shape": [7, 3], "scale": 2}, "values": {"shape": [7, 3], "scale": 2}},
      lambda leaves, loss=loss: {"output": loss(leaves["input"], leaves["values"])},
      {"reduction": "mean", **({"delta": 0.7} if case == "huber" else {})})


def activations(recorder):
  for case, function in (("softmax", F.softmax), ("log-softmax", F.log_softmax)):
    recorder.add(
      case, {"input": {"shape": [5, 17], "scale": 6}}, lambda leaves, function=function: {"output": function(leaves["input"], -1)})
  for case, (scale, function) in ACTIVATIONS.items():
    recorder.add(
      case, {"input": {"shape": [3, 37], "scale": scale}}, lambda leaves, function=function: {"output": function(leaves["input"])})


def generate(path) -> list[str]:
  recorder = Recorder()
  for family in (pools, convolutions, batch_norm, normalisations, others, losses, weighted_losses, value_losses, activations):
    family(recorder)
  write_safetensors(path, recorder.tensors, {
    **recorder.cases, "cases": list(recorder.cases), "float32-errors": {case: float(f"{e:.3g}") for case, e in recorder.errors.items()},
  })
  case = max(recorder.errors, key=recorder.errors.get)
  return [f"{len(recorder.cases)} cases; float32 departs from float64 by at most {recorder.errors[case]:.1e} ({case})"]
