"""lenet.safetensors and resnet18.safetensors: one training step's loss and gradients, in float64."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .files import write_safetensors
from .networks import LeNet, ResNet18
from .streams import values

BATCH = 8
PROJECTIONS = 4
SAMPLES = 64

# Of 600 streams tried, lenet/input/375 keeps the largest two values of every pooling window furthest apart.
# name: (network, image shape [H, W, C], the images' stream, batch norms whose running statistics are stored)
MODELS = {
  "lenet": (LeNet, (28, 28, 1), "lenet/input/375", ()),
  "resnet18": (ResNet18, (32, 32, 3), "resnet18/input", ("bn1", "layer4.1.bn2")),
}


def ours(tensor) -> np.ndarray:
  """A parameter or its gradient in the library's layout: convolution weights [out, kH, kW, in], all else as it is."""
  tensor = tensor.detach()
  return (tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor).contiguous().numpy()


def describe(network) -> dict:
  """For each parameter: its shape in the library's layout, and the scale and offset of its stream."""
  result = {}
  for path, module in network.named_modules():
    for leaf, parameter in module.named_parameters(recurse=False):
      shape = ours(parameter).shape
      if isinstance(module, nn.BatchNorm2d):
        scale, offset = (0.2, 1) if leaf == "weight" else (0.1, 0)
      elif leaf == "weight":
        scale, offset = math.sqrt(6 / (parameter.numel() // parameter.shape[0])), 0
      else:
        scale, offset = 0.1, 0
      result[f"{path}.{leaf}"] = {"shape": list(shape), "scale": scale, "offset": offset}
  return result


def images(model: str, dtype):
  _, image, stream, _ = MODELS[model]
  return torch.from_numpy(values(stream, (BATCH, *image))).to(dtype).permute(0, 3, 1, 2).contiguous()


def build(model: str, dtype, settled: dict):
  """The network with its streams' values, and those biases that are `settled` already."""
  network = MODELS[model][0]()
  for name, entry in describe(network).items():
    array = settled.get(name, values(f"{model}/{name}", entry["shape"], entry["scale"], entry["offset"]))
    array = torch.from_numpy(array)
    with torch.no_grad():
      network.get_parameter(name).copy_(array.permute(0, 3, 1, 2) if array.dim() == 4 else array)
  return network.to(dtype)


def settle(model: str) -> dict:
  """The biases in front of ReLUs, moved so that no ReLU's input is close to zero."""
  network = build(model, torch.float64, {})
  network.settling = True
  with torch.no_grad():
    network(images(model, torch.float64))
  paths = {module: path for path, module in network.named_modules()}
  return {f"{paths[module]}.bias": module.bias.detach().float().numpy() for module in network.settled}


def step(model: str, dtype, settled: dict, memory_format=torch.contiguous_format) -> dict:
  """Runs one training step without its update, then evaluates the same batch with the running statistics that it left."""
  network = build(model, dtype, settled).to(memory_format=memory_format)
  batch = images(model, dtype).contiguous(memory_format=memory_format)
  labels = torch.arange(BATCH) % 10
  network.train()
  logits = network(batch)
  loss = F.cross_entropy(logits, labels)
  loss.backward()
  result = {
    "logits": logits.detach().numpy(), "loss": loss.detach().numpy(), "correct": int((logits.argmax(1) == labels).sum()),
    "gradients": {name: ours(parameter.grad) for name, parameter in network.named_parameters()},
    "decisions": network.decisions, "relu_margin": network.relu_margin, "pool_margin": network.pool_margin,
  }
  network.reset()
  network.eval()
  with torch.no_grad():
    result["evaluation"] = network(batch).numpy()
  result["buffers"] = {name: buffer.numpy() for name, buffer in network.named_buffers()}
  return result


def relative(a, b) -> float:
  a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
  return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def sample(gradient) -> np.ndarray:
  flat = gradient.reshape(-1)
  return flat[[j * 2654435761 % flat.size for j in range(SAMPLES)]].astype(np.float64)


def probe(name: str, gradient) -> dict:
  """What is stored of a gradient: its L2 norm, its dot products with four streams, 64 of its elements."""
  flat = gradient.reshape(-1).astype(np.float64)
  # Streams of their own for each tensor, so that elements in the wrong order, which keep the norm, are found.
  directions = [values(f"projection/{k}/{name}", flat.shape).astype(np.float64) for k in range(PROJECTIONS)]
  return {"norm": np.linalg.norm(flat), "projections": np.array([flat @ d for d in directions]), "samples": sample(gradient)}


def judge(reference: dict, probes: dict, other: dict) -> dict:
  """How far a float32 run is from the float64 one, in the measures that a test can take."""
  errors = {}
  for name, exact in reference["gradients"].items():
    got, want = probe(name, other["gradients"][name]), probes[name]
    errors[name] = {
      "gradient": relative(other["gradients"][name], exact),
      "norm": abs(got["norm"] - want["norm"]) / want["norm"],
      "projection": float(np.abs(got["projections"] - want["projections"]).max() / want["norm"]),
      "sample": float(np.abs(got["samples"] - want["samples"]).max() / (want["norm"] / math.sqrt(exact.size))),
    }
  worst = {}
  for measure in ("gradient", "norm", "projection", "sample"):
    name = max(errors, key=lambda each: errors[each][measure])
    worst[measure] = {"error": errors[name][measure], "of": name}
  buffers = reference["buffers"]
  statistics = [relative(other["buffers"][key], buffers[key]) for key in buffers if key.endswith(("_mean", "_var"))]
  flipped = sum(int((a != b).sum()) for a, b in zip(reference["decisions"], other["decisions"]))
  return {
    "loss": relative(other["loss"], reference["loss"]), "logits": relative(other["logits"], reference["logits"]),
    "evaluation": relative(other["evaluation"], reference["evaluation"]), "statistics": max(statistics, default=0.0),
    "worst": worst, "decisions-flipped": flipped, "decisions": sum(each.numel() for each in reference["decisions"]),
    "gradient-of": {name: float(f"{each['gradient']:.3g}") for name, each in errors.items()},
  }


def generate(path, model: str) -> list[str]:
  kind, image, stream, norms = MODELS[model]
  settled = settle(model)
  reference = step(model, torch.float64, settled)
  probes = {name: probe(name, gradient) for name, gradient in reference["gradients"].items()}
  tensors = {"logits": reference["logits"], "loss": reference["loss"].reshape(1), "evaluation/logits": reference["evaluation"]}
  tensors.update(settled)
  for name, each in probes.items():
    tensors[f"{name}/gradient/norm"] = np.array([each["norm"]])
    tensors[f"{name}/gradient/projections"] = each["projections"]
    tensors[f"{name}/gradient/samples"] = each["samples"]
  for norm in norms:
    for leaf in ("running_mean", "running_var"):
      tensors[f"{norm}.{leaf}"] = reference["buffers"][f"{norm}.{leaf}"]
  judged = {
    "contiguous": judge(reference, probes, step(model, torch.float32, settled)),
    "channels-last": judge(reference, probes, step(model, torch.float32, settled, torch.channels_last)),
  }
  parameters = {name: {**entry, "stored": name in settled} for name, entry in describe(kind()).items()}
  margins = {"relu": reference["relu_margin"], "max-pool": reference["pool_margin"]}
  margins = {name: margin for name, margin in margins.items() if math.isfinite(margin)}
  write_safetensors(path, tensors, {
    "model": model, "input": {"stream": stream, "shape": [BATCH, *image], "scale": 1}, "labels": [i % 10 for i in range(BATCH)],
    "correct": reference["correct"], "parameters": parameters, "margins": margins, "float32-errors": judged,
  })
  logit = np.abs(reference["logits"]).max()
  summary = [f"{len(probes)} parameters, loss {float(reference['loss']):.6f}, largest logit {logit:.2f}, margins {margins}"]
  for name, each in judged.items():
    worst = ", ".join(f"{measure} {found['error']:.1e} ({found['of']})" for measure, found in each["worst"].items())
    summary.append(
      f"float32 {name}: loss {each['loss']:.1e}, logits {each['logits']:.1e}, evaluation {each['evaluation']:.1e}, statistics "
      f"{each['statistics']:.1e}, worst {worst}; {each['decisions-flipped']} of {each['decisions']} decisions flipped")
  return summary
