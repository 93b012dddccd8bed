"""Who runs what: the workloads, our devices and the peers' variants for each, and the targets that the figures are held against."""

from dataclasses import dataclass

SCRIPTS = {"pytorch": "pytorch.py", "jax": "jax_step.py", "tinygrad": "tinygrad_step.py"}
NAMES = {"pytorch": "PyTorch", "jax": "JAX", "tinygrad": "tinygrad on OpenCL", "glissade": "Glissade"}
VARIANTS = {
  "eager": "eager", "eager-fused": "eager, fused optimizer", "channels-last": "channels-last", "compiled": "compiled",
  "jit": "jitted", "channels-last-tf32": "channels-last, TF32", "fused": "`fused=True`", "foreach": "`foreach=True`",
  "cpu": "CPU", "opencl": "OpenCL",
}
# Ends a variant whose threads sleep while they wait for each other (OMP_WAIT_POLICY=passive).
ASLEEP = "-asleep"
VARIANTS |= {variant + ASLEEP: f"{VARIANTS[variant]}, threads wait asleep" for variant in ("eager", "channels-last")}

TITLES = {
  "mlp": "`mlp`, Adam", "lenet": "`lenet`, Adam",
  "resnet18": "`resnet18` on 32×32×3, SGD with Nesterov momentum 0.9 and weight decay 5e-4",
  "efficientnet-lite0": "`efficientnet-lite0` on 224×224×3, all of it trained, Adam",
  "adam": "Adam over 11 million parameters in 62 tensors", "adam100m": "Adam over 100 million parameters",
  "matmul4096": "the product of two 4096×4096 matrices",
}

# workload: the peers' variants that make sense for it. A dense network has no layout to choose.
WITH_LAYOUT = ("eager", "eager-fused", "channels-last", "compiled", "eager-asleep", "channels-last-asleep")
ON_PROCESSOR = {
  "mlp": {"pytorch": ["eager", "eager-fused", "compiled", "eager-asleep"], "jax": ["jit"], "tinygrad": ["jit"]},
  "lenet": {"pytorch": [*WITH_LAYOUT], "jax": ["jit"], "tinygrad": ["jit"]},
  "resnet18": {"pytorch": [*WITH_LAYOUT], "jax": ["jit"], "tinygrad": ["jit"]},
  "efficientnet-lite0": {"pytorch": ["eager", "eager-fused", "channels-last", "eager-asleep", "channels-last-asleep"]},
  "adam": {"pytorch": ["fused", "foreach"], "jax": ["jit"], "tinygrad": ["jit"]},
}
ON_CUDA = {
  "mlp": {"pytorch": ["eager", "eager-fused", "compiled"], "jax": ["jit"]},
  "lenet": {"pytorch": ["eager", "eager-fused", "channels-last", "compiled"], "jax": ["jit"]},
  "resnet18": {"pytorch": ["eager", "eager-fused", "channels-last", "compiled", "channels-last-tf32"], "jax": ["jit"]},
  "adam100m": {"pytorch": ["fused", "foreach"], "jax": ["jit"]},
  "matmul4096": {"pytorch": ["eager"], "jax": ["jit"]},
}
CUDA_BATCHES = {"resnet18": 256}

# Optimizers and kernels: the suite and the row of `glissade bench` that is the same work.
OWN_ROWS = {
  "adam": ("optimizers", "adam"), "adam100m": ("optimizers", "adam 100M"), "matmul4096": ("kernels", "matmul 4096^3: a·b"),
}


@dataclass(frozen=True)
class Target:
  """Our device is to be at least `factor` times as fast as the fastest of some peers' variants."""

  workload: str
  devices: tuple
  against: tuple
  title: str
  factor: float


BOTH = ("cpu", "opencl")
# Plain eager and eager with the fused optimizer both count as eager; the faster one is what we compare with.
EAGER = ("pytorch eager", "pytorch eager-fused", "pytorch eager-asleep")
CHANNELS_LAST = ("pytorch channels-last", "pytorch channels-last-asleep")
PROCESSOR_TARGETS = [
  Target("mlp", BOTH, EAGER, "PyTorch eager", 1.6),
  Target("mlp", BOTH, ("jax jit",), "JAX", 1.0),
  Target("mlp", ("opencl",), ("tinygrad jit",), "tinygrad", 5.0),
  Target("lenet", BOTH, (*EAGER, *CHANNELS_LAST), "PyTorch, the best eager one", 1.7),
  Target("lenet", ("opencl",), ("tinygrad jit",), "tinygrad", 5.0),
  Target("resnet18", BOTH, EAGER, "PyTorch eager", 1.4),
  Target("resnet18", BOTH, CHANNELS_LAST, "PyTorch channels-last", 1.05),
  Target("resnet18", ("opencl",), ("tinygrad jit",), "tinygrad", 5.0),
  Target("efficientnet-lite0", BOTH, EAGER, "PyTorch eager", 1.5),
  Target("efficientnet-lite0", BOTH, CHANNELS_LAST, "PyTorch channels-last", 1.1),
  Target("adam", BOTH, ("pytorch fused",), "PyTorch `fused=True`", 1.4),
]
CUDA_TARGETS = [
  # Launches: PyTorch's without CUDA graphs, and a step of ours at most one and a half times as long.
  Target("mlp", ("opencl",), EAGER, "PyTorch CUDA, the best eager one", 1 / 1.5),
  Target("resnet18", ("opencl",), (*EAGER, "pytorch channels-last"), "PyTorch CUDA, the best eager one in float32", 0.7),
  Target("adam100m", ("opencl",), ("pytorch fused",), "PyTorch CUDA `fused=True`", 1.0),
  Target("matmul4096", ("opencl",), ("pytorch eager",), "cuBLAS in float32", 0.7),
]

# Cold starts of lenet, seconds from the process's beginning to its first finished step.
COLD_START_TARGETS = {"cpu": 2.0, "opencl, empty cache": 10.0, "opencl, warm cache": 2.0}

# Which kernels are held against which share of their limit, in per cent.
FMA_SHARE, COPY_SHARE, COPY_SHARE_ON_GPU = 75, 85, 90
LAUNCH_MICROSECONDS = 5.0


def name(subject):
  """A subject such as `pytorch channels-last` as people read it."""
  peer, variant = subject.split(" ", 1)
  return f"{NAMES[peer]}, {VARIANTS[variant]}" if peer != "tinygrad" else NAMES[peer]
