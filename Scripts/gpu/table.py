#!/usr/bin/env python3
"""Turns what run.sh left of a GPU into Markdown: the targets first, reached or missed, then what every part said.

  Scripts/gpu/table.py OUT                              prints it; OUT is run.sh's folder, or its archive unpacked
  Scripts/gpu/table.py OUT --page docs/benchmarks.md    puts it between that page's markers
"""

import argparse
import json
import re
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench" / "peers"))
import page  # noqa: E402
from contestants import COPY_SHARE_ON_GPU, CUDA_TARGETS, OWN_ROWS, TITLES, name  # noqa: E402

# Our own rows where there was no PyTorch to take turns with: the part, and the workload that its row is.
ALONE = {"mlp": "mlp", "resnet18": "resnet18", "adam100m": "adam100m", "matmul4096": "matmul4096"}


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument("out", type=Path, help="the folder that run.sh wrote")
  parser.add_argument("--page", type=Path, help="a page with the markers <!-- benchmarks cuda --> and <!-- /benchmarks cuda -->")
  options = parser.parse_args()
  summary = read(options.out / "summary.json")
  if summary is None:
    raise SystemExit(f"{options.out} has no summary.json that can be read: is it what run.sh wrote?")
  text = "\n\n".join(part for part in report(options.out, summary) if part)
  if options.page:
    page.replace(options.page, "benchmarks cuda", text)
    print(f"wrote {options.page}")
  else:
    print(text)


def read(file):
  """A JSON file's content, or nothing where it is absent or was cut off."""
  try:
    return json.loads(file.read_text())
  except (OSError, ValueError):
    return None


def part(out, wanted):
  """A part's folder."""
  return next(iter(sorted(out.glob(f"[0-9][0-9]-{wanted}"))), out / "absent")


def report(out, summary):
  """The sections."""
  results = {"cuda": True, "turns": turns(out)}
  kernels = {each: read(part(out, each) / "bench.json") for each in ("bench-kernels", "bench-kernels-tuned")}
  trainings = {each: read(part(out, each) / "bench.json") for each in ("bench-train", "bench-train-tuned")}
  latest = kernels["bench-kernels-tuned"] or kernels["bench-kernels"]
  kind = "cpu" if summary["device"] == "cpu" else "opencl"
  yield circumstances(out, summary)
  yield "### Against the targets\n\n" + targets(results, latest)
  yield conformance(read(part(out, "conformance") / "conformance.json"))
  yield learning(out)
  yield from page.workload_sections(results)
  yield tuned("Training steps before and after tuning", trainings["bench-train"], trainings["bench-train-tuned"])
  yield tuned("Products before and after tuning", kernels["bench-kernels"], kernels["bench-kernels-tuned"], only="gflops")
  yield halves(out)
  if latest and latest.get("limits"):
    yield from page.limits({"kernels": {kind: latest}, "turns": [turn for turn in results["turns"] if turn.get("limits")]})
  if latest:
    yield from page.kernel_sections({"cuda": True, "kernels": {kind: latest}})
  yield parts(summary)


def turns(out):
  """Every turn that was taken beside PyTorch, and our own figures where there was none."""
  found = []
  for folder in sorted(out.glob("[0-9][0-9]-pytorch-*")):
    found += (read(folder / "turns.json") or {}).get("turns", [])
  for where, workload in ALONE.items():
    bench = read(part(out, where) / "bench.json")
    if not bench or any(turn["workload"] == workload for turn in found):
      continue
    row = OWN_ROWS.get(workload, ("train", workload))[1]
    for result in bench["results"]:
      if result["name"] == row:
        found.append({
          "round": 1, "subject": "glissade opencl", "variant": "opencl", "workload": workload, "batch_size": result.get("batch_size"),
          "samples_per_second": result.get("samples_per_second"), "step_seconds_median": result["median_seconds"],
          "first_step_seconds": result.get("first_step_seconds"), "version": bench["glissade_version"],
          "device": bench["device"]["name"], "driver": bench["device"].get("driver"), "result": result, "limits": bench["limits"] or {},
        })
  return found


def circumstances(out, summary):
  """Which device, which driver, how long."""
  devices = (read(part(out, "there") / "devices.json") or {}).get("devices", [])
  known = next((device for device in devices if device["identifier"] == summary["device"]), {})
  title = ", ".join(filter(None, [known.get("name"), known.get("platform"), known.get("driver") and f"driver {known['driver']}"]))
  title = title or summary["device"]
  if summary["device"] == "cpu":
    title = f"No GPU was found; the figures are the processor's: {known.get('name', 'unknown')}"
  peers = sorted({f"PyTorch {turn['version']}" for turn in turns(out) if turn.get("peer") == "pytorch"})
  return f"{title}. `Scripts/gpu/run.sh` with {summary['seconds']} s, of which it took {summary['elapsed']}{'; ' if peers else ''}{', '.join(peers)}."


def targets(results, kernels):
  """A row for each target."""
  rows = [memory_bound(kernels)]
  for target in CUDA_TARGETS:
    own = "glissade opencl"
    ratios = {other: page.ratio(results, target.workload, own, other) for other in target.against}
    ratios = {other: ratio for other, ratio in ratios.items() if ratio is not None}
    batch = next((turn["batch_size"] for turn in results["turns"] if turn["workload"] == target.workload), None)
    title = TITLES[target.workload].split(" on 32")[0] + (f", batch {batch}" if batch else "")
    wanted = f"≥ {target.factor:.3g}×"
    if not ratios:
      rows.append([title, page.figure(results, target.workload, own), target.title, "–", "–", wanted, "not measured"])
      continue
    fastest = min(ratios, key=ratios.get)
    reached = ratios[fastest] >= target.factor
    rows.append([
      title, page.figure(results, target.workload, own), name(fastest), page.figure(results, target.workload, fastest),
      f"{ratios[fastest]:.2f}×", wanted, "reached" if reached else "missed"])
  head = ["what", "Glissade", "against", "theirs", "ratio", "target", ""]
  note = "Ratios say how many times as fast ours is, the median over the rounds of turns; batch size and precision are the same."
  return page.table(head, rows, left=(0, 2, 6)) + "\n\n" + note


def memory_bound(kernels):
  """How many kernels reach their share of a copy's bandwidth, and which is the furthest from it."""
  title, wanted = "memory-bound kernels", f"≥ {COPY_SHARE_ON_GPU} % each"
  against = "a copy of as many bytes"
  shares = {row["name"]: row["percent_of_limit"] for row in (kernels or {}).get("results", []) if row.get("limit") in ("copy", "fill", "pick")}
  if not shares:
    return [title, "–", against, "–", "–", wanted, "not measured"]
  reaching = sum(share >= COPY_SHARE_ON_GPU for share in shares.values())
  least = min(shares, key=shares.get)
  limits = kernels.get("limits") or {}
  copy = f"{page.digits(limits['copy_gbps'])} GB/s" if limits.get("copy_gbps") else "–"
  ours = f"{reaching} of {len(shares)} reach it; least: {least}"
  ratio = f"{shares[least]:.0f} % to {max(shares.values()):.0f} %, median {statistics.median(shares.values()):.0f} %"
  return [title, ours, against, copy, ratio, wanted, "reached" if reaching == len(shares) else "missed"]


def conformance(found):
  """What was computed rightly."""
  if found is None:
    return "Conformance was not run."
  text = f"Conformance: {found['cases']} cases, {found['failed']} failed{'' if found['complete'] else '; not all were run'}."
  lines = [f"- {each['device']}: {each['table']}: {each['case']}: {each['problem']}" for each in found["findings"][:20]]
  return "\n".join([text, *([""] if lines else []), *lines])


def learning(out):
  """What five epochs of lenet came to."""
  rows = []
  for where, title in (("lenet-gpu", "GPU"), ("half-lenet", "GPU, half-precision tiles"), ("lenet-cpu", "CPU")):
    found = read(part(out, where) / "run" / "summary.json")
    if found:
      value = lambda key: "–" if found.get(key) is None else page.digits(found[key])  # noqa: E731
      rows.append([title, value("test_accuracy"), value("samples_per_second"), value("first_step_seconds")])
  if not rows:
    return ""
  return "### `lenet` on Fashion-MNIST, five epochs\n\n" + page.table(["", "test accuracy", "samples/s", "first step, s"], rows)


def tuned(title, before, after, only="median_seconds"):
  """What `glissade tune` changed."""
  if not before or not after:
    return ""
  known = {(row["suite"], row["name"]): row["median_seconds"] for row in before["results"] if only in row}
  rows = []
  for row in after["results"]:
    old = known.get((row["suite"], row["name"]))
    if old:
      new = row["median_seconds"]
      rows.append([row["name"], page.digits(old * 1e3), page.digits(new * 1e3), f"{old / new:.2f}×"])
  return f"### {title}\n\n" + page.table(["", "before, ms", "after, ms", "times as fast"], rows) if rows else ""


def halves(out):
  """What rounding products' factors to half precision is worth."""
  rows = []
  for where in ("matmul4096", "resnet18"):
    full, half = (read(part(out, prefix + where) / "bench.json") for prefix in ("", "half-"))
    before = {row["name"]: row["median_seconds"] for row in (full or {}).get("results", [])}
    for row in (half or {}).get("results", []):
      if row["name"] in before:
        old, new = before[row["name"]], row["median_seconds"]
        rows.append([row["name"], page.digits(old * 1e3), page.digits(new * 1e3), f"{old / new:.2f}×"])
  if not rows:
    return ""
  return "### Half-precision tiles (`GLISSADE_MATMUL_PRECISION=half`)\n\n" + page.table(["", "float, ms", "half, ms", "times as fast"], rows)


def parts(summary):
  """What came of each part."""
  rows = []
  for each in summary["parts"]:
    said = re.sub(r"\s+", " ", each["says"]).replace("|", "/").strip()
    rows.append([f"`{each['name']}`", each["state"], f"{each['seconds']}", f"{each['limit']}", said])
  return "### What was run\n\n" + page.table(["part", "", "seconds", "of", "last words"], rows, left=(0, 1, 4))


if __name__ == "__main__":
  main()
