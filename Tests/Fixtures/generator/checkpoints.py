"""checkpoints/: files that torch.save wrote in all its forms, and what PyTorch itself reads from them."""

import argparse
import collections
import dataclasses
import datetime
import enum
import functools
import io
import pathlib
import zipfile
from collections import OrderedDict

import numpy as np
import torch
from torch import nn

from .files import write_safetensors

# Small quarters: exact in every floating type.
def numbers(count: int):
  return (torch.arange(count) * 37 % 31 - 15) / 4


def every_type() -> dict:
  base = numbers(6).reshape(2, 3)
  types = (torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int8, torch.int16, torch.int32, torch.int64)
  tensors = {str(each).removeprefix("torch."): base.to(each) for each in types}
  tensors["uint8"] = (base * 4 + 15).to(torch.uint8)
  tensors["bool"] = base > 0
  tensors["uint16"] = (base * 4000 + 15000).to(torch.uint16)
  tensors["extremes"] = torch.tensor([2**62 + 1, -(2**62) - 1], dtype=torch.int64).bitwise_right_shift(10)
  tensors["scalar"] = torch.tensor(-2.5)
  tensors["empty"] = torch.zeros(0, 3)
  return tensors


def views() -> dict:
  """Tensors that are parts of others, one storage for many names."""
  base = numbers(60)
  table = base.reshape(5, 12)
  grid = numbers(48).half().reshape(2, 3, 8)
  return {
    "whole": table, "transposed": table.t(), "rows": table[1:4], "columns": table[:, 2:11:3], "again": table, "row": table[3],
    "element": table[2, 7], "expanded": base[5].expand(2, 3), "permuted": grid.permute(2, 0, 1), "inner": grid[1:, 1:, ::3],
    "nothing": table[2:2], "doubles": numbers(12).double().reshape(3, 4).t(),
  }


class Network(nn.Module):
  def __init__(self):
    super().__init__()
    self.conv = nn.Conv2d(2, 3, 3, bias=False)
    self.bn = nn.BatchNorm2d(3)
    self.fc = nn.Linear(3, 2)

  def forward(self, x):
    return self.fc(self.bn(self.conv(x)).mean((2, 3)))


def network() -> Network:
  model = Network()
  with torch.no_grad():
    for index, parameter in enumerate(model.parameters()):
      parameter.copy_(numbers(parameter.numel() + index)[index:].reshape(parameter.shape))
  return model


def checkpoint() -> dict:
  """What a training script saves: weights of a DataParallel model, the optimizer's state, and this and that."""
  model = network()
  optimizer = torch.optim.Adam(model.parameters())
  for _ in range(2):
    model(numbers(2 * 2 * 4 * 4).reshape(2, 2, 4, 4)).square().sum().backward()
    optimizer.step()
  return {
    "epoch": 7, "arch": "tiny", "best": 0.875, "state_dict": OrderedDict((f"module.{k}", v) for k, v in model.state_dict().items()),
    "optimizer": optimizer.state_dict(), "options": {"lr": [1e-3, None, True], "name": "grün", "large": 2**70, "size": torch.Size([2, 3])},
    "dtype": torch.float16, "device": torch.device("cpu"), "bytes": b"\x00\xff", "set": {1, 2},
  }


def nested() -> list:
  return [{"weights": (numbers(3), {4: numbers(2)})}, numbers(4)]


class Kind(enum.Enum):
  SMALL = 1


@dataclasses.dataclass
class Configuration:
  depth: int = 1
  names: list = dataclasses.field(default_factory=list)


def opaque() -> argparse.Namespace:
  """What training scripts keep beside their tensors."""
  return argparse.Namespace(
    lr=0.1, output=pathlib.PurePosixPath("/runs"), kind=Kind.SMALL, configuration=Configuration(1, ["a"]), queue=collections.deque([1], 3),
    started=datetime.datetime(2026, 1, 2), elapsed=datetime.timedelta(1), score=np.float64(3), table=np.arange(5),
    call=functools.partial(print, 3), function=nn.functional.relu, counts=collections.Counter("aab"), tensor=numbers(2))


def with_prefix(prefix: str, state: dict) -> OrderedDict:
  return OrderedDict((prefix + key, value) for key, value in state.items())


def averaged(state: dict) -> dict:
  return {key: value / 2 if value.dtype.is_floating_point else value for key, value in state.items()}


def wild() -> dict:
  """Checkpoints as well-known training scripts save them."""
  state, optimizer = network().state_dict(), checkpoint()["optimizer"]
  average = torch.optim.swa_utils.AveragedModel(network())
  contrast = OrderedDict()
  for encoder, values in (("q", state), ("k", averaged(state))):
    for key, value in values.items():
      if not key.startswith("fc."):
        contrast[f"module.encoder_{encoder}.{key}"] = value
    for layer in (0, 2):
      contrast[f"module.encoder_{encoder}.fc.{layer}.weight"] = numbers(9).reshape(3, 3)
      contrast[f"module.encoder_{encoder}.fc.{layer}.bias"] = numbers(3)
  contrast["module.queue"], contrast["module.queue_ptr"] = numbers(6).reshape(3, 2), torch.zeros(1, dtype=torch.long)
  return {
    "wild-imagenet.pt": {
      "epoch": 3, "arch": "tiny", "state_dict": with_prefix("module.", state), "best_acc1": torch.tensor(71.5), "optimizer": optimizer},
    "wild-timm.pt": {
      "epoch": 1, "arch": "tiny", "state_dict": state, "optimizer": optimizer, "version": 2, "args": opaque(),
      "amp_scaler": {"scale": 65536.0}, "metric": np.float64(0.5), "state_dict_ema": averaged(state)},
    "wild-torchvision.pt": {
      "model": state, "optimizer": optimizer, "lr_scheduler": {"last_lr": [np.float64(0.1)]}, "epoch": 1, "args": opaque(),
      "model_ema": average.state_dict(), "scaler": None},
    "wild-lightning.pt": {
      "epoch": 1, "global_step": 2, "pytorch-lightning_version": "2.0.0", "loops": {},
      "state_dict": with_prefix("model.", state) | {"criterion.weight": numbers(2)},
      "callbacks": {"ModelCheckpoint{'monitor': 'loss'}": {"best_model_score": torch.tensor(0.5), "dirpath": pathlib.PurePosixPath("a")}},
      "optimizer_states": [optimizer], "hyper_parameters": collections.defaultdict(list, {"options": opaque()})},
    "wild-moco.pt": {"epoch": 1, "arch": "tiny", "state_dict": contrast, "optimizer": optimizer},
    "wild-compiled.pt": with_prefix("_orig_mod.module.", state),
    "wild-averaged.pt": average.state_dict(),
    "wild-module.pt": nn.DataParallel(network()),
    "wild-tensors.pt": {
      "plain": numbers(4), "sparse": torch.eye(2).to_sparse(), "float8": numbers(2).to(torch.float8_e4m3fn), "complex": numbers(2) + 1j},
  }


def save(value, **options) -> bytes:
  buffer = io.BytesIO()
  torch.save(value, buffer, **options)
  return buffer.getvalue()


def rewrite(data: bytes, compression, change=lambda name, content: content) -> bytes:
  """The same archive, written by Python's zipfile."""
  buffer = io.BytesIO()
  with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", compression) as new:
    for entry in old.infolist():
      new.writestr(zipfile.ZipInfo(entry.filename), change(entry.filename, old.read(entry)), compress_type=compression)
  return buffer.getvalue()


def big_endian(name: str, content: bytes) -> bytes:
  if name.endswith("/byteorder"):
    return b"big"
  return np.frombuffer(content, "<f4").astype(">f4").tobytes() if "/data/" in name else content


def without_checksums(value) -> bytes:
  torch.serialization.set_crc32_options(False)
  try:
    return save(value)
  finally:
    torch.serialization.set_crc32_options(True)


def make() -> dict:
  floats = {"a": numbers(5), "b": numbers(12).reshape(3, 4).t()}
  return {
    "types.pt": save(every_type()),
    "views.pt": save(views()),
    "network.pt": save(network().state_dict()),
    "parameters.pt": save({"p": nn.Parameter(numbers(3))}),
    "checkpoint.pt": save(checkpoint()),
    "nested.pt": save(nested()),
    "tensor.pt": save(numbers(4)),
    "protocol4.pt": save(network().state_dict(), pickle_protocol=4),
    "protocol5.pt": save(network().state_dict(), pickle_protocol=5),
    "deflated.pt": rewrite(save(views()), zipfile.ZIP_DEFLATED),
    "big-endian.pt": rewrite(save(floats), zipfile.ZIP_STORED, big_endian),
    "without-checksums.pt": without_checksums(floats),
    "legacy-types.pth": save({k: v for k, v in every_type().items() if k != "uint16"}, _use_new_zipfile_serialization=False),
    "legacy-views.pth": save(views(), _use_new_zipfile_serialization=False),
    "legacy-network.pth": save(network().state_dict(), _use_new_zipfile_serialization=False),
    "legacy-checkpoint.pth": save(checkpoint(), _use_new_zipfile_serialization=False),
    "legacy-protocol4.pth": save(network().state_dict(), _use_new_zipfile_serialization=False, pickle_protocol=4),
    "legacy-wild.pth": save({"state_dict": network().state_dict(), "args": opaque()}, _use_new_zipfile_serialization=False),
    "wild-protocol5.pt": save({"model": network(), "args": opaque()}, pickle_protocol=5),
  } | {name: save(value) for name, value in wild().items()}


def is_plain(tensor) -> bool:
  """Whether it is of a kind that the library reads."""
  return tensor.layout == torch.strided and not tensor.is_complex() and tensor.dtype != torch.float8_e4m3fn


def flatten(value, path=()):
  """Paths and tensors, in order."""
  if isinstance(value, nn.Module):
    value = value.state_dict()
  if isinstance(value, torch.Tensor):
    if is_plain(value):
      yield ".".join(path) or "tensor", value
  elif isinstance(value, dict):
    for key, each in value.items():
      yield from flatten(each, (*path, str(key)))
  elif isinstance(value, (list, tuple)):
    for index, each in enumerate(value):
      yield from flatten(each, (*path, str(index)))


def load(data: bytes):
  # The files are our own, and the interpreter behind weights_only stops at protocol 3.
  return dict(flatten(torch.load(io.BytesIO(data), weights_only=False)))


def generate(path) -> list[str]:
  """Writes the files beside `path`, and into it all their tensors as PyTorch reads them back, as float64."""
  tensors, listing = {}, {}
  folder = path.parent / "checkpoints"
  folder.mkdir(exist_ok=True)
  torch.manual_seed(0)
  for name, data in make().items():
    (folder / name).write_bytes(data)
    loaded = load(data)
    listing[name] = [{"name": key, "dtype": str(each.dtype).removeprefix("torch."), "shape": list(each.shape)} for key, each in loaded.items()]
    for key, each in loaded.items():
      values = each.detach().to(torch.float64)
      assert values.dtype == torch.float64 and (each.dtype.is_floating_point or (values.to(torch.int64) == each.to(torch.int64)).all())
      tensors[f"{name}/{key}"] = values.contiguous().numpy()
  write_safetensors(path, tensors, {"files": listing})
  return [f"{len(listing)} files, {sum(each.stat().st_size for each in folder.iterdir())} bytes"]


def differences(old, new) -> list[str]:
  """What differs between two folders of checkpoints. Bytes may: legacy streams name storages by their addresses."""
  names = {each.name for each in old.iterdir()} | {each.name for each in new.iterdir()}
  found = []
  for name in sorted(names):
    if not (old / name).exists() or not (new / name).exists():
      found.append(f"checkpoints/{name} is in one folder only")
      continue
    before, after = load((old / name).read_bytes()), load((new / name).read_bytes())
    if list(before) != list(after):
      found.append(f"checkpoints/{name}: other tensors")
    for key in before.keys() & after.keys():
      a, b = before[key], after[key]
      # Adam's state has sums in it whose rounding is the processor's, small beside the tensor but not beside each element.
      tolerance = 2e-6 * float(a.detach().double().abs().max()) if a.numel() else 0.0
      if a.dtype != b.dtype or a.shape != b.shape or not torch.allclose(a.double(), b.double(), rtol=0, atol=tolerance):
        found.append(f"checkpoints/{name}: {key} differs")
  return found
