#!/usr/bin/env python3
"""Evaluates exported networks elsewhere and compares the logits; `Scripts/witnesses.sh` runs it.

  check_exports.py FOLDER

For every FOLDER/NAME.safetensors (features [N, H, W, C], logits; metadata `network`): NAME.onnx has to pass ONNX's checker and to give the
logits under ONNX Runtime, for the whole batch and for its first sample; NAME.pth, where there is one, has to load into the network's own
class with `weights_only=True` and give them too. They may be off by 1e-4 of the largest logit.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors import safe_open

TOLERANCE = 1e-4


def difference(found, expected) -> float:
  if found.shape != expected.shape or not np.isfinite(found).all():
    return float("inf")
  return float(np.abs(found - expected).max() / np.abs(expected).max())


def by_onnx(path, features):
  model = onnx.load(path)
  onnx.checker.check_model(model, full_check=True)
  options = onnxruntime.SessionOptions()
  options.log_severity_level = 3
  options.intra_op_num_threads = 1
  session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
  return session.run(["output"], {"features": features})[0], len(model.graph.node)


def by_pytorch(path, network, features):
  import torch
  from generator import pretrained
  size = features.shape[2]
  module = pretrained.NETWORKS[network][0](size)
  module.load_state_dict(torch.load(path, weights_only=True), strict=True)
  module.eval()
  with torch.no_grad():
    return module(torch.from_numpy(features)).numpy()


def main() -> int:
  folder = Path(sys.argv[1])
  failures, cases = 0, sorted(folder.glob("*.safetensors"))
  for case in cases:
    with safe_open(case, framework="numpy") as file:
      features, logits = file.get_tensor("features"), file.get_tensor("logits")
      network = file.metadata()["network"]
    if features.ndim == 4:
      features = np.ascontiguousarray(features.transpose(0, 3, 1, 2))
    found, nodes = by_onnx(case.with_suffix(".onnx"), features)
    alone, _ = by_onnx(case.with_suffix(".onnx"), features[:1])
    report = {f"onnx ({nodes} nodes)": difference(found, logits), "onnx, one sample": difference(alone, logits[:1])}
    if network:
      report["torch"] = difference(by_pytorch(case.with_suffix(".pth"), network, features), logits)
    failures += sum(value > TOLERANCE for value in report.values())
    print(f"{case.stem}: " + ", ".join(f"{name} {value:.1e}" for name, value in report.items()))
  if not cases:
    print(f"{folder} has no cases")
  print(f"{failures} of the logits are off by more than {TOLERANCE}" if failures else f"{len(cases)} exports give the same logits elsewhere")
  return 1 if failures or not cases else 0


if __name__ == "__main__":
  sys.exit(main())
