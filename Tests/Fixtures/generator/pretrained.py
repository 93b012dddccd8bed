"""The networks whose published weights the library loads: torchvision's, and EfficientNet-Lite's, from the packages that define them.

Weights are streams in PyTorch's own names and layout, so that what is tested begins with loading them. As in `networks.py`, decisions of
ReLUs are kept clear by moving the biases in front of them; here both bends of ReLU6 count, and only the moved elements are stored.
"""

import math

import numpy as np
import torch
import torchvision
from efficientnet_lite_pytorch import EfficientNet
from torch import nn
from torch.nn import functional as F

from .files import write_safetensors
from .streams import values

CLASSES = 10
CLEARANCE = 5e-4
PROJECTIONS = 2
FLOOR = 1e-3
VGG_HIDDEN = 64


def vgg11_bn(_):
  """torchvision's, with narrow hidden layers: at 4096 features the dense layers alone would be 119 million numbers."""
  network = torchvision.models.vgg11_bn(num_classes=CLASSES)
  inputs = network.classifier[0].in_features
  network.classifier[0] = nn.Linear(inputs, VGG_HIDDEN)
  network.classifier[3] = nn.Linear(VGG_HIDDEN, VGG_HIDDEN)
  network.classifier[6] = nn.Linear(VGG_HIDDEN, CLASSES)
  return network


def efficientnet_lite(number):
  def make(size):
    network = EfficientNet.from_name(f"efficientnet-lite{number}", image_size=size, num_classes=CLASSES)
    network._global_params = network._global_params._replace(drop_connect_rate=0)
    return network
  return make


def of_torchvision(name):
  return lambda _: getattr(torchvision.models, name)(num_classes=CLASSES)


# The network, the batch, the pictures' height and width, whether a training step is recorded, the pictures' stream. Small batches of
# small pictures would make rounding errors large where batch norms divide by the deviation of a few values.
NETWORKS = {
  "resnet18-imagenet": (of_torchvision("resnet18"), 2, 64, True, "0"),
  "resnet34": (of_torchvision("resnet34"), 2, 64, False, "0"),
  "resnet50": (of_torchvision("resnet50"), 4, 64, True, "8"),
  "mobilenet_v2": (of_torchvision("mobilenet_v2"), 4, 64, True, "0"),
  "efficientnet-lite0": (efficientnet_lite(0), 4, 96, True, "0"),
  "efficientnet-lite1": (efficientnet_lite(1), 1, 64, False, "0"),
  "efficientnet-lite2": (efficientnet_lite(2), 1, 65, False, "0"),
  "efficientnet-lite3": (efficientnet_lite(3), 1, 75, False, "0"),
  "efficientnet-lite4": (efficientnet_lite(4), 4, 96, True, "0"),
  "vgg11_bn": (vgg11_bn, 2, 64, True, "17"),
}


def scale_and_offset(name: str, shape) -> tuple[float, float]:
  """Of the stream that a tensor of a `state_dict` is, by its name's last part and its rank."""
  leaf = name.rsplit(".", 1)[-1]
  if leaf == "running_var":
    return 0.25, 1
  if len(shape) > 1:
    return math.sqrt(6 / math.prod(shape[1:])), 0
  return (0.2, 1) if leaf == "weight" else (0.1, 0)


def float_names(network) -> list[str]:
  return [name for name, tensor in network.state_dict().items() if tensor.dtype.is_floating_point]


def build(name: str, dtype, settled: dict):
  network = NETWORKS[name][0](NETWORKS[name][2])
  for module in network.modules():
    if isinstance(module, nn.Dropout):
      module.p = 0.0
  state = network.state_dict()
  for path in float_names(network):
    scale, offset = scale_and_offset(path, state[path].shape)
    array = settled[path] if path in settled else values(f"{name}/{path}", state[path].shape, scale, offset)
    state[path] = torch.from_numpy(array)
  network.load_state_dict(state)
  return network.to(dtype)


def pictures(name: str, dtype):
  _, batch, size, _, stream = NETWORKS[name]
  return torch.from_numpy(values(f"{name}/images/{stream}", (batch, size, size, 3))).to(dtype).permute(0, 3, 1, 2).contiguous()


def nearest_gap(v, bends) -> float:
  """The shift of least magnitude that leaves no value within CLEARANCE of a bend."""
  v = torch.cat([v.flatten() - bend for bend in bends]).sort().values
  if v.abs().min() >= CLEARANCE:
    return 0.0
  edges = torch.cat([v.new_tensor([-math.inf]), v, v.new_tensor([math.inf])])
  wide = (edges[1:] - edges[:-1]) >= 2.02 * CLEARANCE
  lower, upper = -edges[1:][wide] + 1.01 * CLEARANCE, -edges[:-1][wide] - 1.01 * CLEARANCE
  shifts = torch.maximum(torch.minimum(torch.zeros_like(lower), upper), lower)
  return float(shifts[shifts.abs().argmin()])


class Watch:
  """Looks at what goes into each activation and max pool; while settling, moves the bias of the layer in front of it."""

  def __init__(self, network, settling: bool):
    self.settling, self.margin, self.pool_margin, self.last, self.moved = settling, math.inf, math.inf, None, set()
    self.paths = {module: path for path, module in network.named_modules()}
    self.handles = []
    for module in network.modules():
      if isinstance(module, (nn.BatchNorm2d, nn.Linear)):
        self.handles.append(module.register_forward_hook(self.passed))
      elif isinstance(module, (nn.ReLU, nn.ReLU6)):
        self.handles.append(module.register_forward_pre_hook(self.activation))
      elif isinstance(module, nn.MaxPool2d):
        self.handles.append(module.register_forward_pre_hook(self.pool))

  def remove(self):
    for handle in self.handles:
      handle.remove()

  def passed(self, module, _, __):
    self.last = module

  def activation(self, module, inputs):
    x, bends = inputs[0], (0, 6) if isinstance(module, nn.ReLU6) else (0,)
    if self.settling:
      shifts = torch.tensor([nearest_gap(channel, bends) for channel in x.detach().unbind(1)], dtype=x.dtype)
      source = self.last
      bias = torch.where(shifts != 0, (source.bias.detach() + shifts).float().to(x.dtype), source.bias.detach())
      x = x.detach() + (bias - source.bias.detach()).reshape(-1, *[1] * (x.dim() - 2))
      source.bias.data = bias
      if bool((shifts != 0).any()):
        self.moved.add(f"{self.paths[source]}.bias")
    self.margin = min(self.margin, *(float((x.detach() - bend).abs().min()) for bend in bends))
    return (x,)

  def pool(self, module, inputs):
    """Where the two largest are 0 the choice has no effect, since the ReLU before passes no gradient."""
    x, size = inputs[0].detach(), module.kernel_size
    padded = F.pad(x, [module.padding] * 4, value=-1e9)
    taps = F.unfold(padded.flatten(0, 1).unsqueeze(1), size, stride=module.stride).transpose(1, 2).reshape(-1, size * size)
    first, second = taps.topk(2, dim=1).values.unbind(1)
    self.pool_margin = min(self.pool_margin, float((first - second)[first > 0].min()))


def settle(name: str) -> dict:
  network = build(name, torch.float64, {})
  network.train()
  watch = Watch(network, settling=True)
  with torch.no_grad():
    network(pictures(name, torch.float64))
  return {path: network.get_parameter(path).detach().float().numpy() for path in sorted(watch.moved)}


def digest(name: str, array) -> list[float]:
  """The L2 norm, and dot products with streams of the tensor's own."""
  flat = np.asarray(array, dtype=np.float64).reshape(-1)
  return [float(np.linalg.norm(flat))] + [
    float(flat @ values(f"projection/{k}/{name}", flat.shape).astype(np.float64)) for k in range(PROJECTIONS)
  ]


def run(name: str, dtype, settled: dict) -> dict:
  """Evaluates, and makes one training step without its update."""
  network, batch = build(name, dtype, settled), pictures(name, dtype)
  network.eval()
  with torch.no_grad():
    result = {"evaluation": network(batch).numpy()}
  if not NETWORKS[name][3]:
    return result
  network.train()
  watch = Watch(network, settling=False)
  logits = network(batch)
  watch.remove()
  loss = F.cross_entropy(logits, torch.arange(len(batch)) % CLASSES)
  loss.backward()
  result |= {
    "logits": logits.detach().numpy(), "loss": float(loss.detach()), "margin": watch.margin, "pool-margin": watch.pool_margin,
    "gradients": {path: parameter.grad.numpy() for path, parameter in network.named_parameters()},
    "statistics": {path: buffer.numpy() for path, buffer in network.named_buffers() if buffer.dtype.is_floating_point},
  }
  return result


def error(found, exact, floor: float = 0) -> float:
  return float(np.linalg.norm(np.asarray(found, dtype=np.float64) - exact) / max(np.linalg.norm(exact), floor))


def floor_of(arrays: dict) -> float:
  """A share of the largest norm. A bias whose shift the next batch norm takes out again has a gradient of 0, up to rounding."""
  return FLOOR * max(float(np.linalg.norm(array)) for array in arrays.values())


def generate(path, name: str) -> list[str]:
  _, batch, size, has_step, stream = NETWORKS[name]
  settled = settle(name) if has_step else {}
  exact, single = run(name, torch.float64, settled), run(name, torch.float32, settled)
  state = build(name, torch.float32, {}).state_dict()
  names = [key for key in state if state[key].dtype.is_floating_point]
  tensors = {"evaluation/logits": exact["evaluation"]}
  metadata = {
    "network": name, "input": [batch, size, size, 3], "images": f"{name}/images/{stream}", "shapes": [[key, list(tensor.shape)] for key, tensor in state.items()],
    "torchvision": torchvision.__version__,
  }
  summary = [f"{len(names)} tensors, {sum(state[key].numel() for key in names)} numbers; float32 evaluation {error(single['evaluation'], exact['evaluation']):.1e}"]
  if has_step:
    moved = [(names.index(key), index, array[index]) for key, array in settled.items()
             for index in np.flatnonzero(array != values(f"{name}/{key}", array.shape, *scale_and_offset(key, array.shape)))]
    digests = {key: digest(key, array) for key, array in (exact["gradients"] | exact["statistics"]).items()}
    kept = [key for key in names if key in digests]
    tensors |= {
      "logits": exact["logits"], "loss": np.array([exact["loss"]]), "digests": np.array([digests[key] for key in kept]),
      "settled/places": np.array([[tensor, index] for tensor, index, _ in moved], dtype=np.int32).reshape(-1, 2),
      "settled/values": np.array([value for _, _, value in moved], dtype=np.float32),
    }
    both, other = exact["gradients"] | exact["statistics"], single["gradients"] | single["statistics"]
    floor = floor_of(exact["gradients"])
    errors = {key: error(other[key], both[key], floor) for key in both}
    worst = max(errors, key=errors.get)
    metadata |= {
      "digested": kept, "correct": int((exact["logits"].argmax(1) == np.arange(batch) % CLASSES).sum()),
      "margins": {key: exact[key] for key in ("margin", "pool-margin") if math.isfinite(exact[key])},
      "float32-errors": {
        "evaluation": error(single["evaluation"], exact["evaluation"]), "logits": error(single["logits"], exact["logits"]),
        "worst": [worst, errors[worst]],
      },
    }
    assert exact["pool-margin"] > 1e-5, f"{name}: two values of a pooling window are {exact['pool-margin']} apart"
    summary.append(
      f"loss {exact['loss']:.6f}, {len(moved)} biases moved, margins {metadata['margins']}, float32 logits "
      f"{metadata['float32-errors']['logits']:.1e}, worst tensor {worst} {errors[worst]:.1e}")
  write_safetensors(path, tensors, metadata)
  return summary
