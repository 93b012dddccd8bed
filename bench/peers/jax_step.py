"""JAX: the whole step in one compiled program, parameters and optimizer state donated, pictures with channels last."""

import itertools
from functools import partial

from workload import ADAM_RATE, CLASSES, SGD, WORKLOADS, Data, adam_shapes, arguments, batch_size, check_parameters, measure

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

VARIANTS = ["jit"]
CHANNELS_LAST = ("NHWC", "HWIO", "NHWC")


def main():
  options = arguments(VARIANTS)
  jax.config.update("jax_platforms", "cuda" if options.cuda else "cpu")
  # Full float32 on GPUs too, where products would be rounded to TF32 by default.
  jax.config.update("jax_default_matmul_precision", "highest")
  step, results, loss, batch = (training if options.workload in WORKLOADS else other)(options)
  # A network's step waits for the one before it; what has no loss to wait for is timed in groups.
  measure(
    options, step, lambda: jax.block_until_ready(results()), "jax", jax.__version__, loss, batch, is_grouped=loss is None,
    device=jax.devices()[0].device_kind)


# Layers

def dense(draw, inputs, outputs):
  """Weight and bias, PyTorch's initial values."""
  bound = inputs ** -0.5
  return {"w": draw.uniform(-bound, bound, (inputs, outputs)), "b": draw.uniform(-bound, bound, outputs)}


def apply_dense(layer, x):
  return x @ layer["w"] + layer["b"]


def kernel(draw, size, inputs, outputs):
  """A convolution's weight [height, width, in, out], He et al.'s initial values over the fan-out."""
  return draw.normal(0, (2 / (size * size * outputs)) ** 0.5, (size, size, inputs, outputs))


def convolution(x, weight, stride=1):
  padding = weight.shape[0] // 2
  return lax.conv_general_dilated(x, weight, (stride, stride), [(padding, padding)] * 2, dimension_numbers=CHANNELS_LAST)


def pooled(x):
  """Maxima of 2×2. On a processor this trains a third faster than `lax.reduce_window`, whose gradient scatters."""
  batch, height, width, channels = x.shape
  return x.reshape(batch, height // 2, 2, width // 2, 2, channels).max((2, 4))


def norm(channels):
  """Weight and bias of a batch norm."""
  return {"w": np.ones(channels), "b": np.zeros(channels)}


def statistics(channels):
  """Running statistics of a batch norm."""
  return {"mean": np.zeros(channels), "var": np.ones(channels)}


def apply_norm(layer, running, x):
  """The normalised batch, and the running statistics after it."""
  mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
  count = x.size // x.shape[-1]
  after = {"mean": 0.9 * running["mean"] + 0.1 * mean, "var": 0.9 * running["var"] + 0.1 * variance * count / (count - 1)}
  return (x - mean) * lax.rsqrt(variance + 1e-5) * layer["w"] + layer["b"], after


# Networks: what makes parameters and running statistics, and what applies them

def make_mlp(draw):
  return [dense(draw, 784, 512), dense(draw, 512, 256), dense(draw, 256, CLASSES)], {}


def apply_mlp(layers, running, x, key):
  x = x.reshape(len(x), -1)
  for layer in layers[:-1]:
    x = jax.nn.relu(apply_dense(layer, x))
  return apply_dense(layers[-1], x), running


def make_lenet(draw):
  layers = {
    "conv1": {"w": kernel(draw, 3, 1, 32), "b": np.zeros(32)}, "conv2": {"w": kernel(draw, 3, 32, 64), "b": np.zeros(64)},
    "fc1": dense(draw, 7 * 7 * 64, 128), "fc2": dense(draw, 128, CLASSES),
  }
  return layers, {}


def apply_lenet(layers, running, x, key):
  for name in ("conv1", "conv2"):
    x = pooled(jax.nn.relu(convolution(x, layers[name]["w"]) + layers[name]["b"]))
  x = jax.nn.relu(apply_dense(layers["fc1"], x.reshape(len(x), -1)))
  kept = jax.random.bernoulli(key, 0.75, x.shape)
  return apply_dense(layers["fc2"], jnp.where(kept, x / 0.75, 0)), running


def make_block(draw, inputs, outputs):
  layers = {"conv1": kernel(draw, 3, inputs, outputs), "bn1": norm(outputs)}
  layers |= {"conv2": kernel(draw, 3, outputs, outputs), "bn2": norm(outputs)}
  running = {"bn1": statistics(outputs), "bn2": statistics(outputs)}
  if inputs != outputs:
    layers |= {"conv3": kernel(draw, 1, inputs, outputs), "bn3": norm(outputs)}
    running["bn3"] = statistics(outputs)
  return layers, running


def apply_block(layers, running, x):
  stride, after = 2 if "conv3" in layers else 1, {}
  y, after["bn1"] = apply_norm(layers["bn1"], running["bn1"], convolution(x, layers["conv1"], stride))
  y, after["bn2"] = apply_norm(layers["bn2"], running["bn2"], convolution(jax.nn.relu(y), layers["conv2"]))
  if "conv3" in layers:
    x, after["bn3"] = apply_norm(layers["bn3"], running["bn3"], convolution(x, layers["conv3"], stride))
  return jax.nn.relu(x + y), after


def make_resnet18(draw):
  channels = [64, 64, 64, 128, 128, 256, 256, 512, 512]
  blocks = [make_block(draw, inputs, outputs) for inputs, outputs in zip(channels, channels[1:])]
  layers = {"conv1": kernel(draw, 3, 3, 64), "bn1": norm(64), "blocks": [block[0] for block in blocks], "fc": dense(draw, 512, CLASSES)}
  return layers, {"bn1": statistics(64), "blocks": [block[1] for block in blocks]}


def apply_resnet18(layers, running, x, key):
  x, first = apply_norm(layers["bn1"], running["bn1"], convolution(x, layers["conv1"]))
  x, blocks = jax.nn.relu(x), []
  for block, statistics in zip(layers["blocks"], running["blocks"]):
    x, after = apply_block(block, statistics, x)
    blocks.append(after)
  return apply_dense(layers["fc"], x.mean((1, 2))), {"bn1": first, "blocks": blocks}


NETWORKS = {"mlp": (make_mlp, apply_mlp), "lenet": (make_lenet, apply_lenet), "resnet18": (make_resnet18, apply_resnet18)}


# Optimizers: parameters and state after a step

def adam(parameters, gradients, state):
  """Adam; the state is the step's number and both moments."""
  count = state["count"] + 1
  m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["m"], gradients)
  v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state["v"], gradients)
  rate, root = ADAM_RATE / (1 - 0.9 ** count), (1 - 0.999 ** count) ** 0.5
  parameters = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) / root + 1e-8), parameters, m, v)
  return parameters, {"count": count, "m": m, "v": v}


def adam_state(parameters):
  zeros = partial(jax.tree.map, jnp.zeros_like)
  return {"count": jnp.zeros((), jnp.float32), "m": zeros(parameters), "v": zeros(parameters)}


def sgd(parameters, gradients, state):
  """SGD with Nesterov momentum and weight decay, as PyTorch's; the state is the momentum buffers."""
  gradients = jax.tree.map(lambda p, g: g + SGD["weight_decay"] * p, parameters, gradients)
  state = jax.tree.map(lambda b, g: SGD["momentum"] * b + g, state, gradients)
  return jax.tree.map(lambda p, g, b: p - SGD["lr"] * (g + SGD["momentum"] * b), parameters, gradients, state), state


# Steps

def training(options):
  """One step of a network: the batch brought to the device, loss, gradients, update."""
  make, apply = NETWORKS[options.workload]
  layers, running = jax.tree.map(lambda array: jnp.asarray(array, jnp.float32), make(np.random.default_rng(1)))
  check_parameters(options.workload, [leaf.size for leaf in jax.tree.leaves(layers)])
  update = sgd if options.workload == "resnet18" else adam
  memory = jax.tree.map(jnp.zeros_like, layers) if update is sgd else adam_state(layers)

  def loss_of(layers, running, features, labels, key):
    logits, running = apply(layers, running, features, key)
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1).mean(), running

  @partial(jax.jit, donate_argnums=0)
  def train(state, features, labels):
    layers, running, memory, key = state
    key, own = jax.random.split(key)
    (loss, running), gradients = jax.value_and_grad(loss_of, has_aux=True)(layers, running, features, labels, own)
    layers, memory = update(layers, gradients, memory)
    return (layers, running, memory, key), loss

  data = Data(options.workload, batch_size(options))
  labels = itertools.cycle(data.labels)
  state, last = (layers, running, memory, jax.random.key(1)), None

  def step():
    nonlocal state, last
    before = last
    state, last = train(state, data.features, next(labels))
    jax.block_until_ready(before)

  return step, lambda: (state, last), lambda: float(last), batch_size(options)


def other(options):
  """One update of Adam alone, or one product of matrices."""
  draw = np.random.default_rng(1)
  if options.workload == "matmul4096":
    a, b = (jnp.asarray(draw.standard_normal((4096, 4096), dtype=np.float32)) for _ in range(2))
    return stepping(jax.jit(lambda _, a, b: a @ b), None, a, b)
  shapes = adam_shapes(options.workload)
  parameters, gradients = ([jnp.asarray(draw.standard_normal(shape, dtype=np.float32)) for shape in shapes] for _ in range(2))
  update = jax.jit(lambda state, gradients: adam(state[0], gradients, state[1]), donate_argnums=0)
  return stepping(update, (parameters, adam_state(parameters)), gradients)


def stepping(function, state, *constants):
  """A step that applies a function to its own last result."""

  def step():
    nonlocal state
    state = function(state, *constants)

  return step, lambda: state, None, None


if __name__ == "__main__":
  main()
