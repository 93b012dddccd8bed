"""movement.safetensors: parts of tensors, tensors put together, elements by number and masks, over odd corners, with their gradients."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from .files import write_safetensors
from .odd import Tensors

_INFINITY, _NAN = math.inf, math.nan
ODD = [_NAN, _INFINITY, -_INFINITY, -0.0, 0.0, 3e38, -1e-30]
PAIRS = [
  (a, b) for a in [0.0, -0.0, 1.0, -1.0, 2.5, 3e38, _INFINITY, -_INFINITY, _NAN] for b in [0.0, 1.0, -1.0, _INFINITY, -_INFINITY, _NAN]]


def numbers(*shape, odd=True):
  """All different, among them what formulas trip over."""
  count = math.prod(shape)
  values = [(i * 7 % count - count / 2) / 8 for i in range(count)]
  if odd:
    for i, value in enumerate(ODD[:max(0, count - 3)]):
      values[(i * 5 + 1) % count] = value
  return torch.tensor(values, dtype=torch.float32).reshape(shape)


def integers(below, *shape):
  return torch.tensor([i * 5 % 7 % below for i in range(math.prod(shape))], dtype=torch.int64).reshape(shape)


def pad(x, amounts, mode):
  """Of the last axes, outermost first, as many as there are amounts."""
  flat = [n for pair in reversed(amounts) for n in pair]
  return F.pad(x[None, None], flat, mode=mode)[0, 0]


def mask(*shape):
  return torch.tensor([i % 3 for i in range(math.prod(shape))], dtype=torch.float32).reshape(shape)


# name: function, operands; int64 ones are kept as int32, floating ones have gradients unless they are masks
CASES = {
  "slice": (lambda x: x[1:4], [numbers(5, 7)]),
  "slice-step": (lambda x: x[:, 1:7:3], [numbers(5, 7)]),
  "slice-one": (lambda x: x[:, -1:], [numbers(5, 1)]),
  "slice-backwards": (lambda x: x.flip(1)[:, 1::2], [numbers(4, 9)]),
  "at": (lambda x: x[:, -2], [numbers(3, 4, 2)]),
  "flip": (lambda x: x.flip(0, 2), [numbers(2, 3, 5)]),
  "roll": (lambda x: torch.roll(x, -2, 1), [numbers(3, 5)]),
  "tile": (lambda x: torch.tile(x, (2, 1, 3)), [numbers(2, 3)]),
  "repeat": (lambda x: torch.repeat_interleave(x, 3, 0), [numbers(3, 2)]),
  "split": (lambda x: torch.cat([part * (n + 1) for n, part in enumerate(torch.split(x, [1, 4, 2], -1))][::-1], -1), [numbers(3, 7)]),
  "concatenate": (lambda x, y, z: torch.cat([x, y, z], 1), [numbers(3, 2), numbers(3, 1), numbers(3, 5)]),
  "concatenate-rows": (lambda x, y: torch.cat([x, y, x]), [numbers(2, 16), numbers(1, 16)]),
  "stack": (lambda x, y: torch.stack([x, y], -1), [numbers(3, 4), numbers(3, 4)]),
  "pad": (lambda x: F.pad(x, (2, 1, 0, 3), value=-1.5), [numbers(3, 4)]),
  "pad-negative": (lambda x: F.pad(x, (-1, 2, 1, -2)), [numbers(5, 6)]),
  "pad-reflect": (lambda x: pad(x, [(2, 1), (3, 2)], "reflect"), [numbers(3, 4)]),
  "pad-replicate": (lambda x: pad(x, [(2, 1), (0, 6)], "replicate"), [numbers(3, 4)]),
  "pad-circular": (lambda x: pad(x, [(2, 3), (4, 1)], "circular"), [numbers(3, 4)]),
  "take": (lambda x, i: x[:, i], [numbers(3, 4, 2), integers(4, 2, 3)]),
  "gather": (lambda x, i: torch.gather(x, -1, i), [numbers(3, 5), integers(5, 3, 7)]),
  "gather-first": (lambda x, i: torch.gather(x, 0, i), [numbers(4, 3, 2), integers(4, 6, 3, 2)]),
  "gather-labels": (lambda x, i: torch.gather(x, 1, i[:, None])[:, 0], [numbers(6, 5), integers(5, 6)]),
  "scatter-add": (lambda x, v, i: torch.scatter_add(x, 1, i, v), [numbers(3, 5, odd=False), numbers(3, 8, odd=False), integers(5, 3, 8)]),
  "scatter-add-odd": (lambda x, v, i: torch.scatter_add(x, 0, i, v), [numbers(4, 3), numbers(6, 3), integers(4, 6, 3)]),
  "where": (lambda x, y: torch.where(mask(4, 6) != 0, x, y), [numbers(4, 6), numbers(4, 6).flip(0)]),
  "where-broadcast": (lambda x, y: torch.where(mask(6) != 0, x, y), [numbers(4, 1), numbers(2, 4, 6)]),
  "where-nan": (lambda x: torch.where(x > 0, x, torch.zeros(())), [numbers(4, 6)]),
  "lower": (lambda x: torch.tril(x, 1), [numbers(2, 4, 6)]),
  "upper": (lambda x: torch.triu(x, -1), [numbers(2, 4, 6)]),
  "attention": (
    lambda x: torch.where(torch.ones(5, 5).tril() != 0, x, torch.full((), -_INFINITY)).softmax(-1), [numbers(2, 5, 5, odd=False)]),
}
RELATIONS = {
  "greater": torch.gt, "greater-or-equal": torch.ge, "less": torch.lt, "less-or-equal": torch.le, "equal": torch.eq, "not-equal": torch.ne,
  "and": torch.logical_and, "or": torch.logical_or, "xor": torch.logical_xor, "not": lambda a, _: torch.logical_not(a),
}
CASTS = [0.0, -0.0, 0.49, -0.51, 0.5, 1.5, -2.5, 99.99, -99.99, 16777216.0, -16777215.0, 2147483520.0, -2147483648.0]
WHOLE = [0, 1, -1, 7, 16777216, 16777217, -16777217, 33554435, 2147483647, -2147483648]


def generate(path) -> list[str]:
  tensors, operands = Tensors(), {}
  for name, (function, values) in CASES.items():
    leaves = [value if value.dtype == torch.int64 else value.clone().requires_grad_() for value in values]
    output = function(*leaves)
    upstream = numbers(*output.shape, odd=False)
    for index, value in enumerate(values):
      if value.dtype == torch.int64:
        tensors[f"{name}/x{index}"] = value.numpy().astype(np.int32)
      else:
        tensors.keep(f"{name}/x{index}", value)
    tensors.keep(f"{name}/upstream", upstream)
    tensors.keep_gradients(
      name, output, upstream, **{f"g{index}": leaf for index, leaf in enumerate(leaves) if leaf.dtype != torch.int64})
    operands[name] = [list(value.shape) for value in values]
  a, b = (torch.tensor(column) for column in zip(*PAIRS))
  tensors.keep("pairs/a", a)
  tensors.keep("pairs/b", b)
  for name, relation in RELATIONS.items():
    tensors.keep(f"pairs/{name}", relation(a, b).float())
  tensors.keep("cast/floats", torch.tensor(CASTS))
  tensors["cast/integers"] = torch.tensor(CASTS).int().numpy()
  tensors["whole/integers"] = np.array(WHOLE, np.int32)
  tensors.keep("whole/floats", torch.tensor(WHOLE, dtype=torch.int32).float())
  write_safetensors(path, tensors, {"cases": list(CASES), "operands": operands, "relations": list(RELATIONS)})
  return [f"{len(CASES)} cases, {len(RELATIONS)} relations of {len(PAIRS)} pairs"]
