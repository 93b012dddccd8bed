"""LeNet and ResNet-18 in PyTorch, as the library defines them, with every ReLU's and max pool's decision kept clear.

A gradient jumps where a ReLU's input changes sign: one flip among ResNet-18's 4.5 million moved a weight's gradient by 0.7 %, and
rounding alone flips a few. So `settle` moves the biases in front of each ReLU, channel by channel, into the nearest gap between the
batch's values; then any float32 implementation takes the same decisions, and gradients can be compared tightly.
"""

import torch
from torch import nn
from torch.nn import functional as F

CLEARANCE = 5e-4


def nearest_gap(v) -> float:
  """The shift of least magnitude that leaves no value within CLEARANCE of zero."""
  v = v.flatten().sort().values
  if v.abs().min() >= CLEARANCE:
    return 0.0
  wide = (v[1:] - v[:-1]) >= 2.02 * CLEARANCE  # A little more, since biases are rounded to float32.
  lower, upper = -v[1:][wide] + 1.01 * CLEARANCE, -v[:-1][wide] - 1.01 * CLEARANCE
  shifts = torch.zeros_like(lower).clamp(min=lower, max=upper)
  return float(shifts[shifts.abs().argmin()])


class Deciding(nn.Module):
  """A network that remembers which way each ReLU and max pool went, and by how much."""

  def __init__(self):
    super().__init__()
    self.settling = False
    self.reset()

  def reset(self):
    self.decisions, self.settled, self.relu_margin, self.pool_margin = [], [], float("inf"), float("inf")

  def relu(self, x, source):
    """`source` is the layer whose bias adds to each channel of x."""
    if self.settling:
      shifts = torch.tensor([nearest_gap(channel) for channel in x.detach().unbind(1)], dtype=x.dtype)
      bias = (source.bias.detach() + shifts).float().to(x.dtype)
      x = x.detach() + (bias - source.bias.detach()).reshape(-1, *[1] * (x.dim() - 2))
      source.bias.data = bias
      self.settled.append(source)
    self.relu_margin = min(self.relu_margin, float(x.detach().abs().min()))
    self.decisions.append((x > 0).detach())
    return F.relu(x)

  def max_pool(self, x):
    y, indices = F.max_pool2d(x, 2, return_indices=True)
    # Where all four are 0 the choice has no effect, since the ReLU before passes no gradient.
    n, c, h, w = x.shape
    taps = x.detach().reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 1, 2, 4, 3, 5).reshape(-1, 4)
    first, second = taps.topk(2, dim=1).values.unbind(1)
    self.pool_margin = min(self.pool_margin, float((first - second)[first > 0].min()))
    self.decisions.append(indices)
    return y


class LeNet(Deciding):
  """28×28×1 to 10 classes; dropout is left out. Flattens in the order height, width, channel."""

  def __init__(self):
    super().__init__()
    self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
    self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
    self.fc1 = nn.Linear(3136, 128)
    self.fc2 = nn.Linear(128, 10)

  def forward(self, x):
    x = self.max_pool(self.relu(self.conv1(x), self.conv1))
    x = self.max_pool(self.relu(self.conv2(x), self.conv2))
    x = x.permute(0, 2, 3, 1).flatten(1)
    return self.fc2(self.relu(self.fc1(x), self.fc1))


class BasicBlock(nn.Module):
  def __init__(self, relu, channels_in, channels, stride):
    super().__init__()
    self.activation = relu
    self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
    self.bn1 = nn.BatchNorm2d(channels)
    self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
    self.bn2 = nn.BatchNorm2d(channels)
    if stride != 1 or channels_in != channels:
      self.downsample = nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))
    else:
      self.downsample = nn.Identity()

  def forward(self, x):
    y = self.activation(self.bn1(self.conv1(x)), self.bn1)
    return self.activation(self.bn2(self.conv2(y)) + self.downsample(x), self.bn2)


class ResNet18(Deciding):
  """He et al. 2015 for 32×32×3 images: torchvision's names, a 3×3 stem of stride 1 and no max pool; 10 classes."""

  def __init__(self):
    super().__init__()
    self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    self.bn1 = nn.BatchNorm2d(64)
    channels_in = 64
    for number, channels in enumerate((64, 128, 256, 512), start=1):
      first = BasicBlock(self.relu, channels_in, channels, 1 if number == 1 else 2)
      setattr(self, f"layer{number}", nn.Sequential(first, BasicBlock(self.relu, channels, channels, 1)))
      channels_in = channels
    self.fc = nn.Linear(512, 10)

  def forward(self, x):
    x = self.relu(self.bn1(self.conv1(x)), self.bn1)
    for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
      x = layer(x)
    return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))
