"""What the peers' scripts share: the workloads, their data, the timing, and the line of JSON that they print."""

import argparse
import json
import math
import os
import resource
import statistics
import time
from dataclasses import dataclass

import numpy as np

BATCHES = 16
CLASSES = 10
ADAM_RATE = 1e-3
SGD = {"lr": 1e-3, "momentum": 0.9, "weight_decay": 5e-4}


@dataclass(frozen=True)
class Workload:
  """A training workload: batch size, picture as [height, width, channels], and the network's size, which each script has to meet."""

  batch: int
  picture: tuple
  parameters: int
  tensors: int


# The networks of Sources/Models; `glissade train` prints the same numbers of parameters.
WORKLOADS = {
  "mlp": Workload(128, (28, 28, 1), 535_818, 6),
  "lenet": Workload(128, (28, 28, 1), 421_642, 8),
  "resnet18": Workload(64, (32, 32, 3), 11_173_962, 62),
  "efficientnet-lite0": Workload(16, (224, 224, 3), 3_383_818, 149),
}

# What is no network: Adam alone over tensors shaped like resnet18's, Adam over 100 million parameters, a product
# of two 4096×4096 matrices.
OTHERS = ["adam", "adam100m", "matmul4096"]


def resnet18_shapes():
  """The shapes of resnet18's 62 trained tensors, convolutions as [out, in, height, width]."""
  shapes = [(64, 3, 3, 3), (64,), (64,)]
  inputs = 64
  for outputs in (64, 128, 256, 512):
    for block in range(2):
      shapes += [(outputs, inputs, 3, 3), (outputs,), (outputs,), (outputs, outputs, 3, 3), (outputs,), (outputs,)]
      if block == 0 and inputs != outputs:
        shapes += [(outputs, inputs, 1, 1), (outputs,), (outputs,)]
      inputs = outputs
  return shapes + [(CLASSES, 512), (CLASSES,)]


def adam_shapes(workload):
  """The tensors that `adam` or `adam100m` updates: nine times resnet18's for the larger one, 100.6 million parameters."""
  shapes = resnet18_shapes() * (9 if workload == "adam100m" else 1)
  assert sum(math.prod(shape) for shape in resnet18_shapes()) == WORKLOADS["resnet18"].parameters
  return shapes


def arguments(variants):
  """The command line of a peer's script; `variants` are the ones that it has."""
  parser = argparse.ArgumentParser(description="Times one training workload and prints one line of JSON.")
  parser.add_argument("--workload", required=True, choices=[*WORKLOADS, *OTHERS])
  parser.add_argument("--variant", default=variants[0], choices=variants)
  parser.add_argument("--seconds", type=float, default=10, help="how long to measure, after the warm-up")
  parser.add_argument("--batch-size", type=int, help="samples in a step, where it is not to be the workload's own")
  parser.add_argument("--cuda", action="store_true", help="on the first CUDA device instead of the processor")
  return parser.parse_args()


def batch_size(options):
  """Samples in a step."""
  return options.batch_size or WORKLOADS[options.workload].batch


class Data:
  """A batch of pictures, and the labels that go with it in one step after the other.

  The pictures are normal noise, the same in every step, and to be copied to where the step computes in every step. The labels are drawn
  by chance and change, so that nothing can be learnt by heart: the loss stays about ln 10, and gradients keep their usual size instead of
  shrinking to denormal numbers, which processors are slow with.
  """

  def __init__(self, workload, batch, channels_first=False):
    draw = np.random.default_rng(1)
    height, width, channels = WORKLOADS[workload].picture
    shape = (channels, height, width) if channels_first else (height, width, channels)
    self.features = draw.standard_normal((batch, *shape), dtype=np.float32)
    self.labels = list(draw.integers(0, CLASSES, (BATCHES, batch)).astype(np.int32))


def check_parameters(workload, sizes):
  """Ends the script where the network is not ours.

  - sizes: the number of elements of each trained tensor.
  """
  expected = WORKLOADS[workload]
  found = (sum(sizes), len(sizes))
  if found != (expected.parameters, expected.tensors):
    raise SystemExit(f"{workload} has {found[0]} parameters in {found[1]} tensors, not {expected.parameters} in {expected.tensors}")


def process_seconds():
  """Seconds since this process began, by the kernel's own account."""
  with open("/proc/self/stat") as file:
    started = int(file.read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
  return time.clock_gettime(time.CLOCK_BOOTTIME) - started


def measure(options, step, synchronize, peer, version, loss=None, batch=None, is_grouped=False, **extra):
  """Times `step` and prints the result.

  - step: does one step, or enqueues it and waits until the one before it is done, so that two are on the way at most, as with ours.
  - synchronize: waits until all steps are done.
  - loss: reads the last step's loss, to make sure that what was timed was training.
  - batch: samples in a step, where there are samples.
  - is_grouped: `step` waits for nothing; steps are timed in groups of about 50 ms, with one wait at each group's end.
  - extra: more members of the result.
  """
  imported = peak_resident_bytes()
  step()
  synchronize()
  first = process_seconds()
  length = warm_up(step, synchronize, options.seconds)
  times = timed(step, synchronize if is_grouped else lambda: None, options.seconds, length if is_grouped else 1)
  synchronize()
  last = None if loss is None else loss()
  if last is not None and not math.isfinite(last):
    raise SystemExit(f"the loss is {last}: what was timed is no training")
  median = statistics.median(times)
  result = {
    "peer": peer, "variant": options.variant, "workload": options.workload, "batch_size": batch,
    "samples_per_second": batch / median if batch else None, "step_seconds_median": median, "step_seconds_min": min(times),
    "repeats": len(times), "first_step_seconds": first, "peak_resident_bytes": peak_resident_bytes(), "version": version,
    "before_first_step_resident_bytes": imported, "loss": last, **extra,
  }
  print(json.dumps(result), flush=True)


def peak_resident_bytes():
  """The process's largest resident size so far."""
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def warm_up(step, synchronize, seconds):
  """Runs at least three steps and a fifth of the time to come, and says how many steps fill a group."""
  begin, steps = time.perf_counter(), 0
  while steps < 3 or time.perf_counter() - begin < seconds / 5:
    last = time.perf_counter()
    step()
    synchronize()
    steps += 1
  return max(1, round(0.05 / (time.perf_counter() - last)))


def timed(step, wait, seconds, length):
  """Seconds per step of each group of `length` steps, three groups at least."""
  times = []
  step()
  wait()
  begin = last = time.perf_counter()
  while len(times) < 3 or last - begin < seconds:
    for _ in range(length):
      step()
    wait()
    now = time.perf_counter()
    times.append((now - last) / length)
    last = now
  return times
