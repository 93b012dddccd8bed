#!/usr/bin/env python3
"""How far the rates that `glissade lr-find` suggests are from the best ones: three tasks, three optimizers and three seeds each, against the best of
13 rates (half-decades from 1e-5 to 10) that are trained for a few epochs at a constant rate. fastai's three rules are held against the same.
Writes a table into docs/searching.md.

Best is the rate whose training ends with the lowest validation loss. Results are added to bench/results/lr-find.json, and what is there is not
measured again."""

import argparse
import json
import math
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

from results import ROOT, Results

OPTIMIZERS = ["sgd", "momentum", "adam"]
RATES = [10 ** (step / 2) for step in range(-10, 3)]
PAGE = ROOT / "docs/searching.md"
FACTOR, NEARLY = 3, 1.01


def tasks(folder):
  """What is trained, by its name: the options of training and of finding, and epochs."""
  table = folder / "friedman.csv"
  folder.mkdir(parents=True, exist_ok=True)
  draw = random.Random(1)
  with open(table, "w") as file:
    file.write(",".join(f"x{i}" for i in range(1, 11)) + ",y\n")
    for _ in range(2000):
      x = [draw.random() for _ in range(10)]
      y = 10 * math.sin(math.pi * x[0] * x[1]) + 20 * (x[2] - 0.5) ** 2 + 10 * x[3] + 5 * x[4] + draw.gauss(0, 1)
      file.write(",".join(map(str, x + [y])) + "\n")
  pictures = ["--data", "fashion-mnist", "--limit", "6000"]
  return {
    "lenet, Fashion-MNIST": (pictures + ["--model", "lenet"], 3),
    "mlp, Fashion-MNIST": (pictures + ["--model", "mlp"], 3),
    "mlp, a table (Friedman)": (["--data", str(table), "--target", "y", "--hidden", "32,32"], 10),
  }


def command(arguments, *words):
  return [arguments.glissade, *words, "--device", arguments.device, "--threads", str(arguments.threads)]


def measured(arguments, options, epochs, optimizer, seed):
  """The validation loss that each rate ends with, None where it did not end, and the range test's curve."""
  given = [*options, "--optimizer", optimizer, "--seed", str(seed)]
  losses = []
  for rate in RATES:
    out = Path(arguments.runs) / "run"
    shutil.rmtree(out, ignore_errors=True)
    ended = subprocess.run(
      command(arguments, "train", "--quiet", *given, "--lr", repr(rate), "--epochs", str(epochs), "--out", str(out)), capture_output=True, text=True)
    summary = out / "summary.json"
    if not summary.exists():
      sys.exit(f"{' '.join(ended.args)}: {ended.stderr.strip()}")
    rows = [line.split(",") for line in (out / "metrics.csv").read_text().splitlines()]
    last = dict(zip(rows[0], rows[-1])) if len(rows) == epochs + 1 and ended.returncode == 0 else {}
    loss = float(last.get("validation_loss") or "nan")
    losses.append(loss if math.isfinite(loss) else None)
  found = subprocess.run(command(arguments, "lr-find", "--json", *given), capture_output=True, text=True)
  if found.returncode not in (0, 1):
    sys.exit(f"{' '.join(found.args)}: {found.stderr.strip()}")
  curve = json.loads(found.stdout) if found.returncode == 0 else None
  return {
    "losses": losses, "suggested": curve["suggestion"]["lr"] if curve else None,
    "curve": [[point["lr"], point["loss"]] for point in curve["points"]] if curve else []}


# fastai's rules (fastai 2, callback/schedule.py, there by these names) over its smoothing: an average of all losses that forgets by 0.98.


def smoothed(curve):
  average, rates, losses = 0.0, [], []
  for number, (rate, loss) in enumerate(curve, 1):
    average = 0.98 * average + 0.02 * loss
    rates.append(rate)
    losses.append(average / (1 - 0.98**number))
  skipped = len(rates) // 10
  return rates[skipped:-5], losses[skipped:-5]


def steep(rates, losses):
  """Where the loss falls fastest over the rate's logarithm."""
  slopes = [(b - a) / math.log(d / c) for a, b, c, d in zip(losses, losses[1:], rates, rates[1:])]
  return rates[slopes.index(min(slopes))]


def minimum(rates, losses):
  """A tenth of the rate with the lowest loss."""
  return rates[losses.index(min(losses))] / 10


def valley(rates, losses):
  """Two thirds of the way along the longest valley, a subsequence of falling losses."""
  longest, begin, end = [1] * len(losses), 0, 0
  for i in range(len(losses)):
    for j in range(i):
      if losses[i] < losses[j] and longest[i] < longest[j] + 1:
        longest[i] = longest[j] + 1
  end = longest.index(max(longest))
  begin = end - max(longest)
  third = (end - begin) / 3
  return rates[max(0, min(len(rates) - 1, begin + int(third) + int(third / 2)))]


def distance(result, rate):
  """The factor between a rate and the best one, and between it and the nearest that is as good but for one per cent."""
  ended = [(loss, rate) for loss, rate in zip(result["losses"], RATES) if loss is not None]
  best = min(ended)
  def factor(other):
    return max(rate / other, other / rate)
  return factor(best[1]), min(factor(other) for loss, other in ended if loss <= NEARLY * best[0])


def table(found):
  rules = {"suggested here": None, "steep": steep, "valley": valley, "minimum": minimum}
  lines = [
    f"| rule | within a factor {FACTOR} of the best rate | or of one as good but for 1 % | largest factor from such a one |", "|---|---|---|---|"]
  for name, rule in rules.items():
    near = nearly = 0
    farthest = 0.0
    for result in found.values():
      if rule is None:
        rate = result["suggested"]
      else:
        rates, losses = smoothed(result["curve"])
        rate = rule(rates, losses) if len(rates) > 2 else None
      if rate is None:
        farthest = math.inf
        continue
      exact, equal = distance(result, rate)
      near += exact <= FACTOR
      nearly += equal <= FACTOR
      farthest = max(farthest, equal)
    of = len(found)
    text = f"{farthest:.1f}" if farthest < 100 else f"{float(f'{farthest:.2g}'):,.0f}"
    lines.append(f"| {name} | {near} of {of} | {nearly} of {of} | {text} |")
  return "\n".join(lines)


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("--seeds", type=int, default=3, help="how many, from 1 on")
  parser.add_argument("--device", default="cpu")
  parser.add_argument("--threads", type=int, default=1)
  parser.add_argument("--runs", default=str(ROOT / "runs/lr-find-table"))
  parser.add_argument("--results", default=str(ROOT / "bench/results/lr-find.json"))
  parser.add_argument("--glissade", default=str(ROOT / ".build/release/glissade"))
  arguments = parser.parse_args()
  results = Results(arguments.results, "half-decades from 1e-5 to 10")
  for seed in range(1, arguments.seeds + 1):
    for task, (options, epochs) in tasks(Path(arguments.runs)).items():
      for optimizer in OPTIMIZERS:
        name = f"{task}, {optimizer}, seed {seed}"
        if name not in results.found:
          results.add(name, measured(arguments, options, epochs, optimizer, seed))
          result = results.found[name]
          print(name, result["suggested"], result["suggested"] and distance(result, result["suggested"]), flush=True)
  text = PAGE.read_text()
  marked = re.compile(r"(<!-- lr-find -->\n).*?(<!-- /lr-find -->)", re.S)
  if not marked.search(text):
    sys.exit(f"{PAGE} has no place for the table: <!-- lr-find --> … <!-- /lr-find -->")
  PAGE.write_text(marked.sub(lambda place: place[1] + table(results.found) + "\n" + place[2], text))


if __name__ == "__main__":
  main()
