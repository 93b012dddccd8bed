"""optimizers.safetensors: where 50 steps of each optimizer lead; those that PyTorch has not, by their papers' formulas."""

import math

import numpy as np
import torch

from .files import write_safetensors
from .streams import values

STEPS = 50
SHAPES = {"a": (7, 5), "b": (13,)}
WARM_UP = 10
LOWEST = 1e-5

_SGD = {"optimizer": "SGD", "base_lr": 0.1}
_RMSPROP = {"optimizer": "RMSprop", "base_lr": 0.01, "alpha": 0.95, "eps": 1e-7}
_ADAM = {"optimizer": "Adam", "base_lr": 0.02, "betas": [0.85, 0.98], "eps": 1e-6}
_ADAMW = {"optimizer": "AdamW", "base_lr": 0.02, "betas": [0.85, 0.98], "eps": 1e-6, "weight_decay": 0.05}

_ADAGRAD = {"optimizer": "Adagrad", "base_lr": 0.05, "eps": 1e-8}
_ADADELTA = {"optimizer": "Adadelta", "base_lr": 1.0, "rho": 0.9, "eps": 1e-6}
_ADAMAX = {**_ADAM, "optimizer": "Adamax"}
_NADAM = {**_ADAM, "optimizer": "NAdam", "momentum_decay": 4e-3}
_RADAM = {**_ADAM, "optimizer": "RAdam"}
_LION = {"optimizer": "Lion", "base_lr": 0.005, "betas": [0.9, 0.98]}
_LARS = {"optimizer": "LARS", "base_lr": 1.0, "momentum": 0.9, "trust": 0.02, "eps": 1e-8}
_MUON = {
  "optimizer": "Muon", "base_lr": 0.02, "momentum": 0.95, "nesterov": True, "ns_steps": 5, "match": False, "weight_decay": 0.1
}
_LAMB = {"optimizer": "LAMB", "base_lr": 0.02, "betas": [0.85, 0.98], "eps": 1e-6, "weight_decay": 0.05}


class _Formula(torch.optim.Optimizer):
  """What PyTorch has not, by its paper's formula; `move` takes a step of one parameter, with what is remembered of it."""

  def __init__(self, parameters, lr, foreach=False, maximize=False, **options):
    super().__init__(list(parameters), dict(lr=lr, sign=-1 if maximize else 1, **options))

  @torch.no_grad()
  def step(self):
    for group in self.param_groups:
      for p in group["params"]:
        memory = self.state[p]
        memory["step"] = memory.get("step", 0) + 1
        for name in self.MEMORY:
          memory.setdefault(name, torch.zeros_like(p))
        self.move(p, p.grad * group["sign"], memory, group)


class Lion(_Formula):
  """Chen et al. 2023, algorithm 2."""

  MEMORY = ["m"]

  def move(self, p, g, memory, o):
    (beta1, beta2), m = o["betas"], memory["m"]
    direction = (beta1 * m + (1 - beta1) * g).sign()
    p -= o["lr"] * (direction + o.get("weight_decay", 0) * p)
    memory["m"] = beta2 * m + (1 - beta2) * g


class LARS(_Formula):
  """You, Gitman and Ginsburg 2017, algorithm 1."""

  MEMORY = ["v"]

  def move(self, p, g, memory, o):
    decay, size, slope = o.get("weight_decay", 0), p.norm(), g.norm()
    ratio = o["trust"] * size / (slope + decay * size + o["eps"]) if size > 0 and slope > 0 else 1.0
    memory["v"] = o["momentum"] * memory["v"] + o["lr"] * ratio * (g + decay * p)
    p -= memory["v"]


class LAMB(_Formula):
  """You et al. 2020, algorithm 2, with the identity for phi."""

  MEMORY = ["m", "v"]

  def move(self, p, g, memory, o):
    (beta1, beta2), step = o["betas"], memory["step"]
    memory["m"] = beta1 * memory["m"] + (1 - beta1) * g
    memory["v"] = beta2 * memory["v"] + (1 - beta2) * g * g
    m, v = memory["m"] / (1 - beta1**step), memory["v"] / (1 - beta2**step)
    u = m / (v.sqrt() + o["eps"]) + o["weight_decay"] * p
    size, length = p.norm(), u.norm()
    p -= o["lr"] * (size / length if size > 0 and length > 0 else 1.0) * u


class Muon(_Formula):
  """PyTorch's torch.optim.Muon, whose own iteration is in bfloat16, in the parameters' type; what is no matrix by AdamW."""

  MEMORY = ["b", "m", "v"]

  def move(self, p, g, memory, o):
    if p.ndim < 2:
      (beta1, beta2), step = (0.9, 0.999), memory["step"]
      memory["m"] = beta1 * memory["m"] + (1 - beta1) * g
      memory["v"] = beta2 * memory["v"] + (1 - beta2) * g * g
      m, v = memory["m"] / (1 - beta1**step), memory["v"] / (1 - beta2**step)
      p *= 1 - o["lr"] * o["weight_decay"]
      p -= o["lr"] * m / (v.sqrt() + 1e-8)
      return
    memory["b"] = memory["b"].lerp(g, 1 - o["momentum"])
    update = g.lerp(memory["b"], o["momentum"]) if o["nesterov"] else memory["b"]
    x = update.T if update.size(0) > update.size(1) else update
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(o["ns_steps"]):
      gram = x @ x.T
      x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    x = x.T if update.size(0) > update.size(1) else x
    rows, columns = p.shape
    scale = 0.2 * math.sqrt(max(rows, columns)) if o["match"] else math.sqrt(max(1, rows / columns))
    p *= 1 - o["lr"] * o["weight_decay"]
    p -= o["lr"] * scale * x


VARIANTS = {
  "sgd": _SGD,
  "sgd-momentum": {**_SGD, "momentum": 0.9},
  "sgd-momentum-dampening-decay": {**_SGD, "momentum": 0.9, "dampening": 0.1, "weight_decay": 1e-2},
  "sgd-nesterov-decay": {**_SGD, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4},
  "sgd-momentum-clip": {**_SGD, "momentum": 0.9, "max_norm": 1.0},
  "sgd-momentum-clip-sometimes": {**_SGD, "momentum": 0.9, "max_norm": 4.0},
  "rmsprop": _RMSPROP,
  "rmsprop-momentum": {**_RMSPROP, "momentum": 0.8},
  "rmsprop-centered": {**_RMSPROP, "centered": True},
  "rmsprop-centered-momentum-decay": {**_RMSPROP, "centered": True, "momentum": 0.8, "weight_decay": 1e-2},
  "adam": _ADAM,
  "adam-decay": {**_ADAM, "weight_decay": 1e-2},
  "adam-amsgrad": {**_ADAM, "amsgrad": True},
  "adam-amsgrad-decay": {**_ADAM, "amsgrad": True, "weight_decay": 1e-2},
  "adamw": _ADAMW,
  "adamw-amsgrad": {**_ADAMW, "amsgrad": True},
  "adamw-clip": {**_ADAMW, "max_norm": 1.0},
  "sgd-long-momentum": {**_SGD, "momentum": 0.999, "dampening": 0.99},
  "rmsprop-long-memory": {**_RMSPROP, "base_lr": 1e-3, "alpha": 0.9999, "eps": 1e-5},
  "adam-long-memory": {**_ADAM, "betas": [0.9, 0.9999], "eps": 1e-5},
  "adamw-longest-memory": {**_ADAMW, "betas": [0.99, 1 - 1e-6], "weight_decay": 0.2, "eps": 1e-5},
  "sgd-maximize": {**_SGD, "momentum": 0.9, "weight_decay": 1e-2, "maximize": True},
  "adam-maximize": {**_ADAM, "maximize": True},
  "adagrad": _ADAGRAD,
  "adagrad-decays-initial": {**_ADAGRAD, "lr_decay": 0.05, "initial_accumulator_value": 0.1, "weight_decay": 1e-2},
  "adadelta": _ADADELTA,
  "adadelta-decay": {**_ADADELTA, "weight_decay": 1e-2},
  "adamax": _ADAMAX,
  "adamax-decay-clip": {**_ADAMAX, "weight_decay": 1e-2, "max_norm": 1.0},
  "nadam": _NADAM,
  "nadam-decay": {**_NADAM, "weight_decay": 1e-2},
  "nadam-decoupled": {**_NADAM, "weight_decay": 0.05, "decoupled_weight_decay": True},
  "radam": _RADAM,
  "radam-decay": {**_RADAM, "weight_decay": 1e-2, "betas": [0.85, 0.9]},
  "radam-decoupled-maximize": {**_RADAM, "weight_decay": 0.05, "decoupled_weight_decay": True, "maximize": True},
  "lion": _LION,
  "lion-decay-clip": {**_LION, "weight_decay": 0.1, "max_norm": 1.0},
  "lars": _LARS,
  "lars-decay-clip": {**_LARS, "weight_decay": 1e-2, "max_norm": 1.0},
  "lamb": _LAMB,
  "lamb-plain-maximize": {**_LAMB, "weight_decay": 0.0, "maximize": True},
  "muon": _MUON,
  "muon-plain-match-clip": {**_MUON, "nesterov": False, "match": True, "weight_decay": 0.0, "momentum": 0.8, "max_norm": 1.0},
  "muon-steps-maximize": {**_MUON, "ns_steps": 3, "maximize": True},
}


def learning_rate(base: float, step: int) -> float:
  """base * (step + 1) / 10 for ten steps, then a cosine from base towards 1e-5 over the other 40."""
  if step < WARM_UP:
    return base * (step + 1) / WARM_UP
  return LOWEST + (base - LOWEST) * (1 + math.cos(math.pi * (step - WARM_UP) / (STEPS - WARM_UP))) / 2


def run(options: dict, dtype):
  """Returns the parameters after each step [50, 48], and the gradients' global norm before clipping in each step [50]."""
  options = dict(options)
  name = options.pop("optimizer")
  kind = globals().get(name) or getattr(torch.optim, name)
  base = options.pop("base_lr")
  max_norm = options.pop("max_norm", None)
  if "betas" in options:
    options["betas"] = tuple(options["betas"])
  parameters = {
    name: torch.nn.Parameter(torch.from_numpy(values(f"optimizer/{name}/initial", shape, 0.5)).to(dtype)) for name, shape in SHAPES.items()
  }
  optimizer = kind(parameters.values(), lr=base, foreach=False, **options)
  trajectory, norms = [], []
  for step in range(STEPS):
    for group in optimizer.param_groups:
      group["lr"] = learning_rate(base, step)
    for name, parameter in parameters.items():
      parameter.grad = torch.from_numpy(values(f"optimizer/{name}/gradient/{step}", SHAPES[name])).to(dtype)
    if max_norm is not None:
      norms.append(float(torch.nn.utils.clip_grad_norm_(parameters.values(), max_norm, foreach=False)))
    optimizer.step()
    trajectory.append(torch.cat([parameter.detach().flatten() for parameter in parameters.values()]).numpy().copy())
  return np.stack(trajectory), np.array(norms)


def generate(path) -> list[str]:
  tensors, metadata, summary = {}, {}, []
  for variant, options in VARIANTS.items():
    single, _ = run(options, torch.float32)
    double, norms = run(options, torch.float64)
    error = float(np.abs(single - double).max())
    tensors[f"{variant}/trajectory"] = single.astype(np.float32)
    tensors[f"{variant}/final64"] = double[-1]
    tensors[f"{variant}/lr"] = np.array([learning_rate(options["base_lr"], step) for step in range(STEPS)])
    if norms.size:
      tensors[f"{variant}/norms"] = norms
      clipped = f", {int((norms > options['max_norm']).sum())} of {STEPS} steps clipped"
    else:
      clipped = ""
    metadata[variant] = options
    metadata[f"{variant}/float32-error"] = error
    moved = float(np.abs(double[-1] - double[0]).max())
    summary.append(f"{variant}: float32 departs from float64 by at most {error:.2e} (values move by {moved:.2f}){clipped}")
  metadata["variants"] = list(VARIANTS)
  metadata["parameters"] = {name: list(shape) for name, shape in SHAPES.items()}
  write_safetensors(path, tensors, metadata)
  return summary
