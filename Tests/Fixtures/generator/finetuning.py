"""finetuning.safetensors: training steps of a small network of which some layers are frozen, kept close to their start, or thawed later.

Frozen layers are in evaluation mode, so that their batch norms use running statistics and leave them alone. Distance to the start is a
penalty in the loss, as its authors have it (L2-SP, Li et al. 2018).
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .files import write_safetensors
from .streams import values

BATCH, SIZE, CLASSES = 6, 12, 5


class Network(nn.Module):
  def __init__(self):
    super().__init__()
    self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
    self.bn1 = nn.BatchNorm2d(8)
    self.conv2 = nn.Conv2d(8, 12, 3, stride=2, padding=1, bias=False)
    self.bn2 = nn.BatchNorm2d(12)
    self.fc = nn.Linear(12, CLASSES)

  def forward(self, x):
    x = F.relu(self.bn1(self.conv1(x)))
    x = F.relu(self.bn2(self.conv2(x)))
    return self.fc(x.mean((2, 3)))


_SGD = {"optimizer": "SGD", "lr": 0.05, "momentum": 0.9}
_ADAM = {"optimizer": "Adam", "lr": 0.01, "eps": 1e-4}
# The steps, and the groups: whose parameters, what optimizer, the step that they are trained from, the strength of the penalty.
CASES = {
  "head": (4, [{"layers": ["fc"], **_SGD}]),
  "upper": (4, [{"layers": ["conv2", "bn2", "fc"], **_SGD}]),
  "around-a-frozen-norm": (4, [{"layers": ["conv1", "conv2", "bn2", "fc"], **_SGD}]),
  "stay-close": (6, [
    {"layers": ["fc"], **_SGD, "weight_decay": 0.01}, {"layers": ["conv1", "bn1", "conv2", "bn2"], **_SGD, "lr": 0.02, "stay_close": 0.3}]),
  "stay-close-clipped": (6, [
    {"layers": ["fc"], **_ADAM}, {"layers": ["conv1", "bn1", "conv2", "bn2"], **_ADAM, "lr": 0.004, "stay_close": 2.0}]),
  "gradual": (9, [
    {"layers": ["fc"], **_ADAM}, {"layers": ["conv2", "bn2"], **_ADAM, "lr": 0.002, "from": 3},
    {"layers": ["conv1", "bn1"], **_ADAM, "lr": 0.001, "from": 6}]),
  "gradual-momentum": (9, [{"layers": ["fc"], **_SGD}, {"layers": ["conv1", "bn1", "conv2", "bn2"], **_SGD, "lr": 0.01, "from": 4}]),
}
MAX_NORM = {"stay-close-clipped": 0.5}


def build(dtype):
  network = Network()
  state = network.state_dict()
  for name, tensor in state.items():
    if not tensor.dtype.is_floating_point:
      continue
    scale, offset = (0.4, 0) if tensor.dim() > 1 else (0.2, 1) if name.endswith(("weight", "var")) else (0.1, 0)
    state[name] = torch.from_numpy(values(f"finetuning/{name}", tensor.shape, scale, offset))
  network.load_state_dict(state)
  return network.to(dtype)


def group_of(network, group):
  return [p for layer in group["layers"] for p in network.get_submodule(layer).parameters()]


def options(group):
  return {key: value for key, value in group.items() if key not in ("layers", "optimizer", "from", "stay_close")}


def run(name, dtype):
  """The losses, the head's first gradients and every tensor at the end; and what must not have moved."""
  steps, groups = CASES[name]
  network = build(dtype)
  start = {key: tensor.clone() for key, tensor in network.state_dict().items()}
  optimizer, losses, gradient = None, [], None
  for step in range(steps):
    active = [group for group in groups if group.get("from", 0) <= step]
    for parameter in network.parameters():
      parameter.requires_grad_(False)
    for group in active:
      for parameter in group_of(network, group):
        parameter.requires_grad_(True)
    for module in network.children():
      module.train(any(p.requires_grad for p in module.parameters()))
    for group in active:
      if group.get("from", 0) == step:
        member = {"params": group_of(network, group), **options(group)}
        if optimizer is None:
          optimizer = getattr(torch.optim, group["optimizer"])([member], foreach=False)
        else:
          optimizer.add_param_group(member)
    images = torch.from_numpy(values(f"finetuning/images/{step}", (BATCH, SIZE, SIZE, 3))).to(dtype).permute(0, 3, 1, 2)
    labels = (torch.arange(BATCH) * 3 + step) % CLASSES
    loss = F.cross_entropy(network(images), labels)
    losses.append(float(loss.detach()))
    penalty = sum(
      group["stay_close"] / 2 * ((p - start[key]) ** 2).sum() for group in active if "stay_close" in group
      for key, p in network.named_parameters() if key.split(".")[0] in group["layers"])
    optimizer.zero_grad()
    (loss + penalty).backward()
    if step == 0:
      gradient = network.fc.weight.grad.clone()
    if name in MAX_NORM:
      nn.utils.clip_grad_norm_([p for p in network.parameters() if p.requires_grad], MAX_NORM[name], foreach=False)
    optimizer.step()
  end = {key: tensor.detach() for key, tensor in network.state_dict().items() if tensor.dtype.is_floating_point}
  trained = {layer for group in groups for layer in group["layers"]}
  unmoved = [key for key in end if key.split(".")[0] not in trained]
  assert all(torch.equal(end[key], start[key]) for key in unmoved)
  return np.array(losses), gradient.numpy(), end, unmoved


def generate(path) -> list[str]:
  tensors, metadata, summary = {}, {}, []
  for name, (steps, groups) in CASES.items():
    losses, gradient, end, unmoved = run(name, torch.float64)
    single_losses, _, single, _ = run(name, torch.float32)
    error = max(float((single[key].double() - end[key]).abs().max()) for key in end)
    tensors |= {f"{name}/losses": losses, f"{name}/gradient": gradient}
    tensors |= {f"{name}/{key}": tensor.numpy() for key, tensor in end.items()}
    metadata[name] = {"steps": steps, "groups": groups, "max_norm": MAX_NORM.get(name, 0), "unmoved": unmoved, "float32-error": error}
    summary.append(f"{name}: losses {losses[0]:.4f} to {losses[-1]:.4f}, float32 departs by {error:.1e}, {len(unmoved)} tensors unmoved")
  metadata["cases"] = list(CASES)
  write_safetensors(path, tensors, metadata)
  return summary
