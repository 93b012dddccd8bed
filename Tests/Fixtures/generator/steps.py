"""steps.safetensors: 100 steps of each optimizer over two groups under a schedule, by PyTorch or their papers' formulas, in double precision: with
momentum that cycles, gradients that are clipped, penalties, maximum norms and averages of the weights. And steps of L-BFGS."""

import numpy as np
import torch

from . import optimizers
from .files import write_safetensors
from .optimizers import SHAPES
from .streams import values

STEPS = 100
TOLD = (25, 50, 75, 100)
EPOCH = 20
SECOND = {"lr": 0.3, "weight_decay": 1e-2}
MOMENTUM = (0.85, 0.95)
PENALTY = (2e-2, 5e-2)

_ADAM = {"optimizer": "Adam", "base_lr": 0.02, "betas": [0.9, 0.98], "eps": 1e-6}
_ADAMW = {**_ADAM, "optimizer": "AdamW", "weight_decay": 0.0}
_SGD = {"optimizer": "SGD", "base_lr": 0.1}
_MOMENTUM = {**_SGD, "momentum": 0.9}

VARIANTS = {
  "sgd": _SGD,
  "momentum": {**_MOMENTUM, "cycles": True},
  "nesterov": {**_MOMENTUM, "nesterov": True, "cycles": True},
  "adagrad": {"optimizer": "Adagrad", "base_lr": 0.05, "eps": 1e-8},
  "adadelta": {"optimizer": "Adadelta", "base_lr": 1.0, "rho": 0.9, "eps": 1e-6},
  "rmsprop": {"optimizer": "RMSprop", "base_lr": 0.01, "alpha": 0.95, "eps": 1e-7},
  "rmsprop-momentum": {"optimizer": "RMSprop", "base_lr": 0.01, "alpha": 0.95, "eps": 1e-7, "momentum": 0.8, "cycles": True},
  "adam": {**_ADAM, "cycles": True},
  "adam-amsgrad": {**_ADAM, "amsgrad": True, "cycles": True},
  "adamw": {**_ADAMW, "cycles": True},
  "adamax": {**_ADAM, "optimizer": "Adamax", "cycles": True},
  "nadam": {**_ADAM, "optimizer": "NAdam", "momentum_decay": 4e-3},
  "radam": {**_ADAM, "optimizer": "RAdam", "cycles": True},
  "lion": {"optimizer": "Lion", "base_lr": 0.005, "betas": [0.9, 0.98], "weight_decay": 0.0, "cycles": True},
  "lars": {"optimizer": "LARS", "base_lr": 1.0, "momentum": 0.9, "trust": 0.02, "eps": 1e-8, "weight_decay": 0.0, "cycles": True},
  "lamb": {"optimizer": "LAMB", "base_lr": 0.02, "betas": [0.9, 0.98], "eps": 1e-6, "weight_decay": 0.0, "cycles": True},
  "momentum-clip-norm": {**_MOMENTUM, "clip_norm": 3.0},
  "momentum-clip-value": {**_MOMENTUM, "clip_value": 0.5},
  "momentum-clip-ratio": {**_MOMENTUM, "clip_ratio": 0.3},
  "adamw-clip-all": {**_ADAMW, "clip_ratio": 0.9, "clip_value": 0.4, "clip_norm": 2.0},
  "momentum-elastic": {**_MOMENTUM, "penalty": True},
  "adam-elastic-clip-norm": {**_ADAM, "penalty": True, "clip_norm": 3.0},
  "sgd-maximum-norm": {**_SGD, "maximum_norm": 0.8},
  "adam-ema": {**_ADAM, "ema": 0.95, "cycles": True},
  "momentum-ema": {**_MOMENTUM, "ema": 0.9},
  "adam-swa": {**_ADAM, "swa": 3},
}


def _stepwise(options: dict) -> dict:
  """A variant of `optimizers`, as one of these: clipping by its name here; the papers' formulas have a decay, be it none."""
  options = {"clip_norm" if name == "max_norm" else name: value for name, value in options.items()}
  return {"weight_decay": 0.0, **options} if hasattr(optimizers, options["optimizer"]) else options


# All that are there with one group and 50 steps.
VARIANTS |= {f"every/{name}": _stepwise(options) for name, options in optimizers.VARIANTS.items()}


def clip_ratio(parameters, ratio: float):
  """Brock et al. 2021, as timm's adaptive_clip_grad."""
  def size(x):
    return x.norm() if x.ndim < 2 else x.norm(dim=tuple(range(1, x.ndim)), keepdim=True)
  for p in parameters:
    limit = size(p.detach()).clamp(min=1e-3) * ratio
    length = size(p.grad)
    p.grad = torch.where(length < limit, p.grad, p.grad * (limit / length.clamp(min=1e-6)))


def average_of(variant: dict, model):
  """PyTorch's AveragedModel, with TensorFlow's warm-up for the exponential mean."""
  from torch.optim.swa_utils import AveragedModel
  if "swa" in variant:
    return AveragedModel(model)
  if "ema" not in variant:
    return None

  def mean(average, new, count):
    decay = min(variant["ema"], (1 + float(count)) / (10 + float(count)))
    return decay * average + (1 - decay) * new
  return AveragedModel(model, avg_fn=mean)


def run(variant: dict):
  """Returns the parameters [4, 48] after the steps that are told, and their averages where there are any."""
  options = {key: value for key, value in variant.items() if key not in (
    "optimizer", "base_lr", "cycles", "clip_norm", "clip_value", "clip_ratio", "penalty", "maximum_norm", "ema", "swa")}
  kind = getattr(optimizers, variant["optimizer"], None) or getattr(torch.optim, variant["optimizer"])
  if "betas" in options:
    options["betas"] = tuple(options["betas"])
  parameters = {
    name: torch.nn.Parameter(torch.from_numpy(values(f"optimizer/{name}/initial", shape, 0.5)).double()) for name, shape in SHAPES.items()
  }
  model = torch.nn.ParameterDict(parameters)
  base = variant["base_lr"]
  rates = [base, base * SECOND["lr"]]
  groups = [
    {"params": [model["a"]], "lr": rates[0]}, {"params": [model["b"]], "lr": rates[1], "weight_decay": SECOND["weight_decay"]}]
  optimizer = kind(groups, lr=base, foreach=False, **options)
  scheduler = torch.optim.lr_scheduler.OneCycleLR(
    optimizer, max_lr=rates, total_steps=STEPS, cycle_momentum=variant.get("cycles", False), base_momentum=MOMENTUM[0],
    max_momentum=MOMENTUM[1])
  average = average_of(variant, model)
  told, averages = [], []
  for step in range(STEPS):
    for name, parameter in model.items():
      parameter.grad = torch.from_numpy(values(f"optimizer/{name}/gradient/{step % 50}", SHAPES[name])).double()
      if variant.get("penalty"):
        parameter.grad += PENALTY[0] * parameter.detach().sign() + PENALTY[1] * parameter.detach()
    if "clip_ratio" in variant:
      clip_ratio(model.values(), variant["clip_ratio"])
    if "clip_value" in variant:
      torch.nn.utils.clip_grad_value_(model.values(), variant["clip_value"], foreach=False)
    if "clip_norm" in variant:
      torch.nn.utils.clip_grad_norm_(model.values(), variant["clip_norm"], foreach=False)
    optimizer.step()
    scheduler.step()
    if "maximum_norm" in variant:
      with torch.no_grad():
        model["a"].copy_(model["a"].renorm(2, 0, variant["maximum_norm"]))
    isLast = (step + 1) % EPOCH == 0
    if average is not None and ("ema" in variant or isLast and step // EPOCH + 1 >= variant["swa"]):
      average.update_parameters(model)
    if step + 1 in TOLD:
      told.append(torch.cat([parameter.detach().flatten() for parameter in model.values()]).numpy().copy())
      if average is not None:
        averages.append(torch.cat([parameter.detach().flatten() for parameter in average.module.values()]).numpy().copy())
  return np.stack(told), averages


DESCENTS = {
  "lbfgs": {"max_iter": 5, "history_size": 10},
  "lbfgs-short-history": {"max_iter": 3, "history_size": 2, "weight_decay": 1e-2},
  "lbfgs-fixed-step": {"max_iter": 4, "history_size": 5, "lr": 0.5, "line_search_fn": None},
}
SAMPLES, FEATURES, CLASSES, DESCENT_STEPS = 64, 6, 4, 5


def descend(options: dict):
  """Where steps of L-BFGS over a softmax regression lead [5, 28], and the loss before each [5]."""
  options = {"line_search_fn": "strong_wolfe", "lr": 1.0, **options}
  decay = options.pop("weight_decay", 0.0)
  x = torch.from_numpy(values("descent/features", (SAMPLES, FEATURES), 2.0)).double()
  labels = torch.from_numpy(np.argmax(values("descent/labels", (SAMPLES, CLASSES)) + x.numpy()[:, :CLASSES] * 0.3, axis=1))
  layer = torch.nn.Linear(FEATURES, CLASSES).double()
  with torch.no_grad():
    layer.weight.copy_(torch.from_numpy(values("descent/weight", (CLASSES, FEATURES), 0.3)))
    layer.bias.zero_()
  optimizer = torch.optim.LBFGS(layer.parameters(), **options)

  def loss():
    return torch.nn.functional.cross_entropy(layer(x), labels)

  def closure():
    optimizer.zero_grad()
    value = loss() + decay / 2 * sum((p * p).sum() for p in layer.parameters())
    value.backward()
    return value
  told, losses = [], []
  for _ in range(DESCENT_STEPS):
    losses.append(loss().item())
    optimizer.step(closure)
    told.append(torch.cat([p.detach().flatten() for p in layer.parameters()]).numpy().copy())
  return np.stack(told), np.array(losses), labels.numpy().astype(np.int32)


def generate(path) -> list[str]:
  tensors, metadata, summary = {}, {}, []
  for name, variant in VARIANTS.items():
    told, averages = run(variant)
    tensors[f"{name}/told"] = told
    if averages:
      tensors[f"{name}/averages"] = np.stack(averages)
    metadata[name] = variant
    summary.append(f"{name}: values reach {float(np.abs(told).max()):.2f}")
  for name, options in DESCENTS.items():
    told, losses, labels = descend(options)
    tensors[f"{name}/told"], tensors[f"{name}/losses"], tensors["descent/labels"] = told, losses, labels
    metadata[name] = {key: value for key, value in options.items() if value is not None}
    summary.append(f"{name}: losses {', '.join(f'{loss:.5f}' for loss in losses)}")
  metadata["variants"], metadata["descents"] = list(VARIANTS), list(DESCENTS)
  write_safetensors(path, tensors, metadata)
  return summary
