#!/usr/bin/env python3
"""Reads a run's event file as TensorBoard does and compares every value with metrics.csv.

  pip install tensorboard
  glissade train --tensorboard --out runs/x && Scripts/check-tensorboard.py runs/x
"""

import csv
import struct
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

TAGS = {
  "learning_rate": "learning_rate", "train_loss": "train/loss", "train_accuracy": "train/accuracy", "validation_loss": "validation/loss",
  "validation_accuracy": "validation/accuracy", "samples_per_second": "samples_per_second",
}


def single(value: float) -> float:
  return struct.unpack("f", struct.pack("f", value))[0]


def main() -> int:
  if len(sys.argv) != 2:
    print(__doc__, file=sys.stderr)
    return 2
  run = Path(sys.argv[1])
  events = EventAccumulator(str(run), size_guidance={"scalars": 0})
  events.Reload()
  found = {tag: {event.step: event.value for event in events.Scalars(tag)} for tag in events.Tags()["scalars"]}
  rows = list(csv.DictReader((run / "metrics.csv").open()))
  problems, compared = [], 0
  for column, tag in TAGS.items():
    expected = {int(row["step"]): single(float(row[column])) for row in rows if row.get(column)}
    compared += len(expected)
    if found.pop(tag, {}) != expected:
      problems.append(f"{tag} differs from {column}")
  problems += [f"{tag} is in no column" for tag in found]
  if not compared:
    problems.append("there is nothing to compare")
  for problem in problems:
    print(f"{run}: {problem}", file=sys.stderr)
  print(f"{compared} values of {len(rows)} epochs " + ("differ" if problems else "are those of metrics.csv"))
  return 1 if problems else 0


if __name__ == "__main__":
  sys.exit(main())
