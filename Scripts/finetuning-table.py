#!/usr/bin/env python3
"""How many pictures are enough to train all of a network, and not its head alone: Recipes/finetune-head.yaml against
Recipes/finetune-gentle.yaml over a growing number of pictures, with several seeds each. Writes a table into docs/fine-tuning.md.

The pictures are clip arts of Debian's openclipart-png, of eight kinds, at most 400 of each, 50 of which are the test, always the same ones.
A seed draws the pictures to learn from, the weights of the head and the order; both recipes get the same pictures. Results are added to
bench/results/finetuning-recipes.json, and what is there is not trained for again.

  apt-get install openclipart-png                      # or: apt-get download, dpkg -x
  Scripts/finetuning-table.py [PICTURES]               # /usr/share/openclipart/png"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from results import ROOT, Results, spread

CLASSES = ["animals", "computer", "food", "people", "recreation", "signs_and_symbols", "tools", "transportation"]
LARGEST, TESTED = 400, 50
RECIPES = {"head": "finetune-head.yaml", "gentle": "finetune-gentle.yaml"}
PAGE = ROOT / "docs/fine-tuning.md"


def pictures(folder):
  """Of each class the pictures for the test and the others, in an order that is always the same."""
  found = {}
  for name in CLASSES:
    files = sorted(path for path in (folder / name).rglob("*.png") if path.is_file() and not path.is_symlink())
    random.Random(f"{name} 1").shuffle(files)
    files = files[:LARGEST]
    found[name] = files[:TESTED], files[TESTED:]
  return found


def lay_out(found, count, seed, folder):
  """A folder of `count` pictures to learn from, as many of each class as there are, and the test's."""
  shutil.rmtree(folder, ignore_errors=True)
  pool = [(name, path) for name, (_, others) in found.items() for path in others]
  random.Random(seed).shuffle(pool)
  for part, chosen in [("train", pool[:count]), ("test", [(name, path) for name, (tested, _) in found.items() for path in tested])]:
    for number, (name, path) in enumerate(chosen):
      (folder / part / name).mkdir(parents=True, exist_ok=True)
      os.symlink(path, folder / part / name / f"{number}.png")
  return min(count, len(pool))


def train(arguments, found, recipe, count, seed):
  data, out = Path(arguments.runs) / f"pictures-{count}-{seed}", Path(arguments.runs) / f"{recipe}-{count}-{seed}"
  used = lay_out(found, count, seed, data)
  shutil.rmtree(out, ignore_errors=True)
  command = [
    arguments.glissade, "finetune", "--quiet", "--recipe", str(ROOT / "Recipes" / RECIPES[recipe]), "--data", str(data), "--test", "0",
    # Some of the clip arts have more than a hundred million pixels, and are left out.
    "--unreadable", "0.05", "--size", str(arguments.size), "--seed", str(seed), "--device", arguments.device, "--out", str(out)]
  begin = time.monotonic()
  subprocess.run(command, check=True)
  result = {
    "accuracy": json.loads((out / "summary.json").read_text())["test_accuracy"], "pictures": used,
    "seconds": round(time.monotonic() - begin, 1)}
  shutil.rmtree(data)
  shutil.rmtree(out)
  return result


def table(found, arguments):
  names = {"head": "head alone, %", "gentle": "all, gently, %"}
  lines = ["| pictures to learn from | " + " | ".join(names.values()) + " | difference, points | in favour of all |", "|---:" + "|---" * 4 + "|"]
  for count in arguments.counts:
    of = {recipe: [found.get(f"{recipe}-{count}-{seed}") for seed in range(1, arguments.seeds + 1)] for recipe in RECIPES}
    both = [(head, gentle) for head, gentle in zip(of["head"], of["gentle"]) if head and gentle]
    if not both:
      continue
    cells = [spread([100 * pair[place]["accuracy"] for pair in both], 1) for place in (0, 1)]
    gains = [100 * (gentle["accuracy"] - head["accuracy"]) for head, gentle in both]
    lines.append(
      f"| {both[0][0]['pictures']} | " + " | ".join(cells) + f" | {spread(gains, 1)} | {sum(gain > 0 for gain in gains)} of {len(gains)} |")
  return "\n".join(lines)


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("pictures", nargs="?", default="/usr/share/openclipart/png")
  parser.add_argument("--counts", type=lambda text: [int(word) for word in text.split(",")], default=[100, 400, 1200, 2400])
  parser.add_argument("--seeds", type=int, default=3, help="how many, from 1 on")
  parser.add_argument("--size", type=int, default=128, help="the side of the pictures that the network sees")
  parser.add_argument("--device", default="cpu")
  parser.add_argument("--runs", default=str(ROOT / "runs/finetuning-table"))
  parser.add_argument("--results", default=str(ROOT / "bench/results/finetuning-recipes.json"))
  parser.add_argument("--glissade", default=str(ROOT / ".build/release/glissade"))
  arguments = parser.parse_args()
  results = Results(arguments.results, f"openclipart-png, efficientnet-lite0 at {arguments.size} pixels")
  found = pictures(Path(arguments.pictures))
  if any(len(tested) < TESTED or not others for tested, others in found.values()):
    sys.exit(f"{arguments.pictures} is not the folder of openclipart-png's pictures: apt-get install openclipart-png")
  for seed in range(1, arguments.seeds + 1):
    for count in arguments.counts:
      for recipe in RECIPES:
        name = f"{recipe}-{count}-{seed}"
        if name not in results.found:
          results.add(name, train(arguments, found, recipe, count, seed))
          print(name, results.found[name], flush=True)
  text = PAGE.read_text()
  marked = re.compile(r"(<!-- finetuning recipes -->\n).*?(<!-- /finetuning recipes -->)", re.S)
  if not marked.search(text):
    sys.exit(f"{PAGE} has no place for the table: <!-- finetuning recipes --> … <!-- /finetuning recipes -->")
  PAGE.write_text(marked.sub(lambda place: place[1] + table(results.found, arguments) + "\n" + place[2], text))


if __name__ == "__main__":
  main()
