#!/usr/bin/env python3
"""Gives exported runs their own data elsewhere and compares what comes out with what the command said; `Scripts/witnesses.sh` runs it.

  check_runs.py FOLDER

For every FOLDER/NAME.onnx, by its metadata:
  NAME.csv            the rows of a table, and NAME.json, what `glissade predict --json` made of them
  NAME/               square pictures, and NAME.json likewise
  NAME.images, NAME.labels   the test part of an IDX data set, and NAME.json, what `glissade evaluate --json` made of it
Nothing but the file's metadata says how numbers, words and pixels become features, and what comes out. NAME-probabilities.onnx, where it is
there, has to give the softmax of it. Probabilities may be off by 1e-5, values by 1e-5 of their deviation.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image

TOLERANCE = 1e-5


class Network:
  def __init__(self, path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    self.metadata = {entry.key: entry.value for entry in model.metadata_props}

  def __call__(self, features):
    return self.session.run(["output"], {"features": features})[0]

  def list(self, key):
    return json.loads(self.metadata[key])


def softmax(logits):
  powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
  return powers / powers.sum(axis=1, keepdims=True)


def rows(network, path):
  columns = network.list("columns")
  width = sum(len(column["words"]) if column["kind"] == "category" else 1 for column in columns)
  with open(path, newline="") as file:
    table = list(csv.DictReader(file))
  features = np.zeros((len(table), width))
  for line, row in enumerate(table):
    for column in columns:
      cell, place = row[column["name"]].strip(), column["feature"]
      if column["kind"] == "number":
        features[line, place] = float(cell) if cell not in ("", "NA") else np.nan
      elif cell in column["words"]:
        features[line, place + column["words"].index(cell)] = 1
  return features


def normalized(network, pixels):
  """[N, H, W, C] bytes to what the network takes."""
  mean, deviation = (np.array(network.list(key), np.float32) for key in ("mean", "deviation"))
  return np.ascontiguousarray(((pixels.astype(np.float32) / 255 - mean) / deviation).transpose(0, 3, 1, 2))


def picture(network, path):
  """A square picture as the network sees it, in bytes."""
  side, crop = int(network.metadata["resize"]), int(network.metadata["crop"])
  start = (side - crop) // 2
  resized = Image.open(path).convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
  return np.array(resized)[start : start + crop, start : start + crop]


def predicted(network, entries):
  """The probabilities that `predict` gave, in label order."""
  classes = network.list("classes")
  result = np.zeros((len(entries), len(classes)))
  for line, entry in enumerate(entries):
    for each in entry["classes"]:
      result[line, classes.index(each["class"])] = each["probability"]
  return result


def compare(path):
  network, base = Network(path), path.with_suffix("")
  said = json.loads(base.with_suffix(".json").read_text())
  if base.with_suffix(".csv").exists():
    features = rows(network, base.with_suffix(".csv"))
  elif base.is_dir():
    features = normalized(network, np.stack([picture(network, entry["file"]) for entry in said]))
  else:
    images = np.frombuffer(base.with_suffix(".images").read_bytes(), np.uint8)
    count, height, width = images[4:16].view(">u4")
    features = normalized(network, images[16:].reshape(count, height, width, 1))
    labels = np.frombuffer(base.with_suffix(".labels").read_bytes(), np.uint8)[8:]
  output = network(features)
  if not np.isfinite(output).all():
    return {"output": float("inf")}
  if network.metadata["output"] == "value":
    values = np.array([entry["value"] for entry in said])
    return {"values": float(np.abs(output[:, 0] - values).max() / values.std())}
  probabilities = softmax(output)
  report = {}
  if isinstance(said, dict):
    report["loss"] = abs(-np.log(probabilities[np.arange(len(labels)), labels]).mean() - said["loss"])
    report["accuracy"] = abs((probabilities.argmax(axis=1) == labels).mean() - said["accuracy"])
  else:
    report["probabilities"] = np.abs(probabilities - predicted(network, said)).max()
  other = base.with_name(base.name + "-probabilities.onnx")
  if other.exists():
    inside = Network(other)
    report["softmax inside"] = np.abs(inside(features) - probabilities).max() if inside.metadata["output"] == "probabilities" else 1
  return {name: float(value) for name, value in report.items()}


def main() -> int:
  failures = 0
  cases = [path for path in sorted(Path(sys.argv[1]).glob("*.onnx")) if not path.stem.endswith("-probabilities")]
  for path in cases:
    report = compare(path)
    failures += sum(not value <= TOLERANCE for value in report.values())
    print(f"{path.stem}: " + ", ".join(f"{name} off by {value:.1e}" for name, value in report.items()))
  print(f"{failures} of them are off by more than {TOLERANCE}" if failures else f"{len(cases)} runs say the same elsewhere")
  return 1 if failures or not cases else 0


if __name__ == "__main__":
  sys.exit(main())
