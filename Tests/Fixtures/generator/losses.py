"""losses.safetensors: losses and their gradients, with their options and reductions and at large logits, in float64, stored as float32."""

import torch
from torch.nn import functional as F
from torchvision.ops import sigmoid_focal_loss

from .files import write_safetensors
from .layers import Recorder

ROWS, CLASSES = 7, 11
LABELS = [i * 3 % CLASSES for i in range(ROWS)]
IGNORED = [LABELS[i] if i % 3 else -100 for i in range(ROWS)]
WEIGHTS = [0.25 * (1 + i % 5) for i in range(CLASSES)]
REDUCTIONS = ("mean", "sum", "none")


def focal(x, labels, reduction, gamma=2.0, alpha=1.0):
  logarithm = F.log_softmax(x, -1).gather(1, labels[:, None])[:, 0]
  loss = -alpha * (1 - logarithm.exp()) ** gamma * logarithm
  return loss if reduction == "none" else getattr(loss, reduction)()


def hinge(x, t, reduction, power=1):
  loss = torch.relu(1 - x * t) ** power
  return loss if reduction == "none" else getattr(loss, reduction)()


def weights(x):
  return torch.tensor(WEIGHTS, dtype=x.dtype)


# Of logits [7, 11] and labels. name: (the logits' range, labels, the function of logits, labels and reduction, options)
OF_LABELS = {
  "nll": (5, LABELS, lambda x, y, r: F.nll_loss(F.log_softmax(x, -1), y, reduction=r), {}),
  "cross-entropy": (5, LABELS, lambda x, y, r: F.cross_entropy(x, y, reduction=r), {}),
  "cross-entropy-smoothing": (5, LABELS, lambda x, y, r: F.cross_entropy(x, y, label_smoothing=0.1, reduction=r), {"smoothing": 0.1}),
  "cross-entropy-weights": (5, LABELS, lambda x, y, r: F.cross_entropy(x, y, weights(x), reduction=r), {"class_weights": WEIGHTS}),
  "cross-entropy-ignored": (5, IGNORED, lambda x, y, r: F.cross_entropy(x, y, reduction=r), {"ignored": -100}),
  "cross-entropy-weights-ignored": (
    5, IGNORED, lambda x, y, r: F.cross_entropy(x, y, weights(x), reduction=r), {"class_weights": WEIGHTS, "ignored": -100}),
  "cross-entropy-large": (1e4, LABELS, lambda x, y, r: F.cross_entropy(x, y, reduction=r), {}),
  "multi-margin": (3, LABELS, lambda x, y, r: F.multi_margin_loss(x, y, reduction=r), {}),
  "multi-margin-squared": (3, LABELS, lambda x, y, r: F.multi_margin_loss(x, y, p=2, margin=0.5, reduction=r), {"margin": 0.5}),
  "multi-margin-large": (1e4, LABELS, lambda x, y, r: F.multi_margin_loss(x, y, reduction=r), {}),
  "focal": (5, LABELS, focal, {}),
  "focal-options": (5, LABELS, lambda x, y, r: focal(x, y, r, 0.5, 0.25), {"gamma": 0.5, "alpha": 0.25}),
  "focal-large": (1e4, LABELS, focal, {}),
}


def of_classes(function):
  def compute(x, y, reduction):
    return function(F.softmax(x, -1), F.one_hot(y, CLASSES).to(x.dtype), reduction)
  return compute


def each_sample(loss, reduction):
  """What a sample's elements come to; PyTorch has no such reduction."""
  loss = loss.mean(1)
  return loss if reduction == "none" else getattr(loss, reduction)()


# Of outputs and values [7, 3]. name: (the outputs' range, the values, function of outputs, values and reduction, options)
OF_VALUES = {
  "smooth-l1": (2, "any", lambda x, t, r: F.smooth_l1_loss(x, t, reduction=r), {}),
  "smooth-l1-beta": (2, "any", lambda x, t, r: F.smooth_l1_loss(x, t, beta=0.3, reduction=r), {"beta": 0.3}),
  "bce": ("share", "share", lambda x, t, r: F.binary_cross_entropy(x, t, reduction=r), {}),
  "bce-logits": (5, "share", lambda x, t, r: F.binary_cross_entropy_with_logits(x, t, reduction=r), {}),
  "bce-logits-positive": (
    5, "bits", lambda x, t, r: F.binary_cross_entropy_with_logits(x, t, pos_weight=torch.tensor([0.5, 1, 3], dtype=x.dtype), reduction=r),
    {"positive": [0.5, 1, 3]}),
  "bce-logits-large": (1e4, "bits", lambda x, t, r: F.binary_cross_entropy_with_logits(x, t, reduction=r), {}),
  "hinge": (2, "signs", hinge, {}),
  "hinge-squared": (2, "signs", lambda x, t, r: hinge(x, t, r, 2), {}),
  "hinge-large": (1e4, "signs", hinge, {}),
  "binary-focal": (5, "bits", lambda x, t, r: sigmoid_focal_loss(x, t, reduction=r), {}),
  "binary-focal-options": (5, "bits", lambda x, t, r: sigmoid_focal_loss(x, t, -1, 3, reduction=r), {"gamma": 3, "alpha": -1}),
  "binary-focal-large": (1e4, "bits", lambda x, t, r: sigmoid_focal_loss(x, t, reduction=r), {}),
}


def targets(kind, dtype):
  numbers = torch.arange(21).reshape(7, 3)
  if kind == "share":
    return ((numbers * 5 % 21).to(dtype) + 0.5) / 22
  bits = (numbers * 5 % 7 < 3).to(dtype)
  return bits if kind == "bits" else bits * 2 - 1


def of_labels(recorder):
  cases = dict(OF_LABELS)
  for name, function in (("mse", F.mse_loss), ("mae", F.l1_loss)):
    cases[f"{name}-classes"] = (3, LABELS, of_classes(lambda p, t, r, f=function: each_sample(f(p, t, reduction="none"), r)), {})
  cases["bce-classes"] = (3, LABELS, lambda x, y, r: each_sample(
    F.binary_cross_entropy_with_logits(x, F.one_hot(y, CLASSES).to(x.dtype), reduction="none"), r), {})
  for name, (scale, labels, function, options) in cases.items():
    for reduction in REDUCTIONS:
      recorder.add(
        f"{name}/{reduction}", {"input": {"shape": [ROWS, CLASSES], "scale": scale}},
        lambda leaves, f=function, y=labels, r=reduction: {"output": f(leaves["input"], torch.tensor(y), r)},
        {"labels": labels, "reduction": reduction, **options})


def of_values(recorder):
  for name, (scale, kind, function, options) in OF_VALUES.items():
    for reduction in REDUCTIONS:
      x = {"shape": [7, 3], "scale": 0.5, "offset": 0.5} if scale == "share" else {"shape": [7, 3], "scale": scale}
      inputs = {"input": x}
      if kind == "any":
        inputs["values"] = {"shape": [7, 3], "scale": 2}

      def run(leaves, f=function, k=kind, r=reduction):
        x = leaves["input"]
        return {"output": f(x, leaves["values"] if k == "any" else targets(k, x.dtype), r)}

      recorder.add(f"{name}/{reduction}", inputs, run, {
        "reduction": reduction, **({} if kind == "any" else {"targets": targets(kind, torch.float64).flatten().tolist()}), **options})


def of_distributions(recorder):
  """Each row of `values` becomes a distribution by softmax; one of divergence's has zeros."""
  inputs = {"input": {"shape": [ROWS, CLASSES], "scale": 5}, "values": {"shape": [ROWS, CLASSES], "scale": 2}}
  for reduction in REDUCTIONS:
    for smoothing in (0.0, 0.2):
      recorder.add(
        f"distributions{'-smoothing' if smoothing else ''}/{reduction}", inputs,
        lambda leaves, s=smoothing, r=reduction: {
          "output": F.cross_entropy(leaves["input"], F.softmax(leaves["values"], -1), label_smoothing=s, reduction=r)},
        {"smoothing": smoothing, "reduction": reduction})
    recorder.add(
      f"divergence/{reduction}", inputs,
      lambda leaves, r=reduction: {
        "output": F.kl_div(F.log_softmax(leaves["input"], -1), F.softmax(leaves["values"], -1), reduction=r)}, {"reduction": reduction})
    recorder.add(
      f"divergence-zeros/{reduction}", {"input": inputs["input"]},
      lambda leaves, r=reduction: {
        "output": F.kl_div(F.log_softmax(leaves["input"], -1), F.one_hot(torch.tensor(LABELS), CLASSES).double().to(leaves["input"].dtype),
                           reduction=r)}, {"labels": LABELS, "reduction": reduction})


def generate(path) -> list[str]:
  recorder = Recorder()
  for family in (of_labels, of_values, of_distributions):
    family(recorder)
  write_safetensors(path, recorder.tensors, {**recorder.cases, "cases": list(recorder.cases)})
  case = max(recorder.errors, key=recorder.errors.get)
  return [f"{len(recorder.cases)} cases; float32 departs from float64 by at most {recorder.errors[case]:.1e} ({case})"]
