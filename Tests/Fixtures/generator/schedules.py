"""schedules.json: learning rates by PyTorch's schedulers, checked here against their formulas."""

import json
import math
import warnings

import torch
from torch.optim import lr_scheduler

from .files import VERSIONS

STEPS = 200
BASE = 0.1
LOWEST = 1e-5
WARM_UP = 20


def _cosine(step, total):
  return LOWEST + (BASE - LOWEST) * (1 + math.cos(math.pi * step / total)) / 2


def _warmed(optimizer, after):
  # LinearLR reaches its end factor after total_iters steps: from 1/20 in 19 steps, so that the factor of step t is (t + 1) / 20.
  warm_up = lr_scheduler.LinearLR(optimizer, start_factor=1 / WARM_UP, end_factor=1, total_iters=WARM_UP - 1)
  return lr_scheduler.SequentialLR(optimizer, [warm_up, after], milestones=[WARM_UP])


# name: (what it is, options, PyTorch's scheduler, the value at step t from 0)
SCHEDULES = {
  "constant": (
    "base", {}, lambda o: lr_scheduler.ConstantLR(o, factor=1, total_iters=0), lambda t: BASE),
  "step": (
    "base * gamma^floor(t / step_size)", {"step_size": 30, "gamma": 0.5},
    lambda o: lr_scheduler.StepLR(o, 30, 0.5), lambda t: BASE * 0.5 ** (t // 30)),
  "exponential": (
    "base * gamma^t", {"gamma": 0.98}, lambda o: lr_scheduler.ExponentialLR(o, 0.98), lambda t: BASE * 0.98**t),
  "cosine": (
    "eta_min + (base - eta_min) * (1 + cos(pi * t / T_max)) / 2", {"T_max": STEPS, "eta_min": LOWEST},
    lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, LOWEST), lambda t: _cosine(t, STEPS)),
  "warmup-constant": (
    "base * (t + 1) / warmup for t < warmup, then base", {"warmup": WARM_UP},
    lambda o: _warmed(o, lr_scheduler.ConstantLR(o, factor=1, total_iters=0)), lambda t: BASE * min(1, (t + 1) / WARM_UP)),
  "warmup-cosine": (
    "base * (t + 1) / warmup for t < warmup, then eta_min + (base - eta_min) * (1 + cos(pi * (t - warmup) / T_max)) / 2",
    {"warmup": WARM_UP, "T_max": STEPS - WARM_UP, "eta_min": LOWEST},
    lambda o: _warmed(o, lr_scheduler.CosineAnnealingLR(o, STEPS - WARM_UP, LOWEST)),
    lambda t: BASE * (t + 1) / WARM_UP if t < WARM_UP else _cosine(t - WARM_UP, STEPS - WARM_UP)),
  "warmup-step": (
    "base * (t + 1) / warmup for t < warmup, then base * gamma^floor((t - warmup) / step_size)",
    {"warmup": WARM_UP, "step_size": 30, "gamma": 0.5},
    lambda o: _warmed(o, lr_scheduler.StepLR(o, 30, 0.5)),
    lambda t: BASE * (t + 1) / WARM_UP if t < WARM_UP else BASE * 0.5 ** ((t - WARM_UP) // 30)),
}


def learning_rates(make) -> list[float]:
  """The rate that optimizer step t (from 0) uses: read before the step; the scheduler steps after it."""
  optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
  with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # SequentialLR still calls its parts with a deprecated argument.
    scheduler = make(optimizer)
    rates = []
    for _ in range(STEPS):
      rates.append(float(optimizer.param_groups[0]["lr"]))
      optimizer.step()
      scheduler.step()
  return rates


def generate(path) -> list[str]:
  content, summary = {}, []
  for name, (formula, options, make, exact) in SCHEDULES.items():
    rates = learning_rates(make)
    error = max(abs(rate - exact(step)) / exact(step) for step, rate in enumerate(rates))
    assert error < 1e-11, f"{name} departs from its formula by {error}"
    content[name] = {"formula": formula, "options": options, "values": rates}
    summary.append(f"{name}: {rates[0]:.6g} … {rates[19]:.6g} … {rates[-1]:.6g}, within {error:.1e} of its formula")
  convention = "values[t] is the learning rate that optimizer step number t, counted from 0, uses; one value per step, not per epoch"
  header = {**VERSIONS, "base": BASE, "steps": STEPS, "convention": convention}
  lines = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in content.items()]
  text = json.dumps(header)[1:-1] + ',\n"schedules": {\n' + ",\n".join(lines) + "\n}"
  path.write_text("{" + text + "}\n")
  json.loads(path.read_text())
  return summary
