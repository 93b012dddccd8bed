"""arithmetic.safetensors: values and gradients of products of any rank, einsum, statistics, orders and convolutions of other shapes."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from .files import write_safetensors

INFINITY = math.inf


def first(images):
  """Pictures with their channels last, as PyTorch takes them."""
  return images.movedim(-1, 1)


def last(images):
  return images.movedim(1, -1)


def pool(function, **options):
  return lambda x: last(function(first(x), ceil_mode=True, **options))


def of_lines(function, *options, **more):
  return lambda x: last(function(first(x), *options, **more))


def random_regions(kernel, size, samples):
  """PyTorch wants a pair of numbers for each sample and channel, that of the width first."""
  def compute(x):
    numbers = torch.tensor([samples[1], samples[0]]).expand(x.shape[0], x.shape[-1], 2).to(x.dtype)
    return last(F.fractional_max_pool2d(first(x), kernel, size, _random_samples=numbers))
  return compute


def resized(size, corners=False):
  return lambda x: last(F.interpolate(first(x), size, mode="bilinear", align_corners=corners))


def of_samples(function, **options):
  return lambda x, y: function(x, y, reduction="none", **options).reshape(x.shape[0], -1).mean(1)


def convolution(function, *options, **more):
  """Weights come as [out, kernel…, in / groups]; of a transposed convolution [in, kernel…, out / groups]."""
  return lambda x, w: last(function(first(x), first(w), None, *options, **more))


# Name: function, shapes of its operands.
CASES = {
  # Products.
  "vector by vector": (torch.matmul, [5], [5]),
  "matrix by vector": (torch.matmul, [3, 5], [5]),
  "vector by matrix": (torch.matmul, [5], [5, 4]),
  "batch by vector": (torch.matmul, [2, 3, 5], [5]),
  "vector by batch": (torch.matmul, [5], [2, 5, 4]),
  "batch by matrix": (torch.matmul, [2, 3, 4, 5], [5, 7]),
  "matrix by batch": (torch.matmul, [4, 5], [2, 3, 5, 7]),
  "batches that stretch": (torch.matmul, [2, 1, 3, 5], [4, 5, 2]),
  "batches that stretch each other": (torch.matmul, [3, 1, 4, 2], [1, 2, 2, 5]),
  "a batch between": (torch.matmul, [2, 3, 2, 4, 5], [3, 1, 5, 6]),
  "a hole in a batch": (torch.matmul, [2, 3, 2, 4, 5], [2, 1, 2, 5, 6]),
  "one by one": (torch.matmul, [1, 1, 1], [3, 1, 1]),
  # Einsum, by its equation.
  "ij,jk->ik": (None, [3, 4], [4, 5]),
  "bij,bjk->bik": (None, [2, 3, 4], [2, 4, 5]),
  "bhqd,bhkd->bhqk": (None, [2, 3, 4, 5], [2, 3, 6, 5]),
  "bqhd,bkhd->bhqk": (None, [2, 4, 3, 5], [2, 6, 3, 5]),
  "bhqk,bkhd->bqhd": (None, [2, 3, 4, 6], [2, 6, 3, 5]),
  "ki,kj->ij": (None, [4, 3], [4, 5]),
  "i,j->ij": (None, [3], [4]),
  "i,i->": (None, [5], [5]),
  "i,i": (None, [5], [5]),
  "ij,kj": (None, [3, 4], [5, 4]),
  "ji": (None, [3, 4]),
  "ij->": (None, [3, 4]),
  "ijk->kj": (None, [3, 4, 2]),
  "bi,bi->b": (None, [3, 4], [3, 4]),
  "bi,bj->bij": (None, [3, 4], [3, 2]),
  "ab,bc,cd->ad": (None, [2, 3], [3, 4], [4, 5]),
  "ab,ac,ad->bcd": (None, [2, 3], [2, 4], [2, 5]),
  "...ij,...jk->...ik": (None, [2, 1, 3, 4], [5, 4, 2]),
  "b...,b...->b": (None, [3, 1], [3, 1]),
  "ij,jk->i": (None, [3, 4], [4, 5]),
  "bij,kj->bik": (None, [2, 3, 4], [5, 4]),
  "ij,ij->ij": (None, [1, 4], [3, 4]),
  "ii->i": (None, [4, 4]),
  "ii": (None, [5, 5]),
  "iji->j": (None, [3, 4, 3]),
  "iii->i": (None, [3, 3, 3]),
  "aabb->ab": (None, [2, 2, 3, 3]),
  "bii,ij->bj": (None, [2, 3, 3], [3, 4]),
  "...ii->...i": (None, [2, 3, 4, 4]),
  # Statistics.
  "variance of all": (lambda x: x.var(), [3, 4]),
  "variance over -1": (lambda x: x.var(-1), [2, 3, 5]),
  "variance over 0 and 2, kept": (lambda x: x.var((0, 2), correction=0, keepdim=True), [2, 3, 5]),
  "deviation over 1": (lambda x: x.std(1), [2, 7]),
  "norm of all": (lambda x: torch.linalg.vector_norm(x), [3, 4]),
  "norm 1 over 0": (lambda x: torch.linalg.vector_norm(x, 1, 0), [3, 4]),
  "norm 2.5 over -2": (lambda x: torch.linalg.vector_norm(x, 2.5, -2, keepdim=True), [2, 3, 4]),
  "norm of infinity over 1": (lambda x: torch.linalg.vector_norm(x, INFINITY, 1), [3, 4]),
  "product of all": (lambda x: x.prod(), [2, 3]),
  "product over 1": (lambda x: x.prod(1), [2, 5, 3]),
  "log-sum-exp over 0": (lambda x: torch.logsumexp(x, 0), [4, 3]),
  "log-sum-exp over 0 and 2": (lambda x: torch.logsumexp(x, (0, 2), keepdim=True), [2, 3, 5]),
  "log-sum-exp of one": (lambda x: torch.logsumexp(x, 1), [3, 1]),
  # Pooling whose last windows stick out.
  "max pool 3 by 2": (pool(F.max_pool2d, kernel_size=3, stride=2), [1, 6, 7, 3]),
  "max pool 2 by 2, padded": (pool(F.max_pool2d, kernel_size=2, stride=2, padding=1), [1, 5, 6, 2]),
  "max pool 3 by 3, dilated": (pool(F.max_pool2d, kernel_size=2, stride=3, dilation=2), [1, 9, 8, 2]),
  "average pool 3 by 2": (pool(F.avg_pool2d, kernel_size=3, stride=2), [1, 6, 7, 3]),
  "average pool 3 by 2, padded": (pool(F.avg_pool2d, kernel_size=3, stride=2, padding=1), [1, 6, 5, 2]),
  "average pool 3 by 2, padding does not count":
    (pool(F.avg_pool2d, kernel_size=3, stride=2, padding=1, count_include_pad=False), [1, 6, 5, 2]),
  "average pool 2 by 3": (pool(F.avg_pool2d, kernel_size=2, stride=3), [2, 7, 8, 1]),
  "max pool of lines": (of_lines(F.max_pool1d, 3, 2, 1), [2, 9, 3]),
  "average pool of lines": (of_lines(F.avg_pool1d, 3, 2, 1, count_include_pad=False), [2, 10, 3]),
  "average over cells of lines": (of_lines(F.adaptive_avg_pool1d, 4), [2, 7, 3]),
  "largest of cells of lines": (of_lines(F.adaptive_max_pool1d, 4), [2, 7, 3]),
  "largest of cells": (of_lines(F.adaptive_max_pool2d, (3, 4)), [2, 7, 6, 3]),
  "largest of cells that divide": (of_lines(F.adaptive_max_pool2d, (3, 2)), [2, 6, 8, 2]),
  "largest of more cells than pixels": (of_lines(F.adaptive_max_pool2d, (5, 2)), [1, 3, 2, 2]),
  "largest of random regions": (random_regions((2, 3), (5, 4), (0.3, 0.8)), [2, 9, 11, 3]),
  "largest of random regions, one": (random_regions((3, 1), (1, 7), (0.9, 0.1)), [1, 5, 7, 2]),
  # Sizes.
  "resized": (resized((7, 9)), [2, 4, 5, 3]),
  "resized, smaller": (resized((3, 4)), [1, 8, 7, 2]),
  "resized by 2": (resized((6, 10)), [2, 3, 5, 3]),
  "resized, corners aligned": (resized((7, 2), True), [1, 4, 5, 3]),
  "resized to one, corners aligned": (resized((1, 6), True), [1, 4, 5, 1]),
  "resized from one": (resized((3, 4)), [2, 1, 2, 3]),
  # Convolutions: stride, padding, dilation, groups. Of transposed ones: stride, padding, output padding, groups, dilation.
  "convolution of lines": (convolution(F.conv1d, 1, 1), [2, 9, 3], [4, 3, 3]),
  "convolution of lines, strides": (convolution(F.conv1d, 2, 3, 2, 2), [2, 11, 4], [6, 3, 2]),
  "transposed": (convolution(F.conv_transpose2d), [1, 3, 4, 2], [2, 3, 3, 5]),
  "transposed, strides": (convolution(F.conv_transpose2d, 2, 1, 1), [2, 4, 3, 3], [3, 3, 3, 4]),
  "transposed, groups": (convolution(F.conv_transpose2d, (3, 2), (0, 1), (2, 0), 2, (1, 2)), [1, 3, 4, 4], [4, 2, 3, 3]),
  "transposed, lines": (convolution(F.conv_transpose1d, 2, 1, 1), [2, 5, 3], [3, 4, 2]),
  "convolution of volumes": (convolution(F.conv3d, 1, 1), [1, 4, 5, 6, 2], [3, 3, 3, 3, 2]),
  "convolution of volumes, strides": (convolution(F.conv3d, (2, 1, 2), (1, 0, 2), (2, 1, 1), 2), [2, 7, 4, 5, 4], [6, 2, 3, 3, 2]),
  "transposed, volumes": (convolution(F.conv_transpose3d), [1, 2, 3, 4, 2], [2, 2, 3, 3, 3]),
  "transposed, volumes, strides":
    (convolution(F.conv_transpose3d, (3, 2, 1), (1, 0, 2), (2, 1, 0), 2, (2, 1, 2)), [1, 3, 3, 2, 4], [4, 3, 2, 3, 3]),
  # Losses, a value for each sample.
  "squared errors": (of_samples(F.mse_loss), [3, 4, 2], [3, 4, 2]),
  "absolute errors": (of_samples(F.l1_loss), [5, 3], [5, 3]),
  "absolute errors of one number": (of_samples(F.l1_loss), [6], [6]),
  "huber's errors": (of_samples(F.huber_loss, delta=0.7), [4, 3], [4, 3]),
  "cross-entropies": (lambda x: F.cross_entropy(x, torch.tensor([2, 0, 4, 1]), reduction="none"), [4, 5]),
  "cross-entropies, smoothed": (
    lambda x: F.cross_entropy(x, torch.tensor([2, 0, 4, 1]), reduction="none", label_smoothing=0.2), [4, 5]),
  # Orders.
  "cumulative sum": (lambda x: x.cumsum(-1), [3, 37]),
  "cumulative sum over 0": (lambda x: x.cumsum(0), [5, 3]),
  "cumulative sum over 1": (lambda x: x.cumsum(1), [2, 4, 3]),
  "sorted": (lambda x: x.sort(-1).values, [3, 37]),
  "sorted over 0, descending": (lambda x: x.sort(0, descending=True).values, [9, 4]),
  "top 3": (lambda x: x.topk(3).values, [4, 21]),
  "smallest 2 over 1": (lambda x: x.topk(2, 1, largest=False).values, [3, 9, 2]),
  "top 20 of 21": (lambda x: x.topk(20).values, [2, 21]),
}

# Rows with ties, zeros of both signs, infinities and NaN, and where their numbers go.
ROWS = [
  [3, 1, 2, 3, 1, 2, 3, 1], [0.0, -0.0, 0.0, -0.0, 1, -1, 0.0, -0.0], [INFINITY, -INFINITY, 0, INFINITY, 1, -INFINITY, 2, 3],
  [math.nan, 1, math.nan, -1, INFINITY, 0, -INFINITY, 2], [math.nan] * 8, [5.0] * 8, [1e-40, -1e-40, 0, 1e-38, -1e-38, 2e-40, 3, 4],
]


def generate(path) -> list[str]:
  generator = torch.Generator().manual_seed(5)
  tensors = {}

  def keep(name, tensor):
    tensors[name] = np.ascontiguousarray(tensor.detach().numpy())

  for name, (function, *shapes) in CASES.items():
    # Sixty-fourths, no two alike in a small tensor: nothing ties.
    operands = []
    for shape in shapes:
      count = math.prod(shape)
      values = (torch.randperm(max(256, count), generator=generator)[:count].float() - 128 + 0.5) / 64
      operands.append(values.reshape(shape).requires_grad_())
    output = torch.einsum(name, *operands) if function is None else function(*operands)
    upstream = (torch.rand(output.shape, generator=generator) * 2 - 1) + 0.25
    output.backward(upstream)
    keep(f"{name}/output", output)
    keep(f"{name}/upstream", upstream)
    for index, operand in enumerate(operands):
      keep(f"{name}/{index}", operand)
      keep(f"{name}/gradient {index}", operand.grad)
  rows = torch.tensor(ROWS)
  for descending in (False, True):
    keep(f"places/{'descending' if descending else 'ascending'}", rows.sort(dim=-1, descending=descending, stable=True).indices.to(torch.int32))
  kinds = torch.where(rows.isnan(), 2, torch.where(rows.isinf(), rows.nan_to_num().sign(), 0)).to(torch.int32)
  keep("rows", torch.where(rows.isfinite(), rows, 0))
  keep("rows/kind", kinds)
  sums = rows.cumsum(-1)
  keep("sums", torch.where(sums.isfinite(), sums, 0))

  keep("sums/kind", torch.where(sums.isnan(), 2, torch.where(sums.isinf(), sums.nan_to_num().sign(), 0)).to(torch.int32))
  write_safetensors(path, tensors, {
    "cases": list(CASES), "operands": [len(case) - 1 for case in CASES.values()], "einsum": [n for n, (f, *_) in CASES.items() if f is None],
  })
  return [f"{len(CASES)} cases"]
