#!/usr/bin/env python3
"""Saves a network with random weights as PyTorch saves it, and what it computes; `Scripts/witnesses.sh` has the library load it.

  save_networks.py FOLDER NAME

NAME is one of the pretrained fixtures' networks. Its weights are PyTorch's own first values, its batch norms a little off theirs, so that no
two of their tensors are alike. FOLDER gets

  NAME.pth          the state_dict, as an archive
  NAME-legacy.pth   the same as the stream that PyTorch wrote before version 1.6
  NAME.safetensors  the batch `images` [N, H, W, C], and in float64: `evaluation` logits by the running statistics saved, `loss` of a training
                    step with labels 0, 1, 2, …, and of each tensor `gradient/<name>` or `statistic/<name>` after the step, in PyTorch's
                    layout; metadata `error`: how far a float32 run of PyTorch is off, in the measure of the fixtures' README

As in the fixtures, biases are moved a little so that no ReLU's decision and no pooling window's choice hangs on rounding.
"""

import copy
import math
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from generator import pretrained
from generator.files import write_safetensors

SEEDS = range(200)


def size_of(name: str) -> int:
  return 96 if name.startswith("efficientnet") else 64


def batch_of(name: str) -> int:
  """Enough for every batch norm: the last ones see 2×2 or 3×3 pixels of each picture, VGG's 4×4. That has five poolings, and the fewer
  windows they have, the sooner a batch is found for which all are clear."""
  return 2 if name == "vgg11_bn" else 4


def pictures(name: str, seed: int):
  """Channels last, as they are saved."""
  size = size_of(name)
  return torch.rand((batch_of(name), size, size, 3), generator=torch.Generator().manual_seed(1000 + seed)) * 2 - 1


def channels_first(images):
  return images.permute(0, 3, 1, 2).contiguous()


def network_of(name: str):
  torch.manual_seed(0)
  network = pretrained.NETWORKS[name][0](size_of(name))
  for module in network.modules():
    if isinstance(module, nn.Dropout):
      module.p = 0.0
    if isinstance(module, nn.BatchNorm2d):
      for tensor, middle, spread in ((module.weight, 1, 0.1), (module.bias, 0, 0.05), (module.running_mean, 0, 0.05), (module.running_var, 1, 0.2)):
        nn.init.uniform_(tensor, middle - spread, middle + spread)
      module.num_batches_tracked.fill_(3)
  return network


def settled(name: str):
  """The network and a batch for which all its decisions are clear."""
  first = network_of(name)
  for seed in SEEDS:
    images = pictures(name, seed)
    trial = copy.deepcopy(first).double().train()
    watch = pretrained.Watch(trial, settling=True)
    with torch.no_grad():
      trial(channels_first(images).double())
    if watch.pool_margin > 1e-5:
      for path in watch.moved:
        first.get_parameter(path).data = trial.get_parameter(path).detach().float()
      return first, images
  raise RuntimeError(f"{name}: every batch has two values of a pooling window that are nearly alike")


def run(network, images, dtype) -> dict:
  """Evaluates, and makes one training step without its update."""
  network, images = copy.deepcopy(network).to(dtype), channels_first(images).to(dtype)
  network.eval()
  with torch.no_grad():
    evaluation = network(images).numpy()
  network.train()
  watch = pretrained.Watch(network, settling=False)
  logits = network(images)
  watch.remove()
  loss = F.cross_entropy(logits, torch.arange(len(images)) % pretrained.CLASSES)
  loss.backward()
  return {
    "evaluation": evaluation, "loss": float(loss.detach()), "margins": (watch.margin, watch.pool_margin),
    "gradients": {path: parameter.grad.numpy() for path, parameter in network.named_parameters()},
    "statistics": {path: buffer.numpy() for path, buffer in network.named_buffers() if buffer.dtype.is_floating_point},
  }


def save(folder: Path, name: str):
  network, images = settled(name)
  exact, single = run(network, images, torch.float64), run(network, images, torch.float32)
  margin, pool_margin = exact["margins"]
  assert margin > 0.9 * pretrained.CLEARANCE and pool_margin > 1e-5, f"{name}: decisions are not clear: {exact['margins']}"
  floor = pretrained.floor_of(exact["gradients"])
  both, other = exact["gradients"] | exact["statistics"], single["gradients"] | single["statistics"]
  error = max(pretrained.error(other[path], array, floor) for path, array in both.items())
  state = network.state_dict()
  torch.save(state, folder / f"{name}.pth")
  torch.save(state, folder / f"{name}-legacy.pth", _use_new_zipfile_serialization=False)
  tensors = {"images": images.numpy(), "evaluation": exact["evaluation"], "loss": np.array([exact["loss"]])}
  # Rounded to float32, which is a thousandth of what they may be off by.
  for kind in ("gradient", "statistic"):
    tensors |= {f"{kind}/{path}": array.astype(np.float32) for path, array in exact[f"{kind}s"].items()}
  write_safetensors(folder / f"{name}.safetensors", tensors, {"network": name, "error": error})
  print(f"{name}: margins {margin:.1e} and {'none' if math.isinf(pool_margin) else f'{pool_margin:.1e}'}, float32 is off by {error:.1e}")


def main() -> int:
  if len(sys.argv) != 3 or sys.argv[2] not in pretrained.NETWORKS:
    print(__doc__, file=sys.stderr)
    return 2
  torch.set_num_threads(2)
  torch.use_deterministic_algorithms(True)
  save(Path(sys.argv[1]), sys.argv[2])
  return 0


if __name__ == "__main__":
  sys.exit(main())
