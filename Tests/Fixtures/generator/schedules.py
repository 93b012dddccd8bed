"""schedules.json: learning rates by PyTorch's schedulers, checked here against their formulas."""

import json
import math
import warnings

import torch
from torch.optim import lr_scheduler

from .files import VERSIONS

STEPS = 1000
BASE = 0.1
LOWEST = 1e-5
WARM_UP = 20
EPOCH = 10


def _cosine(step, total):
  return LOWEST + (BASE - LOWEST) * (1 + math.cos(math.pi * step / total)) / 2


def _warmed(optimizer, after):
  # LinearLR reaches its end factor after total_iters steps: from 1/20 in 19 steps, so that the factor of step t is (t + 1) / 20.
  warm_up = lr_scheduler.LinearLR(optimizer, start_factor=1 / WARM_UP, end_factor=1, total_iters=WARM_UP - 1)
  return lr_scheduler.SequentialLR(optimizer, [warm_up, after], milestones=[WARM_UP])


def _one_cycle(step, cosine):
  """From BASE / 25 to BASE at 30 % of the steps less one, on to BASE / 25 / 1e4 at the last."""
  def between(a, b, share):
    return b + (a - b) / 2 * (1 + math.cos(math.pi * share)) if cosine else a + (b - a) * share
  top, bottom = 0.3 * STEPS - 1, STEPS - 1
  if step <= top:
    return between(BASE / 25, BASE, step / top)
  return between(BASE, BASE / 25 / 1e4, (step - top) / (bottom - top))


def _restarts(step, first, multiplier):
  start, length = 0, first
  while step - start >= length:
    start, length = start + length, length * multiplier
  return LOWEST + (BASE - LOWEST) * (1 + math.cos(math.pi * (step - start) / length)) / 2


def _cyclic(step, up, down, scale):
  cycle, since = divmod(step, up + down)
  height = since / up if since <= up else 1 - (since - up) / down
  return LOWEST + (BASE - LOWEST) * height * scale(cycle, step)


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
  "linear": (
    "base + (end - base) * t / T", {"total_iters": STEPS, "end_factor": 0.1},
    lambda o: lr_scheduler.LinearLR(o, start_factor=1, end_factor=0.1, total_iters=STEPS), lambda t: BASE * (1 - 0.9 * t / STEPS)),
  "multistep": (
    "base * gamma^(milestones behind)", {"milestones": [100, 350, 700], "gamma": 0.3},
    lambda o: lr_scheduler.MultiStepLR(o, [100, 350, 700], 0.3), lambda t: BASE * 0.3 ** sum(t >= m for m in (100, 350, 700))),
  "polynomial": (
    "base * (1 - t / T)^power", {"total_iters": STEPS, "power": 0.9},
    lambda o: lr_scheduler.PolynomialLR(o, STEPS, 0.9), lambda t: BASE * (1 - t / STEPS) ** 0.9),
  "cosine-restarts": (
    "eta_min + (base - eta_min) * (1 + cos(pi * t / T_i)) / 2, T_i = T_0 * T_mult^i", {"T_0": 70, "T_mult": 2, "eta_min": LOWEST},
    lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 70, 2, LOWEST), lambda t: _restarts(t, 70, 2)),
  "inverse-sqrt": (
    "base * sqrt(n / (n + t))", {"n": 50},
    lambda o: lr_scheduler.LambdaLR(o, lambda t: math.sqrt(50 / (50 + t))), lambda t: BASE * math.sqrt(50 / (50 + t))),
  "one-cycle": (
    "up to base at 30 %, down to base / 25 / 1e4, along half cosines", {"max_lr": BASE, "total_steps": STEPS},
    lambda o: lr_scheduler.OneCycleLR(o, BASE, total_steps=STEPS), lambda t: _one_cycle(t, True)),
  "one-cycle-linear": (
    "the same along straight lines", {"max_lr": BASE, "total_steps": STEPS, "anneal_strategy": "linear"},
    lambda o: lr_scheduler.OneCycleLR(o, BASE, total_steps=STEPS, anneal_strategy="linear"), lambda t: _one_cycle(t, False)),
  "cyclic": (
    "from base_lr to max_lr over 40 steps and back over 60", {"base_lr": LOWEST, "max_lr": BASE, "step_size_up": 40, "step_size_down": 60},
    lambda o: lr_scheduler.CyclicLR(o, LOWEST, BASE, 40, 60), lambda t: _cyclic(t, 40, 60, lambda c, t: 1)),
  "cyclic-triangular2": (
    "each rise half as high", {"mode": "triangular2"},
    lambda o: lr_scheduler.CyclicLR(o, LOWEST, BASE, 40, 60, mode="triangular2"), lambda t: _cyclic(t, 40, 60, lambda c, t: 0.5**c)),
  "cyclic-exp-range": (
    "each rise times gamma^t", {"mode": "exp_range", "gamma": 0.997},
    lambda o: lr_scheduler.CyclicLR(o, LOWEST, BASE, 40, 60, mode="exp_range", gamma=0.997),
    lambda t: _cyclic(t, 40, 60, lambda c, t: 0.997**t)),
  "warmup-exponential": (
    "base * 0.001^(1 - (t + 1) / warmup) for t < warmup, then base", {"warmup": WARM_UP},
    lambda o: lr_scheduler.LambdaLR(o, lambda t: 0.001 ** max(0, 1 - (t + 1) / WARM_UP)),
    lambda t: BASE * 0.001 ** max(0, 1 - (t + 1) / WARM_UP)),
  "sequence": (
    "step for 200 steps, then cosine from base over 300, then constant / 3",
    {"milestones": [200, 500]},
    lambda o: lr_scheduler.SequentialLR(
      o, [lr_scheduler.StepLR(o, 30, 0.5), lr_scheduler.CosineAnnealingLR(o, 300, LOWEST), lr_scheduler.ConstantLR(o, 1 / 3, 10**6)],
      milestones=[200, 500]),
    lambda t: BASE * 0.5 ** (t // 30) if t < 200
    else LOWEST + (BASE - LOWEST) * (1 + math.cos(math.pi * (t - 200) / 300)) / 2 if t < 500 else BASE / 3),
}

# What ReduceLROnPlateau makes of measured values, one for each epoch: by which options.
PLATEAUS = {
  "plateau-loss": {"mode": "min", "factor": 0.5, "patience": 3},
  "plateau-cooldown": {"mode": "min", "factor": 0.3, "patience": 2, "threshold": 0.02, "cooldown": 4, "min_lr": 1e-3},
  "plateau-accuracy": {"mode": "max", "factor": 0.1, "patience": 0, "threshold": 1e-3},
}


def plateau(options) -> tuple[list[float], list[float]]:
  """Measured values that fall (or rise) and stall, and the rate of each epoch."""
  optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
  scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, **options)
  measured, rates = [], []
  for epoch in range(STEPS // EPOCH):
    rates.append(float(optimizer.param_groups[0]["lr"]))
    value = 2 / (1 + epoch // 7) + 0.01 * math.sin(epoch)
    measured.append(value if options["mode"] == "min" else 1 / value)
    optimizer.step()
    scheduler.step(measured[-1])
  return measured, rates


def learning_rates(make) -> tuple[list[float], list[float]]:
  """The rate (and momentum) that optimizer step t (from 0) uses: read before the step; the scheduler steps after it."""
  optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE, momentum=0.9)
  with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # SequentialLR still calls its parts with a deprecated argument.
    scheduler = make(optimizer)
    rates, momenta = [], []
    for _ in range(STEPS):
      rates.append(float(optimizer.param_groups[0]["lr"]))
      momenta.append(float(optimizer.param_groups[0]["momentum"]))
      optimizer.step()
      scheduler.step()
  return rates, momenta


def resumed(make) -> list[float]:
  """The rates where optimizer and scheduler are put down in the middle and taken up again from their states."""
  def fresh():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE, momentum=0.9)
    return optimizer, make(optimizer)

  with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    optimizer, scheduler = fresh()
    rates = []
    for step in range(STEPS):
      if step == STEPS // 2:
        states = optimizer.state_dict(), scheduler.state_dict()
        optimizer, scheduler = fresh()
        optimizer.load_state_dict(states[0])
        scheduler.load_state_dict(states[1])
      rates.append(float(optimizer.param_groups[0]["lr"]))
      optimizer.step()
      scheduler.step()
  return rates


def generate(path) -> list[str]:
  content, summary = {}, []
  for name, (formula, options, make, exact) in SCHEDULES.items():
    rates, momenta = learning_rates(make)
    error = max(abs(rate - exact(step)) / max(exact(step), 1e-6 * BASE) for step, rate in enumerate(rates))
    assert error < 1e-8, f"{name} departs from its formula by {error}"
    assert resumed(make) == rates, f"{name} is another after it was taken up again"
    content[name] = {"formula": formula, "options": options, "values": rates}
    if name.startswith(("one-cycle", "cyclic")):
      content[name]["momentum"] = momenta
    summary.append(f"{name}: {rates[0]:.6g} … {rates[19]:.6g} … {rates[-1]:.6g}, within {error:.1e} of its formula")
  for name, options in PLATEAUS.items():
    measured, rates = plateau(options)
    content[name] = {"formula": "ReduceLROnPlateau", "options": options, "measured": measured, "values": rates}
    summary.append(f"{name}: {len(set(rates))} rates, from {rates[0]:.6g} to {rates[-1]:.6g}")
  convention = "values[t] is the learning rate that optimizer step number t, counted from 0, uses; one value per step, not per epoch"
  header = {**VERSIONS, "base": BASE, "steps": STEPS, "convention": convention}
  lines = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in content.items()]
  text = json.dumps(header)[1:-1] + ',\n"schedules": {\n' + ",\n".join(lines) + "\n}"
  path.write_text("{" + text + "}\n")
  json.loads(path.read_text())
  return summary
