#!/usr/bin/env python3
"""Makes the fixtures in this folder with PyTorch; see README.md.

  generate.py           write them
  generate.py --check   make them again elsewhere and compare
"""

import argparse
import sys
import tempfile
from pathlib import Path

import torch

from generator import (
  activations, arithmetic, checkpoints, events, files, finetuning, layers, losses, models, movement, odd, optimizers, pictures, pretrained, schedules,
  steps, streams)

FOLDER = Path(__file__).resolve().parent
FIXTURES = {
  "optimizers.safetensors": optimizers.generate,
  "steps.safetensors": steps.generate,
  "schedules.json": schedules.generate,
  "layers.safetensors": layers.generate,
  "activations.safetensors": activations.generate,
  "losses.safetensors": losses.generate,
  "odd.safetensors": odd.generate,
  "arithmetic.safetensors": arithmetic.generate,
  "movement.safetensors": movement.generate,
  "lenet.safetensors": lambda path: models.generate(path, "lenet"),
  "resnet18.safetensors": lambda path: models.generate(path, "resnet18"),
  "finetuning.safetensors": finetuning.generate,
  "checkpoints.safetensors": checkpoints.generate,
  "tensorboard.tfevents": events.generate,
  "tensorboard_values.tfevents": events.generate_values,
  "pictures.safetensors": pictures.generate,
} | {
  f"pretrained/{name}.safetensors": lambda path, name=name: pretrained.generate(path, name) for name in pretrained.NETWORKS
}


def write(folder: Path):
  for name, generate in FIXTURES.items():
    (folder / name).parent.mkdir(exist_ok=True)
    summary = generate(folder / name)
    print(f"{name}: {(folder / name).stat().st_size} bytes")
    for line in summary:
      print(f"  {line}")


def check() -> int:
  with tempfile.TemporaryDirectory() as scratch:
    write(Path(scratch))
    problems = [f"{name}: {each}" for name in FIXTURES for each in files.differences(FOLDER / name, Path(scratch) / name)]
    problems += checkpoints.differences(FOLDER / "checkpoints", Path(scratch) / "checkpoints")
  for problem in problems:
    print(problem, file=sys.stderr)
  print("the fixtures differ" if problems else "the fixtures are what this script makes")
  return 1 if problems else 0


def main() -> int:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("--check", action="store_true", help="compare instead of writing")
  arguments = parser.parse_args()
  torch.set_num_threads(2)
  torch.use_deterministic_algorithms(True)
  streams.check_known_answers()
  if arguments.check:
    return check()
  write(FOLDER)
  return 0


if __name__ == "__main__":
  sys.exit(main())
