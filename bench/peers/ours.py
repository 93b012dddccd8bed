"""Runs Glissade's command and reads what it measured."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from contestants import OWN_ROWS

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(os.environ.get("GLISSADE_COMMAND") or ROOT / ".build" / "release" / "glissade").absolute()


class Failed(Exception):
  """A program that did not do its work, with its last words."""


def run(arguments, timeout, environment=None):
  """What a program wrote to standard output.

  Raises `Failed` with what it said of the reason.
  """
  words = [str(argument) for argument in arguments]
  try:
    done = subprocess.run(
      words, cwd=ROOT, env={**os.environ, **(environment or {})}, capture_output=True, text=True, timeout=timeout, check=False)
  except subprocess.TimeoutExpired:
    raise Failed(f"took longer than {timeout} s") from None
  except OSError as error:
    raise Failed(str(error)) from None
  if done.returncode != 0:
    raise Failed(f"ended with status {done.returncode}: {last_words(done.stderr or done.stdout)}")
  return done.stdout


def last_words(text):
  """What went wrong, from what a program wrote: the last line that names an error, otherwise the last line."""
  lines = [line.strip() for line in text.splitlines() if line.strip()]
  named = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Interrupt)\b", line)]
  return (named or lines or ["nothing was said"])[-1][:300]


def bench(suite, device, timeout, *options):
  """The report of `glissade bench`, as it writes it."""
  with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "report.json"
    run([COMMAND, "bench", suite, "--device", device, "--json", file, *options], timeout)
    return json.loads(file.read_text())


def workload(name, device, seconds, batch, timeout):
  """One measurement of a workload in the form that the peers' scripts print."""
  suite, row = OWN_ROWS.get(name, ("train", name))
  # The optimizers' suite times the unfused update for as long, and Adam's relatives as well.
  options = ["--seconds", seconds / 3 if suite == "optimizers" else seconds]
  options += ["--model", name] if suite == "train" else ["--filter", row]
  if batch and suite == "train":
    options += ["--batch-size", batch]
  report = bench(suite, device, timeout, *options)
  found = next((result for result in report["results"] if result["name"] == row), None)
  if found is None:
    raise Failed(f"'glissade bench {suite}' has no row '{row}'")
  return {
    "peer": "glissade", "variant": device, "workload": name, "batch_size": found.get("batch_size"),
    "samples_per_second": found.get("samples_per_second"), "step_seconds_median": found["median_seconds"],
    "step_seconds_min": found["min_seconds"], "repeats": found["repeats"], "first_step_seconds": found.get("first_step_seconds"),
    "peak_resident_bytes": found.get("peak_resident_bytes"), "version": report["glissade_version"], "device": report["device"]["name"],
    "result": found, "limits": report["limits"], "machine": report["machine"], "driver": report["device"].get("driver"),
  }


def first_step(device, timeout, environment=None):
  """Seconds from the start of `glissade train` to the end of its first step of lenet."""
  with tempfile.TemporaryDirectory() as folder:
    out = Path(folder) / "run"
    run([
      COMMAND, "train", "--model", "lenet", "--device", device, "--epochs", 1, "--limit", 1280, "--quiet", "--out", out,
    ], timeout, environment)
    return json.loads((out / "summary.json").read_text())["first_step_seconds"]


def cold_starts(repeats, timeout):
  """First steps on the CPU, and on OpenCL with an empty cache and again with what that left; several times each."""
  times = {"cpu": [], "opencl, empty cache": [], "opencl, warm cache": []}
  for _ in range(repeats):
    times["cpu"].append(first_step("cpu", timeout))
    with tempfile.TemporaryDirectory() as folder:
      names = {"POCL_CACHE_DIR": "pocl", "GLISSADE_CACHE": "glissade", "CUDA_CACHE_PATH": "cuda"}
      caches = {variable: f"{folder}/{name}" for variable, name in names.items()}
      for path in caches.values():
        os.mkdir(path)
      times["opencl, empty cache"].append(first_step("opencl", timeout, caches))
      times["opencl, warm cache"].append(first_step("opencl", timeout, caches))
  return times
