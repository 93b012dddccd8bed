#!/usr/bin/env python3
"""Puts the samples of PyTorch's own tests (torch.testing's OpInfo) through each operation that has a counterpart here.

Scripts/operations.py PROGRAM [--device cpu|opencl] [--only NAME,NAME] [--verbose]

PROGRAM is GlissadeOperations. Of each sample the value, the gradients, and the gradients of these are compared with PyTorch's in float64.
What has no counterpart is counted by reason. The status is 1 where anything differs that is not listed in KNOWN. See Scripts/operations.sh.
"""

import argparse
import collections
import json
import math
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file, save_file
from torch.testing._internal.common_methods_invocations import op_db



# What differs, and why that is no mistake: by operation, what is let pass.
# name: (whether a sample is such a case, which results differ in it, why)
KNOWN = {}


class Refused(Exception):
  """A sample that has no counterpart here, with the reason."""


def refuse(reason):
  raise Refused(reason)


class Value:
  """A value of a case that is recorded."""

  def __init__(self, case, index, shape):
    self.case, self.index, self.shape = case, index, tuple(shape)

  @property
  def rank(self):
    return len(self.shape)

  def axis(self, axis):
    return axis % max(self.rank, 1)

  def numbers(self):
    """Of an input."""
    return self.case.inputs[self.index[1]]

  def step(self, name, others=(), result=None, **attributes):
    """One more step; `result` is its shape, by default this value's."""
    return self.case.record(name, [self, *others], self.shape if result is None else result, attributes)

  def joined(self, name, other):
    other = self.case.value(other)
    return self.step(name, [other], np.broadcast_shapes(self.shape, other.shape))

  def reshaped(self, shape):
    return self if tuple(shape) == self.shape else self.step("reshape", (), shape, shape=list(shape))

  def transposed(self, axes):
    return self.step("transpose", (), [self.shape[axis] for axis in axes], axes=list(axes))

  def stretched(self, shape):
    return self if tuple(shape) == self.shape else self.step("broadcast", (), shape, shape=list(shape))

  def reduced(self, name, axes=None, keep=False, **attributes):
    axes = range(self.rank) if axes is None or axes == () or axes == [] else [axes] if isinstance(axes, int) else axes
    axes = sorted({self.axis(axis) for axis in axes} if self.rank else set())
    shape = [1 if axis in axes else extent for axis, extent in enumerate(self.shape) if keep or axis not in axes]
    return self.step(name, (), shape, axes=axes, keep=keep, **attributes)


class Case:
  """One sample: its inputs, and the steps that compute the same as PyTorch's operation."""

  def __init__(self):
    self.inputs, self.steps, self.shapes = [], [], []

  def input(self, tensor):
    if tensor.dtype not in (torch.float32, torch.int64, torch.int32, torch.bool):
      refuse(f"an input of {tensor.dtype}")
    if 0 in tensor.shape:
      refuse("an extent of 0")
    self.inputs.append(tensor)
    return len(self.inputs) - 1

  def record(self, name, operands, shape, attributes):
    if 0 in shape:
      refuse("an extent of 0")
    self.steps.append([name, [operand.index for operand in operands], attributes])
    return Value(self, ("step", len(self.steps) - 1), shape)

  def value(self, thing):
    if isinstance(thing, Value):
      return thing
    if isinstance(thing, (bool, int, float)):
      return self.record("constant", [], (), {"value": number(float(thing)), "shape": []})
    refuse(f"an argument of type {type(thing).__name__}")


def number(value):
  return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity") if math.isinf(value) else value


# MARK: Counterparts. Each takes what PyTorch's function takes, with values in place of tensors.

def unary(name):
  return lambda x, **kw: x.step(name)


def binary(name):
  def record(a, b, *, alpha=1, rounding_mode=None, **kw):
    case = (a if isinstance(a, Value) else b).case
    a, b = case.value(a), case.value(b)
    if rounding_mode is not None:
      refuse(f"rounding_mode={rounding_mode}")
    if alpha != 1:
      b = b.joined("multiply", alpha)
    return a.joined(name, b)
  return record


def swapped(function):
  return lambda a, b, **kw: function((a if isinstance(a, Value) else b).case.value(b), a, **kw)


def reduction(name):
  def record(x, dim=None, keepdim=False, *, dtype=None, **kw):
    if dtype not in (None, torch.float32):
      refuse(f"a result of {dtype}")
    if isinstance(dim, Value):
      refuse("two tensors")
    return x.reduced(name, dim, keepdim)
  return record


def extreme(name):
  elementwise = binary(name + "imum")

  def record(x, dim=None, keepdim=False, **kw):
    if isinstance(dim, Value):
      return elementwise(x, dim)
    if dim is not None:
      refuse("the first of equal extremes gets the whole gradient")
    return x.reduced(name, None, keepdim)
  return record


def shape_of(x, sizes):
  if len(sizes) == 1 and isinstance(sizes[0], (tuple, list, torch.Size)):
    sizes = sizes[0]
  sizes = list(sizes)
  if any(isinstance(size, torch.dtype) for size in sizes):
    refuse("another type of elements")
  if sizes.count(-1) == 1:
    rest = math.prod(size for size in sizes if size != -1)
    sizes[sizes.index(-1)] = math.prod(x.shape) // max(rest, 1)
  return sizes


def reshape(x, *sizes, **kw):
  return x.reshaped(shape_of(x, sizes))


def permute(x, dims):
  return x.transposed([x.axis(axis) for axis in dims])


def transpose(x, first, second):
  axes = list(range(x.rank))
  first, second = x.axis(first), x.axis(second)
  if axes:
    axes[first], axes[second] = axes[second], axes[first]
  return x.transposed(axes)


def flatten(x, start_dim=0, end_dim=-1):
  if x.rank == 0:
    return x.reshaped([1])
  first, last = x.axis(start_dim), x.axis(end_dim)
  return x.reshaped(list(x.shape[:first]) + [math.prod(x.shape[first:last + 1])] + list(x.shape[last + 1:]))


def unflatten(x, dim, sizes):
  axis = x.axis(dim)
  inner = shape_of(Value(x.case, x.index, [x.shape[axis]]), [sizes])
  return x.reshaped(list(x.shape[:axis]) + list(inner) + list(x.shape[axis + 1:]))


def squeeze(x, dim=None):
  axes = range(x.rank) if dim is None else [x.axis(axis) for axis in ([dim] if isinstance(dim, int) else dim)]
  return x.reshaped([extent for axis, extent in enumerate(x.shape) if not (axis in axes and extent == 1)])


def unsqueeze(x, dim):
  shape = list(x.shape)
  shape.insert(dim % (x.rank + 1), 1)
  return x.reshaped(shape)


def expand(x, *sizes, **kw):
  sizes = list(sizes[0]) if len(sizes) == 1 and not isinstance(sizes[0], int) else list(sizes)
  missing = len(sizes) - x.rank
  return x.stretched([x.shape[axis - missing] if size == -1 else size for axis, size in enumerate(sizes)])


def softmax(name):
  def record(x, dim, *, dtype=None, **kw):
    if dtype not in (None, torch.float32):
      refuse(f"a result of {dtype}")
    if x.rank == 0:
      return x.reshaped([1]).step(name).reshaped([])
    axis = x.axis(dim)
    if axis == x.rank - 1:
      return x.step(name)
    return transpose(transpose(x, axis, -1).step(name), axis, -1)
  return record


def softmin(x, dim, **kw):
  return softmax("softmax")(x.step("negate"), dim, **kw)


def matmul(a, b, **kw):
  if a.rank == 1 and b.rank == 1:
    return matmul(a.reshaped([1, a.shape[0]]), b.reshaped([b.shape[0], 1])).reshaped([])
  if a.rank == 0 or b.rank == 0:
    refuse("a scalar factor")
  shape = list(torch.matmul(torch.empty(a.shape, device="meta"), torch.empty(b.shape, device="meta")).shape)
  return a.step("matmul", [b], shape)


def product_added(times):
  def record(start, a, b, *, beta=1, alpha=1, **kw):
    product = times(a, b)
    if alpha != 1:
      product = product.joined("multiply", alpha)
    return product if beta == 0 else (start if beta == 1 else start.joined("multiply", beta)).joined("add", product)
  return record


def linear(x, weight, bias=None):
  if weight.rank == 1:
    refuse("a vector of weights")
  product = matmul(x, transpose(weight, 0, 1))
  return product if bias is None else product.joined("add", bias)


def outer(a, b, **kw):
  return a.reshaped([a.shape[0], 1]).joined("multiply", b.reshaped([1, b.shape[0]]))


def several(value, count, otherwise=None):
  """A number for each direction."""
  if value is None or value == [] or value == ():
    return otherwise
  return [value] * count if isinstance(value, int) else list(value) * (count if len(value) == 1 else 1)


def pair(value, otherwise=None):
  return several(value, 2, otherwise)


def images(x):
  """[N, C, …] as [N, …, C]."""
  return x.transposed([0, *range(2, x.rank), 1])


def channels_first(x):
  return x.transposed([0, x.rank - 1, *range(1, x.rank - 1)])


def of_pixels(count):
  """What takes [N, C, …] or one sample alone, with so many axes of pixels, as a function of channels last."""
  def decorate(function):
    def record(x, *arguments, **kw):
      if x.rank == count + 1:
        y = record(x.reshaped([1, *x.shape]), *arguments, **kw)
        return y.reshaped(y.shape[1:])
      return channels_first(function(images(x), *arguments, **kw))
    return record
  return decorate


of_images = of_pixels(2)


def padded_size(extent, kernel, stride, padding, dilation):
  return (extent + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def convolution(count):
  @of_pixels(count)
  def record(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation = several(stride, count), several(dilation, count)
    kernel = weight.shape[2:]
    if padding == "same":
      total = [d * (k - 1) for d, k in zip(dilation, kernel)]
      if any(amount % 2 for amount in total):
        refuse("padding that differs between the sides")
      padding = [amount // 2 for amount in total]
    padding = [0] * count if padding == "valid" else several(padding, count)
    size = [padded_size(x.shape[1 + i], kernel[i], stride[i], padding[i], dilation[i]) for i in range(count)]
    y = x.step(
      f"convolution{count}D", [images(weight)], [x.shape[0], *size, weight.shape[0]], stride=stride, padding=padding, dilation=dilation,
      groups=groups)
    return y if bias is None else y.joined("add", bias)
  return record


def transposed_convolution(count):
  @of_pixels(count)
  def record(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    stride, padding, more, dilation = (several(each, count) for each in (stride, padding, output_padding, dilation))
    kernel = weight.shape[2:]
    size = [
      (x.shape[1 + i] - 1) * stride[i] - 2 * padding[i] + dilation[i] * (kernel[i] - 1) + more[i] + 1 for i in range(count)]
    y = x.step(
      f"transposedConvolution{count}D", [images(weight)], [x.shape[0], *size, weight.shape[1] * groups], stride=stride, padding=padding,
      outputPadding=more, dilation=dilation, groups=groups)
    return y if bias is None else y.joined("add", bias)
  return record


def pooling(name, count):
  @of_pixels(count)
  def record(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False, count_include_pad=True,
             divisor_override=None):
    if divisor_override is not None:
      refuse("divisor_override")
    kernel, padding, dilation = (several(each, count) for each in (kernel_size, padding, dilation))
    stride = several(stride, count, kernel)
    empty = torch.empty([1, 1, *x.shape[1:-1]], device="meta")
    size = list({1: F.max_pool1d, 2: F.max_pool2d}[count](empty, kernel, stride, padding, dilation, ceil_mode).shape[2:])
    return x.step(
      f"{name}{count}D", (), [x.shape[0], *size, x.shape[-1]], kernel=kernel, stride=stride, padding=padding, dilation=dilation,
      countsPadding=count_include_pad, roundsUp=ceil_mode)
  return record


def average_pooling(count):
  pool = pooling("averagePool", count)

  def record(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    return pool(
      x, kernel_size, stride, padding, ceil_mode=ceil_mode, count_include_pad=count_include_pad, divisor_override=divisor_override)
  return record


def adaptive_line(name):
  @of_pixels(1)
  def record(x, output_size, return_indices=False):
    length = several(output_size, 1)[0]
    return x.step(name, (), [x.shape[0], length, x.shape[2]], length=length)
  return record


@of_images
def adaptive_max_pool2d(x, output_size, return_indices=False):
  size = [x.shape[1 + i] if extent is None else extent for i, extent in enumerate(pair(output_size))]
  return x.step("adaptiveMaxPool", (), [x.shape[0], *size, x.shape[3]], height=size[0], width=size[1])


@of_images
def resized(x, size, corners):
  return x.step("resize", (), [x.shape[0], *size, x.shape[3]], height=size[0], width=size[1], alignsCorners=corners)


@of_images
def enlarged(x, factors):
  return x.step(
    "enlarge", (), [x.shape[0], x.shape[1] * factors[0], x.shape[2] * factors[1], x.shape[3]], height=factors[0], width=factors[1])


def interpolate(x, size=None, scale_factor=None, mode="nearest", align_corners=None, **kw):
  if x.rank != 4 or mode not in ("nearest", "bilinear"):
    refuse("an interpolation other than of images, to the nearest or bilinear")
  if size is None:
    factors = scale_factor if isinstance(scale_factor, (list, tuple)) else [scale_factor] * 2
    exact = [extent * factor for extent, factor in zip(x.shape[2:], factors)]
    if any(each != int(each) for each in exact):
      refuse("a factor that gives no whole number of pixels")
    size = [int(each) for each in exact]
  size = pair(size)
  if mode == "bilinear":
    return resized(x, size, bool(align_corners))
  if any(new % old for new, old in zip(size, x.shape[2:])):
    refuse("a factor that is no whole number")
  return enlarged(x, [new // old for new, old in zip(size, x.shape[2:])])


def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5):
  if weight is None and bias is not None:
    weight = x.case.value(1).stretched(bias.shape)
  return x.step("layerNorm", [each for each in (weight, bias) if each is not None], axes=len(normalized_shape), epsilon=eps)


def rms_norm(x, normalized_shape, weight=None, eps=None):
  return x.step(
    "rmsNorm", [] if weight is None else [weight], axes=len(normalized_shape), epsilon=torch.finfo(torch.float32).eps if eps is None else eps)


def group_norm(x, num_groups, weight=None, bias=None, eps=1e-5):
  if weight is None and bias is not None:
    weight = x.case.value(1).stretched(bias.shape)
  y = images(x).step("groupNorm", [each for each in (weight, bias) if each is not None], groups=num_groups, epsilon=eps)
  return channels_first(y)


def instance_norm(x, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5):
  if running_mean is not None or not use_input_stats:
    refuse("running statistics")
  return group_norm(x, x.shape[1], weight, bias, eps)


# MARK: Movement

def like(function, *values):
  """The shape of what PyTorch makes of values of these shapes."""
  return list(function(*[torch.empty(value.shape, device="meta") for value in values]).shape)


def sliced(x, axis, start=None, end=None, step=1):
  shape = list(x.shape)
  shape[axis] = len(range(*slice(start, end, step).indices(shape[axis])))
  if 0 in shape:
    refuse("an extent of 0")
  places = {key: value for key, value in (("from", start), ("to", end), ("by", step)) if value is not None}
  return x.step("slice", (), shape, axis=axis, **places)


def at(x, axis, place):
  y = sliced(x, axis, place, None if place == -1 else place + 1)
  return y.reshaped(y.shape[:axis] + y.shape[axis + 1:])


def narrow(x, dim, start, length):
  if isinstance(start, Value):
    refuse("a start that is a tensor")
  start = start % x.shape[dim] if start < 0 else start
  return sliced(x, x.axis(dim), start, start + length)


def select(x, dim, index):
  return at(x, x.axis(dim), index)


def slice_(x, dim=0, start=None, end=None, step=1):
  return sliced(x, x.axis(dim), start, end, step)


def get_item(x, index):
  parts = list(index) if isinstance(index, tuple) else [index]
  if any(not (each is None or each is Ellipsis or isinstance(each, (int, slice))) or isinstance(each, bool) for each in parts):
    refuse("an index that is a tensor")
  used = sum(each is not None and each is not Ellipsis for each in parts)
  if Ellipsis in parts:
    place = parts.index(Ellipsis)
    parts[place:place + 1] = [slice(None)] * (x.rank - used)
  axis = 0
  for each in parts:
    if each is None:
      x = unsqueeze(x, axis)
      axis += 1
    elif isinstance(each, int):
      x = at(x, axis, each)
    else:
      if each != slice(None):
        x = sliced(x, axis, each.start, each.stop, 1 if each.step is None else each.step)
      axis += 1
  return x


def joined_along(name):
  def record(tensors, dim=0, **kw):
    shapes = [torch.empty(each.shape, device="meta") for each in tensors]
    shape = list((torch.cat if name == "concatenate" else torch.stack)(shapes, dim).shape)
    return tensors[0].step(name, tensors[1:], shape, axis=dim)
  return record


def stacked_along(axis, least):
  """hstack and its kin: of tensors of at least so many axes, along one of them; of vectors along the first."""
  def record(tensors, **kw):
    def enough(x):
      if axis == 2 and x.rank < 3:
        return x.reshaped([1, *x.shape, 1] if x.rank == 1 else [*x.shape, 1] if x.rank == 2 else [1, 1, 1])
      return x if x.rank >= least else x.reshaped([1] * (least - x.rank) + list(x.shape))
    tensors = [enough(each) for each in tensors]
    return joined_along("concatenate")(tensors, min(axis, tensors[0].rank - 1))
  return record


def flipped(x, dims):
  axes = sorted({x.axis(axis) for axis in ([dims] if isinstance(dims, int) else dims)})
  return x.step("flip", axes=axes) if x.rank else x.joined("add", 0.0)


def rolled(x, shifts, dims=None):
  if dims is None or dims == ():
    flat = rolled(x.reshaped([math.prod(x.shape)]), shifts if isinstance(shifts, int) else shifts[0], 0)
    return flat.reshaped(x.shape)
  for shift, axis in zip([shifts] if isinstance(shifts, int) else shifts, [dims] if isinstance(dims, int) else dims):
    x = x.step("roll", by=shift, axis=axis)
  return x


def tiled(x, *dims, **kw):
  counts = list(dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims)
  counts = [1] * (x.rank - len(counts)) + counts
  if 0 in counts:
    refuse("an extent of 0")
  shape = [1] * (len(counts) - x.rank) + list(x.shape)
  return x.step("tile", (), [count * extent for count, extent in zip(counts, shape)], counts=counts)


def repeat_interleave(x, repeats, dim=None, **kw):
  if not isinstance(repeats, int):
    refuse("counts that are a tensor")
  if dim is None:
    x, dim = x.reshaped([math.prod(x.shape)]), 0
  shape = list(x.shape)
  if not shape:
    refuse("a scalar")
  shape[x.axis(dim)] *= repeats
  return x.step("repeat", (), shape, count=repeats, axis=x.axis(dim))


def pad(x, pad, mode="constant", value=None):
  amounts = [0] * (2 * x.rank)
  for place in range(len(pad) // 2):
    amounts[2 * (x.rank - 1 - place)], amounts[2 * (x.rank - 1 - place) + 1] = pad[2 * place], pad[2 * place + 1]
  shape = [extent + amounts[2 * axis] + amounts[2 * axis + 1] for axis, extent in enumerate(x.shape)]
  return x.step("pad", (), shape, amounts=amounts, mode=mode, value=number(float(value or 0)))


def within(x, axis, shape):
  """Beside an axis as much of x as there are indices."""
  for other, extent in enumerate(shape):
    if other != axis and x.shape[other] != extent:
      x = sliced(x, other, 0, extent)
  return x


def gather(x, dim, index, **kw):
  if x.rank == 0 or index.rank == 0:
    refuse("a scalar")
  axis = x.axis(dim)
  return within(x, axis, index.shape).step("gather", [index], index.shape, axis=axis)


def take_along_dim(x, indices, dim=None):
  if indices.index[0] == "input" and (indices.numbers() < 0).any():
    refuse("places counted from the end")
  if dim is None:
    return gather(x.reshaped([math.prod(x.shape)]), 0, indices.reshaped([math.prod(indices.shape)]))
  axis = x.axis(dim)
  shape = [max(a, b) for a, b in zip(x.shape, indices.shape)]
  own, others = list(shape), list(shape)
  own[axis], others[axis] = x.shape[axis], indices.shape[axis]
  return gather(x.stretched(own), axis, indices.stretched(others))


def scatter_add(x, dim, index, src):
  if x.rank == 0 or index.rank == 0:
    refuse("a scalar")
  axis = x.axis(dim)
  if any(x.shape[other] != extent for other, extent in enumerate(index.shape) if other != axis):
    refuse("indices for a part alone of the other axes")
  source = sliced(within(src, axis, index.shape), axis, 0, index.shape[axis])
  return x.step("scatterAdd", [source, index], x.shape, axis=axis)


def index_add(x, dim, index, source, *, alpha=1, **kw):
  if x.rank == 0:
    refuse("a scalar")
  axis = x.axis(dim)
  shape = [1] * x.rank
  shape[axis] = math.prod(index.shape)
  if alpha != 1:
    source = source.joined("multiply", alpha)
  return x.step("scatterAdd", [source, index.reshaped(shape)], x.shape, axis=axis)


def index_select(x, dim, index, **kw):
  if x.rank == 0:
    refuse("a scalar")
  axis = x.axis(dim)
  count = math.prod(index.shape)
  return x.step("take", [index.reshaped([count])], [*x.shape[:axis], count, *x.shape[axis + 1:]], axis=axis)


def where(mask, a, b):
  case = mask.case
  a, b = case.value(a), case.value(b)
  return mask.step("where", [a, b], np.broadcast_shapes(mask.shape, a.shape, b.shape))


def masked_fill(x, mask, value):
  return where(mask, x.case.value(value), x)


def triangle(name):
  return lambda x, diagonal=0, **kw: x.step(name, diagonal=diagonal)


def ordered(name, tells=None):
  """Sorting; `tells` gives what PyTorch's arguments say beside the axis."""
  def record(x, *arguments, dim=-1, descending=False, stable=False):
    if arguments:
      dim, descending = arguments[0], arguments[1] if len(arguments) > 1 else descending
    if x.rank == 0:
      refuse("a scalar")
    return x.step(name, axis=dim, descending=bool(descending))
  return record


def top_k(x, k, dim=-1, largest=True, sorted=True):
  if x.rank == 0:
    refuse("a scalar")
  shape = list(x.shape)
  shape[dim] = k
  return x.step("top", (), shape, count=k, axis=dim, largest=bool(largest))


def cumulative_sum(x, dim, *, dtype=None, **kw):
  if dtype not in (None, torch.float32):
    refuse(f"a result of {dtype}")
  return x.step("cumulativeSum", axis=dim) if x.rank else x.joined("add", 0.0)


def einsum(tensors, equation):
  shape = list(torch.einsum(equation, *[torch.empty(each.shape, device="meta") for each in tensors]).shape)
  return tensors[0].step("einsum", tensors[1:], shape, equation=equation)


def diagonal(x, *dims, offset=0, dim1=0, dim2=1):
  if dims:
    offset, dim1, dim2 = (list(dims) + [0, 1][len(dims) - 1:])[:3]
  first, second = x.axis(dim1), x.axis(dim2)
  x = sliced(x, second, offset, None) if offset > 0 else sliced(x, first, -offset, None) if offset < 0 else x
  extent = min(x.shape[first], x.shape[second])
  x = sliced(sliced(x, first, 0, extent), second, 0, extent)
  letters = [chr(ord("a") + axis) for axis in range(x.rank)]
  letters[second] = letters[first]
  rest = [letter for axis, letter in enumerate(letters) if axis not in (first, second)]
  return einsum([x], f"{''.join(letters)}->{''.join(rest)}{letters[first]}")


def piece(sizes):
  """The first of several pieces; `sizes` gives theirs."""
  def record(x, amount, dim=0):
    axis = x.axis(dim)
    all_sizes = sizes(x.shape[axis], amount)
    return x.step("split", (), [*x.shape[:axis], all_sizes[0], *x.shape[axis + 1:]], sizes=all_sizes, axis=axis, index=0)
  return record


def equal_pieces(extent, size):
  if not isinstance(size, int):
    return list(size)
  return [min(size, extent - start) for start in range(0, extent, size)]


def chunks(extent, count):
  return equal_pieces(extent, -(-extent // count))


def move_axes(x, source, destination):
  axes = list(torch.empty(list(range(1, x.rank + 1)), device="meta").movedim(source, destination).shape)
  return x.transposed([extent - 1 for extent in axes])


@of_images
def adaptive_avg_pool2d(x, output_size):
  size = [x.shape[1 + i] if extent is None else extent for i, extent in enumerate(pair(output_size))]
  return x.step("adaptivePool", (), [x.shape[0], *size, x.shape[3]], height=size[0], width=size[1])


def batch_norm(x, mean, variance, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
  if not training:
    refuse("running statistics")
  if x.rank < 2:
    refuse("no channels")
  channels = x.shape[1]
  weight = x.case.value(1).stretched([channels]) if weight is None else weight
  bias = x.case.value(0).stretched([channels]) if bias is None else bias
  last = x.transposed([0, *range(2, x.rank), 1])
  y = last.step("batchNorm", [weight, bias], epsilon=eps)
  return y.transposed([0, x.rank - 1, *range(1, x.rank - 1)])


def embedding(weight, indices, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False):
  if padding_idx is not None or max_norm is not None or scale_grad_by_freq or sparse:
    refuse("padding_idx, max_norm, scale_grad_by_freq or sparse")
  return weight.step("rows", [indices], [*indices.shape, weight.shape[1]])


def loss(name, **fixed):
  def record(x, target, size_average=None, reduce=None, reduction="mean", weight=None, **kw):
    if reduction != "mean" or weight is not None:
      refuse("a loss that is no plain mean")
    if x.shape != target.shape:
      refuse("a target of another shape")
    return x.step(name, [target], [], **{key: kw.get(key, value) for key, value in fixed.items()})
  return record


def cross_entropy(x, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean", label_smoothing=0.0):
  if reduction != "mean" or weight is not None or ignore_index != -100:
    refuse("a loss that is no plain mean")
  if x.rank != 2 or target.rank != 1:
    refuse("logits other than [batch, classes] with class numbers")
  return x.step("crossEntropy", [target], [], smoothing=label_smoothing)


def smooth_l1(x, target, reduction="mean", beta=1.0, **kw):
  if beta == 0:
    refuse("beta=0")
  y = loss("huber", delta=1.0)(x, target, reduction=reduction, delta=beta)
  return y if beta == 1 else y.joined("divide", beta)


def gelu(x, approximate="none"):
  return x.step("gelu" if approximate == "tanh" else "exactGelu")


def elu(x, alpha=1.0, **kw):
  return x.joined("elu", alpha)


def celu(x, alpha=1.0, **kw):
  return x.joined("celu", alpha)


def softplus(x, beta=1, threshold=20):
  if threshold < 15:
    refuse("a threshold at which softplus is another function")
  y = (x if beta == 1 else x.joined("multiply", beta)).step("softplus")
  return y if beta == 1 else y.joined("divide", beta)


def pow_(a, b, **kw):
  return binary("power")(a, b)


def power_sum(x, ord=2, dim=None, keepdim=False, *, dtype=None, **kw):
  if dtype not in (None, torch.float32):
    refuse(f"a result of {dtype}")
  if not isinstance(ord, (int, float)) or ord < 1:
    refuse("a norm of another kind than of an order from 1 on")
  return x.reduced("norm", dim, keepdim, order=number(float(ord)))


def norm(x, p="fro", dim=None, keepdim=False, **kw):
  if p == "nuc":
    refuse("a norm of another kind than of an order from 1 on")
  return power_sum(x, 2 if p in ("fro", None) else p, dim, keepdim, **kw)


def spread(name):
  def record(x, dim=None, unbiased=None, keepdim=False, *, correction=None, **kw):
    if isinstance(dim, bool):
      dim, unbiased = None, dim
    correction = int(unbiased) if unbiased is not None else 1 if correction is None else correction
    if correction != int(correction):
      refuse("a correction that is no whole number")
    return x.reduced(name, dim, keepdim, correction=int(correction))
  return record


def place(name):
  def record(x, dim=None, keepdim=False, **kw):
    axes = list(range(x.rank)) if dim is None else [x.axis(dim)] if x.rank else []
    shape = [1 if axis in axes else extent for axis, extent in enumerate(x.shape) if keepdim or axis not in axes]
    axis = {} if dim is None or x.rank == 0 else {"axis": x.axis(dim)}
    return x.step(name, (), shape, keep=keepdim, **axis)
  return record


def clamp(x, min=None, max=None):
  if isinstance(min, Value) or isinstance(max, Value):
    refuse("bounds that are tensors")
  return x.step("clamp", **{key: number(float(value)) for key, value in (("lower", min), ("upper", max)) if value is not None})


def leaky_relu(x, negative_slope=0.01, **kw):
  return x.joined("leakyRelu", negative_slope)


def prelu(x, weight):
  if weight.rank == 1 and x.rank >= 2:
    weight = weight.reshaped([weight.shape[0]] + [1] * (x.rank - 2))
  return x.joined("leakyRelu", weight.reshaped([]) if x.rank == 0 else weight)


def rounded(x, decimals=0, **kw):
  if decimals != 0:
    refuse("rounding to decimals")
  return x.step("roundToEven")


def log_sum_exp(x, dim, keepdim=False, **kw):
  return x.reduced("logSumExp", dim, keepdim)


ONES = {"abs": "absolute", "neg": "negate", "sign": "sign", "sgn": "sign", "square": "square", "sqrt": "squareRoot",
        "rsqrt": "reciprocalSquareRoot", "reciprocal": "reciprocal", "exp": "exponential", "log": "logarithm", "sin": "sine", "cos": "cosine",
        "sigmoid": "sigmoid", "tanh": "hyperbolicTangent", "nn.functional.relu": "relu", "nn.functional.relu6": "relu6",
        "nn.functional.silu": "silu", "floor": "roundDown", "ceil": "ceil", "erf": "errorFunction", "log1p": "logarithmOnePlus",
        "expm1": "exponentialMinusOne", "nn.functional.selu": "selu", "nn.functional.mish": "mish", "nn.functional.softsign": "softsign",
        "nn.functional.hardsigmoid": "hardSigmoid", "nn.functional.hardswish": "hardSwish",
        "logical_not": "logicalNot"}
TWOS = {"add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "true_divide": "divide", "maximum": "maximum",
        "minimum": "minimum", "__radd__": "add", "__rmul__": "multiply", "gt": "greater", "ge": "greaterOrEqual", "eq": "equal", "ne": "notEqual",
        "logical_and": "logicalAnd", "logical_or": "logicalOr", "logical_xor": "logicalXor"}

COUNTERPARTS = {
  **{name: unary(function) for name, function in ONES.items()},
  **{name: binary(function) for name, function in TWOS.items()},
  "lt": swapped(binary("greater")), "le": swapped(binary("greaterOrEqual")), "rsub": swapped(binary("subtract")),
  "__rsub__": swapped(binary("subtract")), "__rdiv__": swapped(binary("divide")), "pow": pow_, "__rpow__": swapped(pow_),
  "positive": lambda x: x.reshaped(x.shape).joined("add", 0.0),
  "sum": reduction("sum"), "mean": reduction("mean"), "amax": reduction("max"), "amin": reduction("min"), "max": extreme("max"),
  "min": extreme("min"), "reshape": reshape, "view": reshape, "view_copy": reshape, "permute": permute, "permute_copy": permute,
  "transpose": transpose, "transpose_copy": transpose, "t": lambda x: transpose(x, 0, 1) if x.rank == 2 else x.joined("add", 0.0),
  "T": lambda x: x.transposed(list(reversed(range(x.rank)))), "mT": lambda x: transpose(x, -2, -1),
  "movedim": move_axes, "flatten": flatten, "ravel": lambda x: x.reshaped([math.prod(x.shape)]), "unflatten": unflatten, "squeeze": squeeze,
  "squeeze_copy": squeeze, "unsqueeze": unsqueeze, "unsqueeze_copy": unsqueeze, "expand": expand, "expand_copy": expand,
  "broadcast_to": expand, "softmax": softmax("softmax"), "log_softmax": softmax("logSoftmax"), "nn.functional.softmin": softmin,
  "matmul": matmul, "__rmatmul__": swapped(matmul), "mm": matmul, "bmm": matmul, "mv": matmul, "dot": matmul, "vdot": matmul,
  "addmm": product_added(matmul), "addmv": product_added(matmul), "baddbmm": product_added(matmul), "addr": product_added(outer),
  "outer": outer, "nn.functional.linear": linear,   **{f"nn.functional.conv{n}d": convolution(n) for n in (1, 2, 3)},
  **{f"nn.functional.conv_transpose{n}d": transposed_convolution(n) for n in (1, 2, 3)},
  **{f"nn.functional.max_pool{n}d": pooling("maxPool", n) for n in (1, 2)},
  **{f"nn.functional.avg_pool{n}d": average_pooling(n) for n in (1, 2)},
  "nn.functional.adaptive_avg_pool1d": adaptive_line("adaptivePool1D"),
  "nn.functional.adaptive_max_pool1d": adaptive_line("adaptiveMaxPool1D"), "nn.functional.adaptive_max_pool2d": adaptive_max_pool2d,
  "nn.functional.interpolate": interpolate, "nn.functional.upsample_bilinear":
  lambda x, **kw: interpolate(x, **kw, mode="bilinear", align_corners=True), "nn.functional.upsample_nearest": interpolate,
  "nn.functional.layer_norm": layer_norm, "nn.functional.rms_norm": rms_norm, "nn.functional.group_norm": group_norm,
  "nn.functional.instance_norm": instance_norm, "nn.functional.adaptive_avg_pool2d": adaptive_avg_pool2d, "nn.functional.batch_norm": batch_norm,
  "nn.functional.embedding": embedding, "index_select": index_select, "nn.functional.mse_loss": loss("meanSquaredError"),
  "nn.functional.l1_loss": loss("meanAbsoluteError"), "nn.functional.huber_loss": loss("huber", delta=1.0),
  "nn.functional.smooth_l1_loss": smooth_l1, "nn.functional.cross_entropy": cross_entropy, "nn.functional.gelu": gelu,
  "nn.functional.softplus": softplus, "norm": norm, "linalg.vector_norm": power_sum, "var": spread("variance"),
  "std": spread("standardDeviation"), "prod": reduction("product"), "argmax": place("argmax"), "argmin": place("argmin"), "clamp": clamp,
  "clamp_min": clamp, "clamp_max": lambda x, max: clamp(x, None, max), "nn.functional.hardtanh":
  lambda x, min_val=-1.0, max_val=1.0, **kw: clamp(x, min_val, max_val), "nn.functional.leaky_relu": leaky_relu, "nn.functional.prelu": prelu,
  "nn.functional.elu": elu, "nn.functional.celu": celu, "round": rounded, "logsumexp": log_sum_exp,
  # What moves and chooses.
  "__getitem__": get_item, "narrow": narrow, "narrow_copy": narrow, "select": select, "slice": slice_,
  "unbind": lambda x, dim=0: at(x, x.axis(dim), 0) if x.rank else refuse("a scalar"), "split": piece(equal_pieces),
  "split_with_sizes": piece(equal_pieces), "chunk": piece(chunks), "cat": joined_along("concatenate"), "stack": joined_along("stack"),
  "hstack": stacked_along(1, 1), "vstack": stacked_along(0, 2), "dstack": stacked_along(2, 3), "flip": flipped,
  "fliplr": lambda x: flipped(x, 1), "flipud": lambda x: flipped(x, 0), "roll": rolled, "tile": tiled, "repeat": tiled,
  "repeat_interleave": repeat_interleave, "nn.functional.pad": pad, "gather": gather, "take_along_dim": take_along_dim,
  "scatter_add": scatter_add, "index_add": index_add, "where": lambda a, mask, b: where(mask, a, b), "masked_fill": masked_fill, "tril": triangle("lowerTriangle"),
  "triu": triangle("upperTriangle"), "sort": ordered("sorted"), "argsort": ordered("sortOrder"), "msort": lambda x: x.step("sorted", axis=0),
  "topk": top_k, "cumsum": cumulative_sum, "einsum": einsum, "diagonal": diagonal, "diagonal_copy": diagonal,
  "trace": lambda x: einsum([sliced(sliced(x, 0, 0, min(x.shape)), 1, 0, min(x.shape))], "ii->"),
  "expand_as": lambda x, other: x.stretched(other.shape), "view_as": lambda x, other: x.reshaped(other.shape),
  "reshape_as": lambda x, other: x.reshaped(other.shape), "isnan": lambda x: x.step("notEqual", [x]),
  "var_mean": spread("variance"), "std_mean": spread("standardDeviation"),
}

# MARK: Samples

def numbers(tensor):
  """PyTorch's tensors that are known to be zero, or views of others, as an array of their own."""
  return (tensor.detach().double() + 0).numpy(force=True)


class Sample:
  """One sample, as a case for the program, and PyTorch's answers in float64."""

  def __init__(self, operation, sample, generator):
    self.operation = operation
    self.case = Case()
    leaves = []

    def leaf(thing):
      if isinstance(thing, torch.Tensor):
        for place, known in enumerate(leaves):
          if known is thing:
            return Value(self.case, ("input", place), thing.shape)
        leaves.append(thing)
        return Value(self.case, ("input", self.case.input(thing.detach())), thing.shape)
      if isinstance(thing, (list, tuple)) and any(isinstance(each, torch.Tensor) for each in thing):
        return [leaf(each) for each in thing]
      return thing

    arguments = [leaf(each) for each in (sample.input, *sample.args)]
    named = {key: leaf(value) for key, value in sample.kwargs.items()}
    try:
      self.result = COUNTERPARTS[operation.name](*arguments, **named)
    except TypeError as error:
      if "unexpected keyword" not in str(error):
        raise
      refuse(f"arguments without a counterpart ({str(error).split()[-1]})")
    if self.result.index[0] == "input":
      self.result = self.result.joined("add", 0.0)

    # The same in float64.
    doubles = [
      each.detach().double().requires_grad_(each.requires_grad) if each.dtype.is_floating_point else each.detach() for each in leaves]

    def double(thing):
      if isinstance(thing, torch.Tensor):
        return doubles[next(place for place, known in enumerate(leaves) if known is thing)]
      if isinstance(thing, (list, tuple)) and any(isinstance(each, torch.Tensor) for each in thing):
        return type(thing)(double(each) for each in thing)
      return thing

    self.inputs = [each.requires_grad and each.dtype.is_floating_point for each in leaves]
    y = operation.op(*[double(each) for each in (sample.input, *sample.args)], **{key: double(value) for key, value in sample.kwargs.items()})
    if isinstance(y, (tuple, list)):
      y = y[0]
    if tuple(y.shape) != self.result.shape:
      raise AssertionError(f"{operation.name}: the counterpart has the shape {self.result.shape} in place of {tuple(y.shape)}")
    wanted = [place for place, is_wanted in enumerate(self.inputs) if is_wanted]
    self.tensors = [each.detach() for each in leaves]
    self.vectors = {place: torch.empty(leaves[place].shape).uniform_(0.5, 1.5, generator=generator) for place in wanted}
    self.cotangent = None
    self.right = {"y": numbers(y)}
    if not (y.requires_grad and wanted):
      return
    self.cotangent = torch.empty(y.shape).uniform_(0.5, 1.5, generator=generator)
    slopes = torch.autograd.grad(y, [doubles[place] for place in wanted], self.cotangent.double(), create_graph=True, allow_unused=True)
    for place, slope in zip(wanted, slopes):
      self.right[f"g{place}"] = np.zeros(doubles[place].shape) if slope is None else numbers(slope)
    total = sum((slope * self.vectors[place].double()).sum() for place, slope in zip(wanted, slopes) if slope is not None and slope.requires_grad)
    curves = [None] * len(wanted)
    if isinstance(total, torch.Tensor) and total.requires_grad:
      try:
        curves = torch.autograd.grad(total, [doubles[place] for place in wanted], allow_unused=True)
      except RuntimeError as error:
        # PyTorch has no second derivative of some gradients: values and gradients are compared all the same.
        if "is not implemented" not in str(error):
          raise
        return
    for place, curve in zip(wanted, curves):
      self.right[f"h{place}"] = np.zeros(doubles[place].shape) if curve is None else numbers(curve)

  def written(self, number, tensors):
    def put(name, tensor):
      array = tensor.contiguous().numpy()
      # Not by `ascontiguousarray`, which makes vectors of scalars.
      tensors[name] = np.array(array, np.int32 if array.dtype.kind == "i" else np.float32, order="C")
      return name

    inputs = []
    for place, tensor in enumerate(self.tensors):
      name = put(f"{number}.{place}", tensor)
      inputs.append([name, self.inputs[place]])
      if self.inputs[place]:
        put(f"{name}/vector", self.vectors[place])
    first = len(inputs)
    steps = [
      [name, [index if kind == "input" else first + index for kind, index in operands], attributes]
      for name, operands, attributes in self.case.steps]
    case = {"inputs": inputs, "steps": steps}
    if self.cotangent is not None:
      case["cotangent"] = put(f"{number}/cotangent", self.cotangent)
    return case


LIMIT = float(np.finfo(np.float32).max)


def differs(found, right, tolerance, floor=1e-6):
  """Where numbers differ: of another kind, or further off than float32 explains. `floor`: what is left of numbers that cancel."""
  found, right = np.asarray(found, np.float64), np.asarray(right, np.float64)
  right = np.where(np.abs(right) > LIMIT, np.sign(right) * np.inf, right)
  both = np.isfinite(right) & np.isfinite(found)
  scale = np.mean(np.abs(right[np.isfinite(right)])) if np.isfinite(right).any() else 0.0
  alike = np.where(both, np.abs(found - right) <= tolerance * (np.abs(right) + scale) + floor, (found == right) | (np.isnan(found) & np.isnan(right)))
  return ~alike


def main():
  parser = argparse.ArgumentParser()
  parser.add_argument("program")
  parser.add_argument("--device", default="cpu", choices=["cpu", "opencl"])
  parser.add_argument("--only")
  parser.add_argument("--verbose", action="store_true")
  arguments = parser.parse_args()
  warnings.simplefilter("ignore")

  samples, refused, total = [], collections.Counter(), 0
  generator = torch.Generator().manual_seed(1)
  missing = collections.Counter()
  for operation in op_db:
    if arguments.only and operation.name not in arguments.only.split(","):
      continue
    if operation.name not in COUNTERPARTS or not operation.supports_dtype(torch.float32, "cpu"):
      missing[operation.name] += 1
      continue
    torch.manual_seed(1)
    for sample in operation.sample_inputs("cpu", torch.float32, requires_grad=operation.supports_autograd):
      total += 1
      try:
        samples.append(Sample(operation, sample, generator))
      except Refused as reason:
        refused[f"{operation.name}: {reason}"] += 1

  with tempfile.TemporaryDirectory() as folder:
    tensors = {}
    cases = [sample.written(number, tensors) for number, sample in enumerate(samples)]
    with open(f"{folder}/cases.json", "w") as file:
      json.dump(cases, file)
    save_file(tensors, f"{folder}/tensors.safetensors")
    subprocess.run(
      [os.path.abspath(arguments.program), "cases.json", "tensors.safetensors", "results.safetensors", "refused.json", arguments.device], cwd=folder, check=True)
    results = load_file(f"{folder}/results.safetensors")
    with open(f"{folder}/refused.json") as file:
      ours = json.load(file)

  passed, wrong, excused = 0, collections.defaultdict(list), collections.Counter()
  for number, sample in enumerate(samples):
    name = sample.operation.name
    if str(number) in ours:
      refused[f"{name}: the library says {ours[str(number)]}"] += 1
      continue
    problems = []
    for key, right in sample.right.items():
      found = results.get(f"{number}/{key}", np.zeros(right.shape, np.float32))
      if found.shape != right.shape:
        problems.append(f"{key} is of shape {list(found.shape)} in place of {list(right.shape)}")
        continue
      bad = differs(found, right, *{"y": (1e-5,), "g": (5e-5,), "h": (2e-4, 4e-6)}[key[0]])
      if bad.any():
        place = tuple(int(each[0]) for each in np.nonzero(bad)) if bad.ndim else ()
        problems.append(f"{key}{list(place)} is {found[place]!s} in place of {right[place]!s} ({int(bad.sum())} of {bad.size})")
    if not problems:
      passed += 1
    elif name in KNOWN and KNOWN[name][0](sample) and all(each.startswith(KNOWN[name][1]) for each in problems):
      excused[f"{name}: {KNOWN[name][2]}"] += 1
    else:
      wrong[name].append((number, [list(each.shape) for each in sample.tensors], problems))

  print(f"{total} samples of {len({sample.operation.name for sample in samples})} operations on {arguments.device}: {passed} pass, "
        f"{sum(map(len, wrong.values()))} differ, {sum(excused.values())} differ as is known, {sum(refused.values())} have no counterpart")
  for name, entries in sorted(wrong.items()):
    print(f"  {name}: {len(entries)} differ")
    for number, shapes, problems in entries if arguments.verbose else entries[:2]:
      print(f"    sample {number} of {shapes}: {'; '.join(problems)[:300]}")
  for reason, count in excused.most_common():
    print(f"  {count} × {reason}")
  for reason, count in refused.most_common(None if arguments.verbose else 60):
    print(f"  refused {count} × {reason[:200]}")
  print(f"  {len(missing)} operations of PyTorch's have no counterpart here")
  return 1 if wrong else 0


if __name__ == "__main__":
  sys.exit(main())
