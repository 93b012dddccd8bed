#!/usr/bin/env python3
"""Reads a run's event file as TensorBoard does and compares every value with the run's files: curves with metrics.csv and health.csv, histograms of
weights with model.safetensors, the picture of the confusion matrix with summary.json, hyper-parameters with recipe.yaml.

  pip install tensorboard
  glissade train --tensorboard --monitor --out runs/x && Scripts/check-tensorboard.py runs/x
"""

import csv
import json
import struct
import sys
import zlib
from pathlib import Path

from tensorboard.backend.event_processing import plugin_event_multiplexer
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import api_pb2, metadata

TAGS = {
  "learning_rate": "learning_rate", "train_loss": "train/loss", "train_accuracy": "train/accuracy", "validation_loss": "validation/loss",
  "validation_accuracy": "validation/accuracy", "samples_per_second": "samples_per_second",
}
EVERYTHING = {"scalars": 0, "histograms": 0, "images": 0, "tensors": 0}


def single(value: float) -> float:
  return struct.unpack("f", struct.pack("f", value))[0]


def rows_of(path: Path) -> list:
  return list(csv.DictReader(path.open())) if path.exists() else []


def scalars(run: Path, events: EventAccumulator) -> tuple:
  found = {tag: {event.step: event.value for event in events.Scalars(tag)} for tag in events.Tags()["scalars"]}
  rows, layers = rows_of(run / "metrics.csv"), rows_of(run / "health.csv")
  steps = {row["epoch"]: int(row["step"]) for row in rows}
  expected = {tag: {int(row["step"]): single(float(row[column])) for row in rows if row.get(column)} for column, tag in TAGS.items()}
  for row in layers:
    for column, value in list(row.items())[4:]:
      if value:
        expected.setdefault(f"{column}/{row['layer']}", {})[steps[row["epoch"]]] = single(float(value))
  problems = [f"{tag} differs from its column" for tag in expected if found.get(tag, {}) != expected[tag]]
  problems += [f"{tag} is in no column" for tag in found if tag not in expected]
  return problems, sum(map(len, expected.values())), len(rows)


def weights(path: Path) -> dict:
  data = path.read_bytes()
  size = struct.unpack("<Q", data[:8])[0]
  header = json.loads(data[8:8 + size])
  result = {}
  for name, entry in header.items():
    if name != "__metadata__" and entry["dtype"] == "F32":
      first, last = entry["data_offsets"]
      result[name] = struct.unpack(f"<{(last - first) // 4}f", data[8 + size + first:8 + size + last])
  return result


def histograms(run: Path, events: EventAccumulator, epochs: int) -> list:
  problems = []
  for name, values in weights(run / "model.safetensors").items():
    found = events.Histograms(f"weights/{name}") if f"weights/{name}" in events.Tags()["histograms"] else []
    if len(found) != epochs:
      problems.append(f"weights/{name} has {len(found)} histograms for {epochs} epochs")
      continue
    last = found[-1].histogram_value
    if (last.num, last.min, last.max) != (len(values), min(values), max(values)) or abs(last.sum - sum(values)) > 1e-6 * len(values):
      problems.append(f"weights/{name} is another tensor's histogram than model.safetensors has")
    if sum(last.bucket) != len(values) or len(last.bucket) != len(last.bucket_limit):
      problems.append(f"weights/{name} has buckets that do not hold all numbers")
    edge = float("-inf")
    for limit, count in zip(last.bucket_limit, last.bucket):
      # Numbers at an edge may be on either side.
      slack = 1e-6 * (last.max - last.min)
      low, high = sum(edge + slack < v <= limit - slack for v in values), sum(edge - slack < v <= limit + slack for v in values)
      if not low <= count <= high:
        problems.append(f"weights/{name}: {count} numbers up to {limit}, and there are {low} to {high}")
        break
      edge = limit
  return problems


def pixels(png: bytes) -> list:
  """Rows of RGB, of a picture without filters."""
  at, data, width, height = 8, b"", 0, 0
  while at < len(png):
    size, kind = struct.unpack(">I4s", png[at:at + 8])
    body = png[at + 8:at + 8 + size]
    assert struct.unpack(">I", png[at + 8 + size:at + 12 + size])[0] == zlib.crc32(kind + body)
    if kind == b"IHDR":
      width, height = struct.unpack(">II", body[:8])
    if kind == b"IDAT":
      data += body
    at += 12 + size
  raw = zlib.decompress(data)
  stride = 3 * width + 1
  return [[tuple(raw[stride * y + 1 + 3 * x:stride * y + 4 + 3 * x]) for x in range(width)] for y in range(height)]


def confusion(run: Path, events: EventAccumulator) -> list:
  summary = json.loads((run / "summary.json").read_text())
  matrix = (summary.get("report") or {}).get("confusion_matrix")
  if not matrix:
    return []
  tag = f"confusion_matrix/{summary['reported_on']}"
  if tag not in events.Tags()["images"]:
    return [f"there is no picture {tag}"]
  image = events.Images(tag)[-1]
  picture = pixels(image.encoded_image_string)
  if (image.width, image.height) != (len(picture[0]), len(picture)):
    return [f"{tag} is said to have another size than it has"]
  cell = len(picture) // len(matrix)
  wrong = [
    (row, column) for row, counts in enumerate(matrix) for column, count in enumerate(counts)
    if (picture[row * cell][column * cell] == (255, 255, 255)) == (count > 0)]
  return [f"{tag}: cells {wrong[:3]} are not those of the matrix"] if wrong else []


def hyperparameters(run: Path) -> list:
  """As the hparams plugin asks for them."""
  multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance=None)
  multiplexer.AddRunsFromDirectory(str(run))
  multiplexer.Reload()
  found = {}
  for name, content in multiplexer.PluginRunToTagToContent(metadata.PLUGIN_NAME).items():
    found |= content
  if metadata.SESSION_START_INFO_TAG not in found or metadata.SESSION_END_INFO_TAG not in found:
    return ["the hparams plugin finds no beginning or no end of a session"]
  start = metadata.parse_session_start_info_plugin_data(found[metadata.SESSION_START_INFO_TAG])
  end = metadata.parse_session_end_info_plugin_data(found[metadata.SESSION_END_INFO_TAG])
  problems = [] if end.status == api_pb2.STATUS_SUCCESS and end.end_time_secs >= start.start_time_secs > 1e9 else ["the session did not end well"]
  lines = dict(line.split(": ", 1) for line in (run / "recipe.yaml").read_text().splitlines() if ": " in line and line[0] not in "# ")
  for name, value in start.hparams.items():
    kind = value.WhichOneof("kind")
    said = lines.get(name, "nothing")
    same = {
      "number_value": lambda: abs(float(said) - value.number_value) <= 1e-6 * abs(value.number_value),
      "bool_value": lambda: said == str(value.bool_value).lower(),
      "string_value": lambda: said.strip('"') == value.string_value or said.startswith("["),
    }[kind]
    try:
      if not same():
        problems.append(f"hyper-parameter {name} is {value}, and {said} in recipe.yaml")
    except ValueError:
      problems.append(f"hyper-parameter {name} is {value}, and {said} in recipe.yaml")
  if not {"lr", "model", "batch_size"} <= set(start.hparams):
    problems.append("hyper-parameters are missing")
  return problems


def main() -> int:
  if len(sys.argv) != 2:
    print(__doc__, file=sys.stderr)
    return 2
  run = Path(sys.argv[1])
  events = EventAccumulator(str(run), size_guidance=EVERYTHING)
  events.Reload()
  problems, compared, epochs = scalars(run, events)
  problems += histograms(run, events, epochs) + confusion(run, events) + hyperparameters(run)
  if not compared:
    problems.append("there is nothing to compare")
  for problem in problems:
    print(f"{run}: {problem}", file=sys.stderr)
  print(f"{compared} values of {epochs} epochs, histograms, pictures and hyper-parameters " + ("differ" if problems else "are those of the run's files"))
  return 1 if problems else 0


if __name__ == "__main__":
  sys.exit(main())
