"""tinygrad on OpenCL (its device CL): the whole step, batch norm's statistics and update included, captured by TinyJit and replayed."""

import itertools
import os

os.environ.setdefault("DEV", "CL")

from importlib.metadata import version

from workload import ADAM_RATE, CLASSES, SGD, WORKLOADS, Data, adam_shapes, arguments, batch_size, check_parameters, measure

import numpy as np
from tinygrad import Device, Tensor, TinyJit, nn
from tinygrad.helpers import Context

VARIANTS = ["jit"]


class MLP:
  """784-512-256-10 with ReLU."""

  def __init__(self):
    self.layers = [nn.Linear(784, 512), nn.Linear(512, 256), nn.Linear(256, CLASSES)]

  def __call__(self, x):
    x = x.flatten(1)
    for layer in self.layers[:-1]:
      x = layer(x).relu()
    return self.layers[-1](x)


class LeNet:
  """Two 3×3 convolutions with ReLU and pooling, two dense layers with dropout of 0.25 between them."""

  def __init__(self):
    self.conv1, self.conv2 = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
    self.fc1, self.fc2 = nn.Linear(7 * 7 * 64, 128), nn.Linear(128, CLASSES)

  def __call__(self, x):
    x = self.conv1(x).relu().max_pool2d(2)
    x = self.conv2(x).relu().max_pool2d(2)
    return self.fc2(self.fc1(x.flatten(1)).relu().dropout(0.25))


class BasicBlock:
  """Two 3×3 convolutions with batch norm and a connection around them."""

  def __init__(self, inputs, outputs, stride):
    self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm(outputs)
    self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm(outputs)
    self.downsample = []
    if inputs != outputs:
      self.downsample = [nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm(outputs)]

  def __call__(self, x):
    y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
    return (y + x.sequential(self.downsample)).relu()


class ResNet18:
  """ResNet-18 with a 3×3 stem of stride 1 and no pooling behind it, for pictures of 32×32."""

  def __init__(self):
    self.conv1, self.bn1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm(64)
    self.blocks, inputs = [], 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
      self.blocks += [BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs, 1)]
      inputs = outputs
    self.fc = nn.Linear(512, CLASSES)

  def __call__(self, x):
    x = self.bn1(self.conv1(x)).relu().sequential(self.blocks)
    return self.fc(x.mean((2, 3)))


MODELS = {"mlp": MLP, "lenet": LeNet, "resnet18": ResNet18}


def main():
  options = arguments(VARIANTS)
  if options.cuda:
    raise SystemExit("tinygrad takes part through OpenCL alone")
  with Context(TRAINING=1):
    step, loss, batch = (training if options.workload in WORKLOADS else other)(options)
    device = Device[Device.DEFAULT]
    measure(
      options, step, device.synchronize, "tinygrad", version("tinygrad"), loss, batch, is_grouped=True,
      device=f"{Device.DEFAULT}, {device.device_name}")


def training(options):
  """One step of a network: the batch brought to the device, loss, gradients, update."""
  Tensor.manual_seed(1)
  model = MODELS[options.workload]()
  parameters = [tensor for tensor in nn.state.get_parameters(model) if tensor.is_param]
  check_parameters(options.workload, [tensor.numel() for tensor in parameters])
  if options.workload == "resnet18":
    update = nn.optim.SGD(nn.state.get_parameters(model), **SGD, nesterov=True)
  else:
    update = nn.optim.Adam(parameters, lr=ADAM_RATE)

  @TinyJit
  def train(features, labels):
    update.zero_grad()
    loss = model(features).sparse_categorical_crossentropy(labels).backward()
    return loss.realize(*update.schedule_step())

  data = Data(options.workload, batch_size(options), channels_first=True)
  labels = itertools.cycle(data.labels)
  last = None

  def step():
    nonlocal last
    last = train(Tensor(data.features).realize(), Tensor(next(labels)).realize())

  return step, lambda: last.item(), batch_size(options)


def other(options):
  """One update of Adam alone."""
  if options.workload == "matmul4096":
    raise SystemExit("the product of matrices is for the CUDA comparison, where tinygrad takes no part")
  draw = np.random.default_rng(1)
  parameters = [Tensor(draw.standard_normal(shape, dtype=np.float32)).realize() for shape in adam_shapes(options.workload)]
  gradients = [Tensor(draw.standard_normal(shape, dtype=np.float32)).realize() for shape in adam_shapes(options.workload)]
  update = nn.optim.Adam(parameters, lr=ADAM_RATE)

  @TinyJit
  def adam():
    for parameter, gradient in zip(parameters, gradients):
      parameter.grad = gradient
    update.step()

  return adam, None, None


if __name__ == "__main__":
  main()
