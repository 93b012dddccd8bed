"""Writing fixtures so that the same numbers give the same bytes, and comparing two of them."""

import json

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save

VERSIONS = {"torch": torch.__version__, "numpy": np.__version__, "generator": "Tests/Fixtures/generate.py"}


def compact(value) -> str:
  return json.dumps(value, sort_keys=True, separators=(",", ":"))


def write_safetensors(path, tensors: dict, metadata: dict):
  """Writes tensors with string metadata; values that are not strings become JSON."""
  strings = {key: value if isinstance(value, str) else compact(value) for key, value in {**VERSIONS, **metadata}.items()}
  arrays = {key: np.ascontiguousarray(array) for key, array in tensors.items()}
  allowed = (np.float32, np.float64, np.int32, np.uint8)
  for key, array in arrays.items():
    assert array.dtype in allowed, f"{key} is {array.dtype}"
    assert np.isfinite(array).all(), f"{key} is not finite"
  data = save(arrays, metadata=strings)
  # The package writes metadata in an order that changes from run to run: sort the header's keys, which keeps its length.
  length = int.from_bytes(data[:8], "little")
  header = json.loads(data[8:8 + length])
  header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
  text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
  text += b" " * (-len(text) % 8)
  path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length:])


def read_safetensors(path):
  with safe_open(path, framework="numpy") as file:
    return {key: file.get_tensor(key) for key in file.keys()}, file.metadata()


def differences(old, new) -> list[str]:
  """What differs between two fixture files beyond the rounding that another processor may bring."""
  if old.suffix == ".json":
    return [] if json.loads(old.read_text()) == json.loads(new.read_text()) else ["the JSON differs"]
  if old.suffix == ".tfevents":
    return [] if old.read_bytes() == new.read_bytes() else ["the bytes differ"]
  (before, _), (after, _) = read_safetensors(old), read_safetensors(new)
  found = [f"{key} is in one file only" for key in sorted(before.keys() ^ after.keys())]
  for key in sorted(before.keys() & after.keys()):
    a, b = before[key], after[key]
    if a.shape != b.shape or a.dtype != b.dtype:
      found.append(f"{key}: {a.dtype}{a.shape} became {b.dtype}{b.shape}")
    elif a.size:
      # What is read back from checkpoints was computed in float32, however wide it is kept.
      exact = a.dtype == np.float64 and old.name != "checkpoints.safetensors"
      tolerance = (1e-11 if exact else 2e-6) * max(float(np.abs(a).max()), 1e-30)
      worst = float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())
      if worst > tolerance:
        found.append(f"{key}: differs by {worst:.3g}, and {tolerance:.3g} would pass")
  return found
