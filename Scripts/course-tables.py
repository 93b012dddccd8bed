#!/usr/bin/env python3
"""lenet on Fashion-MNIST under each optimizer, each activation and each loss, on both devices and with several seeds, and what ensembles of it
gain. Writes docs/course.md.

Runs lie in runs/course and are used again, so that the tables can be made in parts (--minutes, --only), on several days, and go on where they
were stopped. The page is written from what is there. Names are those of docs/options.md."""

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What is compared: the option, and what the page calls it.
KINDS = {"optimizer": "Optimizers", "activation": "Activations", "loss": "Losses"}
ENSEMBLES = {
  "five members": ["--ensemble", "5"],
  "snapshots": ["--schedule", "cosine-restarts(period: {cycle} epochs)", "--snapshots"],
}


def options():
  """Of each option that is compared, its words and its default, by the reference."""
  text = (ROOT / "docs/options.md").read_text()
  found = {}
  for name in KINDS:
    match = re.search(rf"^\*\*`{name}`\*\*.*?\n\n- value: (.*?)\n- default: (.*?)\n(.*)", text, re.M)
    # A loss for tables alone is none that pictures could have.
    if match and "," in match[1] and match[3] != "- for: tables":
      found[name] = ([word.strip() for word in match[1].split(",")], match[2].split(";")[0].strip())
  return found


class Runs:
  def __init__(self, arguments):
    self.arguments = arguments
    # What is trained otherwise is another run.
    self.folder = Path(arguments.runs) / "-".join(
      [f"{arguments.epochs}-epochs"] + ([f"{arguments.limit}-samples"] if arguments.limit else []))
    self.deadline = time.monotonic() + 60 * arguments.minutes if arguments.minutes else None
    self.is_over = False

  def train(self, name, more):
    """Trains a run, goes on with it, or finds that it is done. Returns its folder, or why it cannot be; nothing where there is no time."""
    out = self.folder / name
    refusal = self.folder / f"{name}.refused"
    if refusal.exists():
      return refusal.read_text()
    if self.is_done(out, more):
      return out
    if self.is_over or self.deadline and time.monotonic() > self.deadline:
      self.is_over = True
      return None
    self.folder.mkdir(parents=True, exist_ok=True)
    begun = (out / "recipe.yaml").exists() or (out / "member-1/recipe.yaml").exists()
    command = [self.arguments.glissade, "train", "--quiet"]
    if begun:
      command += ["--resume", str(out)]
    else:
      limit = ["--limit", str(self.arguments.limit)] if self.arguments.limit else []
      command += ["--data", "fashion-mnist", "--model", "lenet", "--epochs", str(self.arguments.epochs), "--out", str(out)] + limit + more
    print(name, flush=True)
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode == 2 and not begun:
      refusal.write_text(result.stderr.removeprefix("glissade: ").strip())
      return refusal.read_text()
    if result.returncode != 0:
      sys.exit(f"{' '.join(command)}: {result.stderr.strip()}")
    if not self.is_done(out, more):
      sys.exit(f"{out}: the run has no result; the next try goes on with it")
    return out

  @staticmethod
  def is_done(out, more):
    if "--ensemble" in more:
      results = out / "ensemble.json"
      return results.exists() and "together" in json.loads(results.read_text())
    summary = out / "summary.json"
    if not summary.exists():
      return False
    found = json.loads(summary.read_text())
    return found["interruption"] is None and found["failure"] is None


def spread(values, digits=2):
  if not values:
    return ""
  deviation = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
  return f"{statistics.fmean(values):.{digits}f}{deviation}"


def compared(runs, kind, names, default):
  """The table of one option: a row for each of its words."""
  arguments = runs.arguments
  lines = [f"## {KINDS[kind]}", "", "| " + " | ".join(
    [kind, "rate"] + [f"{device}: accuracy, %" for device in arguments.devices] + ["training loss", "seconds an epoch"]) + " |"]
  lines.append("|---" * (4 + len(arguments.devices)) + "|")
  for name in names:
    found = {device: [] for device in arguments.devices}
    refusal = None
    for seed in range(1, arguments.seeds + 1):
      for device in arguments.devices:
        # What is the default of all of them is trained once.
        folder = f"usual-{device}-{seed}" if name == default else f"{kind}-{name}-{device}-{seed}"
        more = [] if name == default else [f"--{kind}", name]
        result = runs.train(folder, ["--device", device, "--seed", str(seed)] + more)
        if isinstance(result, Path):
          found[device].append((json.loads((result / "summary.json").read_text()), (result / "recipe.yaml").read_text(),
                                (result / "metrics.csv").read_text()))
        elif result:
          refusal = result
    if refusal:
      lines.append(f"| {name} | refused: {refusal.replace('|', '/')} |" + " |" * (2 + len(arguments.devices)))
      continue
    everything = [each for device in arguments.devices for each in found[device]]
    rate = re.search(r"^lr: (\S+)", everything[0][1], re.M)[1] if everything else ""
    cells = [spread([100 * each[0]["test_accuracy"] for each in found[device]]) for device in arguments.devices]
    losses = spread([each[0]["train_loss"] for each in everything if each[0]["train_loss"] is not None], 3)
    seconds = ", ".join(filter(None, (spread([mean_seconds(each[2]) for each in found[device]], 1) for device in arguments.devices)))
    lines.append(f"| {name} | {rate} | " + " | ".join(cells) + f" | {losses} | {seconds} |")
  return lines + [""]


def mean_seconds(table):
  rows = [line.split(",") for line in table.strip().split("\n")]
  column = rows[0].index("seconds")
  return statistics.fmean(float(row[column]) for row in rows[1:])


def ensembles(runs):
  """What five members and snapshots gain, on the first device."""
  arguments = runs.arguments
  device = arguments.devices[0]
  lines = ["## Ensembles", "", "| ensemble | members, % | together, % | against their mean | against the best |", "|---|---|---|---|---|"]
  cycle = max(arguments.epochs // 5, 1)
  for name, form in ENSEMBLES.items():
    folder = runs.train(f"{name.replace(' ', '-')}-{device}", ["--device", device] + [text.format(cycle=cycle) for text in form])
    if not isinstance(folder, Path):
      lines.append(f"| {name} | {folder or ''} | | | |")
      continue
    command = [arguments.glissade, "evaluate", "--run", str(folder), "--device", device, "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    members = ", ".join(f"{100 * member['accuracy']:.2f}" for member in found["members"])
    gain = found["gain"]
    lines.append(
      f"| {name} | {members} | {100 * found['accuracy']:.2f} | {100 * gain['over_mean']:+.2f} | {100 * gain['over_best']:+.2f} |")
  return lines + [""]


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("--epochs", type=int, default=5)
  parser.add_argument("--seeds", type=int, default=3, help="how many, from 1 on")
  parser.add_argument("--devices", type=lambda text: text.split(","), default=["cpu", "opencl"], help="as in cpu,opencl")
  parser.add_argument("--only", type=lambda text: text.split(","), help="of optimizer, activation, loss, ensembles")
  parser.add_argument("--minutes", type=float, help="begin no other run after this time")
  parser.add_argument("--limit", type=int, help="only so many training samples, for a trial")
  parser.add_argument("--runs", default=str(ROOT / "runs/course"))
  parser.add_argument("--glissade", default=str(ROOT / ".build/release/glissade"))
  parser.add_argument("--out", default=str(ROOT / "docs/course.md"))
  arguments = parser.parse_args()
  runs = Runs(arguments)
  page = [
    "# What a course compares", "",
    f"`lenet` on Fashion-MNIST, {arguments.epochs} epochs, everything else as it is by default, measured on the test part with the best epoch:",
    f"means of {arguments.seeds} seeds ± their deviation. Made by `make course-tables`; the rate is each optimizer's usual one.",
    *([f"A trial with {arguments.limit} training samples."] if arguments.limit else []), "",
  ]
  for kind, (names, default) in options().items():
    if not arguments.only or kind in arguments.only:
      page += compared(runs, kind, names, default)
  if not arguments.only or "ensembles" in arguments.only:
    page += ensembles(runs)
  Path(arguments.out).write_text("\n".join(page).rstrip() + "\n")
  print(f"{arguments.out} is written" + (" from what is there: the time is over" if runs.is_over else ""))


if __name__ == "__main__":
  main()
