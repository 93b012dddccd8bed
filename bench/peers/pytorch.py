"""PyTorch: eager in its default layout, eager with channels last, and compiled.

Wherever PyTorch offers the fused optimizer it is used, because it is the fastest there is; `eager` alone constructs the optimizer as
the tutorials do, with nothing but its hyperparameters, and `eager-fused` differs from it in that alone.
"""

import itertools

from workload import ADAM_RATE, CLASSES, SGD, WORKLOADS, Data, adam_shapes, arguments, batch_size, check_parameters, measure

import torch
from torch import nn
from torch.nn import functional as F

VARIANTS = ["eager", "eager-fused", "channels-last", "compiled", "channels-last-tf32", "fused", "foreach"]


class MLP(nn.Module):
  """784-512-256-10 with ReLU."""

  def __init__(self):
    super().__init__()
    self.layers = nn.Sequential(
      nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, CLASSES))

  def forward(self, x):
    return self.layers(x)


class LeNet(nn.Module):
  """Two 3×3 convolutions with ReLU and pooling, two dense layers with dropout of 0.25 between them."""

  def __init__(self):
    super().__init__()
    self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
    self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
    self.fc1 = nn.Linear(7 * 7 * 64, 128)
    self.fc2 = nn.Linear(128, CLASSES)
    self.dropout = nn.Dropout(0.25)

  def forward(self, x):
    x = F.max_pool2d(F.relu(self.conv1(x)), 2)
    x = F.max_pool2d(F.relu(self.conv2(x)), 2)
    x = F.relu(self.fc1(torch.flatten(x, 1)))
    return self.fc2(self.dropout(x))


class BasicBlock(nn.Module):
  """Two 3×3 convolutions with batch norm and a connection around them, as torchvision's."""

  def __init__(self, inputs, outputs, stride):
    super().__init__()
    self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    self.bn1 = nn.BatchNorm2d(outputs)
    self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
    self.bn2 = nn.BatchNorm2d(outputs)
    self.relu = nn.ReLU(inplace=True)
    self.downsample = None
    if stride != 1 or inputs != outputs:
      self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

  def forward(self, x):
    y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
    y += x if self.downsample is None else self.downsample(x)
    return self.relu(y)


class ResNet18(nn.Module):
  """ResNet-18 with a 3×3 stem of stride 1 and no pooling behind it, for pictures of 32×32."""

  def __init__(self):
    super().__init__()
    blocks, inputs = [], 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
      blocks += [BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs, 1)]
      inputs = outputs
    self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    self.bn1 = nn.BatchNorm2d(64)
    self.blocks = nn.Sequential(*blocks)
    self.fc = nn.Linear(512, CLASSES)

  def forward(self, x):
    x = self.blocks(F.relu(self.bn1(self.conv1(x)), inplace=True))
    return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


def efficientnet_lite0():
  """The package's own network, with a head for our classes; its dropping of whole blocks is no part of our plan, and costs it a little."""
  from efficientnet_lite_pytorch import EfficientNet
  model = EfficientNet.from_name("efficientnet-lite0")
  model._global_params = model._global_params._replace(drop_connect_rate=0)
  model._fc = nn.Linear(model._fc.in_features, CLASSES)
  return model


MODELS = {"mlp": MLP, "lenet": LeNet, "resnet18": ResNet18, "efficientnet-lite0": efficientnet_lite0}


def main():
  options = arguments(VARIANTS)
  device = torch.device("cuda" if options.cuda else "cpu")
  set_precision(options)
  torch.manual_seed(1)
  step, loss, batch = (training if options.workload in WORKLOADS else other)(options, device)
  synchronize = torch.cuda.synchronize if options.cuda else lambda: None
  extra = {"threads": torch.get_num_threads(), "device": torch.cuda.get_device_name() if options.cuda else "cpu"}
  measure(options, step, synchronize, "pytorch", torch.__version__, loss, batch, options.cuda, **extra)


def set_precision(options):
  """Full float32 on GPUs too, where cuDNN would round convolutions to TF32 by default; one variant shows what that rounding is worth."""
  is_rounded = options.variant == "channels-last-tf32"
  torch.backends.cudnn.allow_tf32 = is_rounded
  torch.backends.cuda.matmul.allow_tf32 = is_rounded
  torch.backends.cudnn.benchmark = True


def optimizer(options, parameters):
  """Adam, or SGD with Nesterov momentum for resnet18."""
  fused = {} if options.variant == "eager" else {"fused": True}
  if options.workload == "resnet18":
    return torch.optim.SGD(parameters, **SGD, nesterov=True, **fused)
  return torch.optim.Adam(parameters, lr=ADAM_RATE, **fused)


def training(options, device):
  """One step of a network: the batch brought to the device, loss, gradients, update."""
  model = MODELS[options.workload]().to(device)
  check_parameters(options.workload, [parameter.numel() for parameter in model.parameters()])
  layout = torch.channels_last if options.variant.startswith("channels-last") else torch.contiguous_format
  model = model.to(memory_format=layout)
  update = optimizer(options, model.parameters())
  forward = torch.compile(model) if options.variant == "compiled" else model
  batches = loader(options, device, layout)
  last = torch.zeros(())

  def step():
    nonlocal last
    features, labels = next(batches)
    update.zero_grad(set_to_none=True)
    last = F.cross_entropy(forward(features), labels)
    last.backward()
    update.step()

  return step, lambda: last.item(), batch_size(options)


def loader(options, device, layout):
  """Without end: batches, each copied to the device anew."""
  data = Data(options.workload, batch_size(options), channels_first=True)
  features = torch.from_numpy(data.features).contiguous(memory_format=layout)
  labels = [torch.from_numpy(labels).long() for labels in data.labels]
  if options.cuda:
    features, labels = features.pin_memory(), [each.pin_memory() for each in labels]
  for chosen in itertools.cycle(labels):
    yield tuple(part.to(device, non_blocking=True, copy=True) for part in (features, chosen))


def other(options, device):
  """One update of Adam alone, or one product of matrices."""
  if options.workload == "matmul4096":
    a, b, out = (torch.randn(4096, 4096, device=device) for _ in range(3))
    return lambda: torch.matmul(a, b, out=out), None, None
  parameters = [nn.Parameter(torch.randn(shape, device=device)) for shape in adam_shapes(options.workload)]
  for parameter in parameters:
    parameter.grad = torch.randn_like(parameter)
  chosen = {"fused": {"fused": True}, "foreach": {"foreach": True}}.get(options.variant, {})
  return torch.optim.Adam(parameters, lr=ADAM_RATE, **chosen).step, None, None


if __name__ == "__main__":
  main()
