#!/usr/bin/env python3
"""lenet on Fashion-MNIST under each optimizer, each activation and each loss, on both devices and with several seeds, and what ensembles of it
gain. Writes docs/course.md.

Every result is added to a file (--results, bench/results/course.json) as soon as it is there, and is not trained for again, so that the tables
can be made in parts (--minutes, --only), on several days and on several machines; a run that was cut off goes on where it was stopped. All
first seeds come before all second ones. The page is written from what is there. Names are those of docs/options.md."""

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

from results import ROOT, Results, spread

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


class Trainings:
  def __init__(self, arguments, part, results):
    self.arguments = arguments
    self.results = results
    self.folder = Path(arguments.runs) / part.replace(", ", "-").replace(" ", "-")
    self.deadline = time.monotonic() + 60 * arguments.minutes if arguments.minutes else None
    self.is_over = False

  def result(self, name, more, figures):
    """Adds what a training comes to, `figures` of its folder, unless that is there or there is no time."""
    if name in self.results.found:
      return
    if self.is_over or self.deadline and time.monotonic() > self.deadline:
      self.is_over = True
      return
    out = self.folder / name
    if not self.is_done(out, more):
      begun = (out / "recipe.yaml").exists() or (out / "member-1/recipe.yaml").exists()
      command = [self.arguments.glissade, "train", "--quiet"]
      if begun:
        command += ["--resume", str(out)]
      else:
        self.folder.mkdir(parents=True, exist_ok=True)
        limit = ["--limit", str(self.arguments.limit)] if self.arguments.limit else []
        command += ["--data", "fashion-mnist", "--model", "lenet", "--epochs", str(self.arguments.epochs), "--out", str(out)] + limit + more
      print(name, flush=True)
      ended = subprocess.run(command, capture_output=True, text=True)
      if ended.returncode == 2 and not begun:
        self.results.add(name, {"refused": ended.stderr.removeprefix("glissade: ").strip()})
        return
      if ended.returncode != 0 and not self.diverged(out):
        sys.exit(f"{' '.join(command)}: {ended.stderr.strip()}")
      if not self.is_done(out, more):
        sys.exit(f"{out}: the run has no result; the next try goes on with it")
    self.results.add(name, figures(out))

  @staticmethod
  def summary(out):
    path = out / "summary.json"
    return json.loads(path.read_text()) if path.exists() else None

  def diverged(self, out):
    """Whether a training ended because its numbers were not finite any more, which is a result, too."""
    found = self.summary(out)
    return bool(found and found["failure"] and found["interruption"] is None)

  def is_done(self, out, more):
    if "--ensemble" in more:
      path = out / "ensemble.json"
      return path.exists() and "together" in json.loads(path.read_text())
    found = self.summary(out)
    return found is not None and found["interruption"] is None

  def figures(self, out):
    found = self.summary(out)
    if found["failure"]:
      return {"failed": str(found["failure"])}
    rate = re.search(r"^lr: (\S+)", (out / "recipe.yaml").read_text(), re.M)
    return {"accuracy": found["test_accuracy"], "loss": found["train_loss"], "rate": float(rate[1])}

  def ensemble(self, out):
    command = [self.arguments.glissade, "evaluate", "--run", str(out), "--device", self.arguments.devices[0], "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {"accuracy": found["accuracy"], "members": [member["accuracy"] for member in found["members"]], "gain": found["gain"]}


def name_of(kind, word, default, device, seed):
  # What is the default of all of them is trained once.
  return f"usual-{device}-{seed}" if word == default else f"{kind}-{word}-{device}-{seed}"


def compared(found, kind, words, default, arguments):
  """The table of one option: a row for each of its words. Rates differ between optimizers alone, and losses of several kinds are not compared."""
  titles = {"cpu": "CPU", "opencl": "OpenCL"}
  columns = [kind] + ["rate"] * (kind == "optimizer") + [f"accuracy, {titles.get(device, device)}, %" for device in arguments.devices]
  columns += ["training loss"] * (kind != "loss") + ["seeds"]
  lines = [f"## {KINDS[kind]}", "", "| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
  alike = {}
  for word in words:
    def of(device):
      names = {seed: name_of(kind, word, default, device, seed) for seed in range(1, arguments.seeds + 1)}
      return {seed: found[name] for seed, name in names.items() if name in found}
    everything = [each for device in arguments.devices for each in of(device).values()]
    problem = next((each for each in everything if "accuracy" not in each), None)
    if problem:
      reason = f"refused: {problem['refused']}" if "refused" in problem else f"failed: {problem['failed']}"
      lines.append(f"| {word} | {reason.replace('|', '/')} |" + " |" * (len(columns) - 2))
      continue
    cells = [f"{everything[0]['rate']:g}" if everything else ""] * (kind == "optimizer")
    cells += [spread([100 * each["accuracy"] for each in of(device).values()]) for device in arguments.devices]
    # A seed counts once, on however many devices it is.
    losses = {seed: each["loss"] for device in reversed(arguments.devices) for seed, each in of(device).items() if each["loss"] is not None}
    cells += [spread(list(losses.values()), 3)] * (kind != "loss")
    counts = [len(of(device)) for device in arguments.devices]
    cells.append(str(counts[0]) if len(set(counts)) == 1 else " and ".join(map(str, counts)))
    lines.append(f"| {word} | " + " | ".join(cells) + " |")
    if everything:
      alike.setdefault(json.dumps(of(arguments.devices[0]), sort_keys=True), []).append(word)
  same = ["`, `".join(words[:-1]) + f"` and `{words[-1]}" for key, words in alike.items() if len(words) > 1 and key != "{}"]
  if same:
    lines += ["", f"The same to the last digit: {'; '.join(f'`{each}`' for each in same)}."]
  return lines + [""]


def agreement(found, devices):
  """A sentence on trainings that were made on both devices; nothing where there are none."""
  pairs = []
  for name, result in found.items():
    other = found.get(name.replace(f"-{devices[0]}-", f"-{devices[-1]}-"))
    if len(devices) == 2 and f"-{devices[0]}-" in name and other and "accuracy" in result and "accuracy" in other:
      pairs.append((result, other))
  if not pairs:
    return []
  same = sum(a == b for a, b in pairs)
  furthest = max(abs(a["accuracy"] - b["accuracy"]) for a, b in pairs)
  rest = "" if same == len(pairs) else f"; accuracies differ by at most {100 * furthest:.2f} points"
  return [f"Of {len(pairs)} trainings with one seed on both devices {same} came to the same accuracy and loss to the last digit{rest}."]


def ensembles(found, arguments):
  """What five members and snapshots gain, on the first device."""
  lines = [
    "## Ensembles", "",
    "Five members are five whole trainings with seeds of their own. Snapshots are one training, whose rate starts over five times, with the model",
    "that each of the five stretches ends with.", "",
    "| ensemble | members, % | together, % | against their mean | against the best |", "|---|---|---|---|---|",
  ]
  for name in ENSEMBLES:
    each = found.get(f"{name.replace(' ', '-')}-{arguments.devices[0]}")
    if each is None or "accuracy" not in each:
      lines.append(f"| {name} | {each['refused'] if each else ''} | | | |")
      continue
    members = ", ".join(f"{100 * member:.2f}" for member in each["members"])
    gain = each["gain"]
    lines.append(f"| {name} | {members} | {100 * each['accuracy']:.2f} | {100 * gain['over_mean']:+.2f} | {100 * gain['over_best']:+.2f} |")
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
  parser.add_argument("--results", default=str(ROOT / "bench/results/course.json"))
  parser.add_argument("--glissade", default=str(ROOT / ".build/release/glissade"))
  parser.add_argument("--out", default=str(ROOT / "docs/course.md"))
  arguments = parser.parse_args()
  part = f"{arguments.epochs} epochs" + (f", {arguments.limit} samples" if arguments.limit else "")
  results = Results(arguments.results, part)
  trainings = Trainings(arguments, part, results)
  wanted = {kind: each for kind, each in options().items() if not arguments.only or kind in arguments.only}
  has_ensembles = not arguments.only or "ensembles" in arguments.only

  for seed in range(1, arguments.seeds + 1):
    for device in arguments.devices:
      for kind, (words, default) in wanted.items():
        for word in words:
          more = [] if word == default else [f"--{kind}", word]
          trainings.result(name_of(kind, word, default, device, seed), ["--device", device, "--seed", str(seed)] + more, trainings.figures)
      if has_ensembles and seed == 1 and device == arguments.devices[0]:
        cycle = max(arguments.epochs // 5, 1)
        for name, form in ENSEMBLES.items():
          more = ["--device", device] + [text.format(cycle=cycle) for text in form]
          trainings.result(f"{name.replace(' ', '-')}-{device}", more, trainings.ensemble)

  page = [
    "# What a course compares", "",
    f"`lenet` on Fashion-MNIST, {arguments.epochs} epochs, everything else as it is by default, measured on the test part with the best epoch:",
    f"means of up to {arguments.seeds} seeds ± their deviation, of as many as the last column says (on {' and '.join(arguments.devices)} where",
    "they differ); an empty cell is still to be measured. The rate is each optimizer's usual one, not its best. Made by `make course-tables`,",
    "which goes on with what is in `bench/results/course.json`.",
    *agreement(results.found, arguments.devices),
    *([f"A trial with {arguments.limit} training samples."] if arguments.limit else []), "",
  ]
  for kind, (words, default) in wanted.items():
    page += compared(results.found, kind, words, default, arguments)
  if has_ensembles:
    page += ensembles(results.found, arguments)
  Path(arguments.out).write_text("\n".join(page).rstrip() + "\n")
  print(f"{arguments.out} is written" + (" from what is there: the time is over" if trainings.is_over else ""))


if __name__ == "__main__":
  main()
