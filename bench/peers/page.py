"""Turns raw results into the tables of docs/benchmarks.md. What people wrote around the markers stays."""

import re
import statistics
from pathlib import Path

from contestants import (
  COLD_START_TARGETS, COPY_SHARE, COPY_SHARE_ON_GPU, CUDA_TARGETS, FMA_SHARE, LAUNCH_MICROSECONDS, PROCESSOR_TARGETS, TITLES,
  VARIANTS, name)
from ours import ROOT


def write(results, page=None):
  """Writes docs/benchmarks.md, or `page` in its place, and returns which."""
  kind = "cuda" if results["cuda"] else "cpu"
  page = ROOT / (page or Path("docs") / "benchmarks.md")
  replace(page, f"benchmarks {kind}", full(results))
  return [page]


def replace(file, marker, text):
  """Puts text between `<!-- marker -->` and `<!-- /marker -->`."""
  pattern = re.compile(f"(<!-- {re.escape(marker)} -->\n).*?(<!-- /{re.escape(marker)} -->)", re.DOTALL)
  before = file.read_text()
  if not pattern.search(before):
    raise SystemExit(f"{file} has no place for the figures: <!-- {marker} --> … <!-- /{marker} -->")
  file.write_text(pattern.sub(lambda found: found[1] + text.strip() + "\n" + found[2], before))


def full(results):
  """All of docs/benchmarks.md's figures for one kind of machine."""
  parts = [
    where(results), f"Command: `{results['command']}`. {versions(results)}", disturbed(results),
    "### Against the targets\n\n" + target_table(results), *workload_sections(results), memory(results), cold_starts(results),
    *limits(results), *kernel_sections(results), *optimizer_sections(results), failures(results),
  ]
  return "\n\n".join(part for part in parts if part)


# Circumstances

def where(results):
  """Machine and date in a sentence."""
  machine, turns = results["machine"], results["turns"]
  devices = {turn["device"] for turn in turns if turn["subject"] == "glissade opencl"}
  drivers = {turn["driver"] for turn in turns if turn["subject"] == "glissade opencl" and turn.get("driver")}
  opencl = f"; OpenCL device: {', '.join(sorted(devices))} ({', '.join(sorted(drivers))})" if devices else ""
  return f"{results['date']}, {machine['processor']}, {machine['cores']} cores, {machine['system']}{opencl}."


def versions(results):
  """Who took part, with versions."""
  known = {}
  for turn in results["turns"]:
    known[name(turn["subject"]).split(",")[0].replace(" on OpenCL", "")] = turn["version"]
  return "Versions: " + ", ".join(f"{peer} {version}" for peer, version in known.items()) + "."


def disturbed(results):
  """How long and how undisturbed."""
  found = results["disturbance"]
  text = (
    f"Medians over {count(results['rounds'], 'round')} of {results['seconds']:g} s for each, by turns. Meanwhile other programs took "
    f"{found['others']:.1%} of the processor's time, and other virtual machines {found['stolen']:.1%}.")
  if found["others"] + found["stolen"] > 0.05:
    text += " **That is too much for these figures to be trusted.**"
  return text


def count(number, thing):
  return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


# Figures

def times(results, workload, subject):
  """Seconds of a step by round."""
  return {
    turn["round"]: turn["step_seconds_median"] for turn in results["turns"] if turn["workload"] == workload and turn["subject"] == subject}


def ratio(results, workload, own, other):
  """How many times as fast as another one we are: the median of the rounds' ratios, or `None`."""
  ours, theirs = times(results, workload, own), times(results, workload, other)
  ratios = [theirs[number] / ours[number] for number in ours if number in theirs]
  return statistics.median(ratios) if ratios else None


def figure(results, workload, subject):
  """Samples per second where there are samples, otherwise the time of a step; the median over the rounds."""
  turns = [turn for turn in results["turns"] if turn["workload"] == workload and turn["subject"] == subject]
  if not turns:
    return "–"
  if turns[0]["samples_per_second"]:
    return f"{digits(statistics.median(turn['samples_per_second'] for turn in turns))} samples/s"
  return f"{digits(statistics.median(turn['step_seconds_median'] for turn in turns) * 1e3)} ms"


def digits(value):
  """Three significant digits, thousands with a space between."""
  if value >= 100:
    return f"{float(f'{value:.3g}'):,.0f}".replace(",", " ")
  return f"{value:.3g}" if value >= 1e-3 else f"{value:.2e}"


def verdict(value, wanted):
  """A ratio in bold where it reaches what is wanted."""
  return f"**{value:.2f}×**" if value >= wanted else f"{value:.2f}×"


def table(head, rows, left=(0,)):
  """A Markdown table with the numbers to the right; `left` are the columns of words."""
  rules = ["---" if column in left else "---:" for column in range(len(head))]
  lines = ["| " + " | ".join(head) + " |", "|" + "|".join(rules) + "|"]
  return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def target_table(results):
  """Every comparison that has a target. A ratio in bold reaches it."""
  rows = []
  for target in CUDA_TARGETS if results["cuda"] else PROCESSOR_TARGETS:
    for device in target.devices:
      rows += [row for row in [target_row(results, target, device)] if row]
  head = ["workload", "Glissade on", "Glissade", "against", "theirs", "ratio", "target"]
  return table(head, rows, left=(0, 1, 3)) + "\n\nRatios in bold reach their target."


def target_row(results, target, device):
  """A comparison, or nothing where that workload was not run."""
  if not any(turn["workload"] == target.workload for turn in results["turns"]):
    return None
  own = f"glissade {device}"
  known = {other: ratio(results, target.workload, own, other) for other in target.against}
  known = {other: value for other, value in known.items() if value is not None}
  batch = next((turn["batch_size"] for turn in results["turns"] if turn["workload"] == target.workload), None)
  start = [f"{TITLES[target.workload].split(' on 32')[0]}" + (f", batch {batch}" if batch else ""), VARIANTS[device]]
  wanted = f"≥ {target.factor:.3g}×"
  if not known:
    return [*start, figure(results, target.workload, own), target.title, "not measured", "–", wanted]
  fastest = min(known, key=known.get)
  return [
    *start, figure(results, target.workload, own), target.title, figure(results, target.workload, fastest),
    verdict(known[fastest], target.factor), wanted,
  ]


def workload_sections(results):
  """A table for each workload with everybody in it."""
  for workload in dict.fromkeys(turn["workload"] for turn in results["turns"]):
    turns = [turn for turn in results["turns"] if turn["workload"] == workload]
    batch = next((turn["batch_size"] for turn in turns if turn["batch_size"]), None)
    own = [subject for subject in ("glissade cpu", "glissade opencl") if times(results, workload, subject)]
    head = ["", *(["samples/s"] if batch else []), "step, ms", "fastest and slowest round, ms", "first step, s"]
    head += [f"{name(subject)}: times as fast" for subject in own]
    subjects = sorted({turn["subject"] for turn in turns}, key=rank(results, workload))
    rows = [workload_row(results, workload, subject, own, batch) for subject in subjects]
    title = TITLES[workload] + (f", batch {batch}" if batch else "")
    yield f"### {title[0].upper() + title[1:]}\n\n" + table(head, rows)


def rank(results, workload):
  """Sorts subjects from the fastest to the slowest."""
  return lambda subject: statistics.median(times(results, workload, subject).values())


def workload_row(results, workload, subject, own, batch):
  """Everything about one subject in one workload."""
  turns = [turn for turn in results["turns"] if turn["workload"] == workload and turn["subject"] == subject]
  steps = [turn["step_seconds_median"] * 1e3 for turn in turns]
  first = [turn["first_step_seconds"] for turn in turns if turn["first_step_seconds"] is not None]
  row = [name(subject), *([digits(statistics.median(turn["samples_per_second"] for turn in turns))] if batch else [])]
  row += [digits(statistics.median(steps)), f"{digits(min(steps))} – {digits(max(steps))}", digits(min(first)) if first else "–"]
  for device in own:
    value = None if subject == device else ratio(results, workload, device, subject)
    row.append("" if value is None else f"{value:.2f}×")
  return row


def memory(results):
  """Peak resident sizes of training resnet18."""
  peaks, before = {}, {}
  for turn in results["turns"]:
    if turn["workload"] == "resnet18" and turn.get("peak_resident_bytes"):
      peaks.setdefault(turn["subject"], []).append(turn["peak_resident_bytes"] / 2**20)
      before[turn["subject"]] = turn.get("before_first_step_resident_bytes")
  if not peaks or results["cuda"]:
    return ""
  peaks = {subject: statistics.median(values) for subject, values in sorted(peaks.items(), key=lambda item: statistics.median(item[1]))}
  least = min((peak for subject, peak in peaks.items() if subject.startswith("pytorch")), default=0)
  rows = []
  for subject, peak in peaks.items():
    text = f"**{digits(peak)}**" if subject.startswith("glissade") and peak <= least else digits(peak)
    rows.append([name(subject), text, digits(before[subject] / 2**20) if before[subject] else "–"])
  text = "The process's largest resident size. Target: ours at most PyTorch's least; ours in bold reaches it."
  return f"### Memory: training `resnet18`\n\n{text}\n\n" + table(["", "MiB", "of these before the first step, MiB"], rows)


def cold_starts(results):
  """From the process's start to the first finished step of lenet."""
  rows = []
  for case, values in results["cold_starts"].items():
    middle, wanted = statistics.median(values), COLD_START_TARGETS[case]
    text = f"{middle:.2f}"
    rows.append([case.replace("cpu", "CPU").replace("opencl", "OpenCL"), f"**{text}**" if middle <= wanted else text, f"≤ {wanted:g}"])
  if not rows:
    return ""
  return (
    "### Cold start: `lenet`\n\nFrom the start of `glissade train` to the end of its first step, reading the data included. In bold what "
    "reaches its target.\n\n" + table(["", "seconds", "target"], rows))


def limits(results):
  """The machine's own limits, and what a launch costs the host beyond the driver's own part."""
  rows = []
  for device, report in results["kernels"].items():
    found = report["limits"]
    rows.append(
      [VARIANTS[device], *(digits(found[key]) for key in ("fma_gflops", "copy_gbps", "launch_host_us", "launch_device_us"))])
  if not rows:
    return
  yield "### The machine's limits\n\n" + table(
    ["", "multiply-adds, GFLOP/s", "copy, GB/s", "an empty launch: host, µs", "an empty launch: device, µs"], rows)
  launches = {}
  for turn in results["turns"]:
    cost = turn.get("result", {}).get("host_us_per_launch")
    if cost is not None:
      beyond = cost - turn["limits"]["launch_host_us"] if turn["variant"] == "opencl" else cost
      launches.setdefault((turn["workload"], turn["variant"]), []).append((cost, beyond, turn["result"]["launches"]))
  rows = []
  for (workload, device), values in launches.items():
    cost, beyond = (statistics.median(value[index] for value in values) for index in (0, 1))
    text = f"{beyond:.2f}"
    text = f"**{text}**" if beyond < LAUNCH_MICROSECONDS else text
    rows.append([f"`{workload}`", VARIANTS[device], str(values[0][2]), f"{cost:.2f}", text])
  if rows:
    yield (
      "Replaying a step: the processor time that the host spends on a launch, and how much of it is beyond the driver's own cost "
      "of an empty one "
      f"(target: below {LAUNCH_MICROSECONDS:g} µs).\n\n" + table(
        ["", "Glissade on", "launches", "host µs per launch", "beyond the driver's"], rows, left=(0, 1)))


def kernel_sections(results):
  """A table of all kernels for each device."""
  copy = COPY_SHARE_ON_GPU if results["cuda"] else COPY_SHARE
  for device, report in results["kernels"].items():
    text = (
      f"Targets: {FMA_SHARE} % of the measured multiply-add peak for products and convolutions, {copy} % of the measured copy "
      "bandwidth for the others (of filling, where they only write), bytes counted once for each pass that cannot be avoided. In bold what reaches it.")
    rows = [own_row(result, copy) for result in report["results"]]
    head = ["", "median, µs", "fastest, µs", "90 % are below, µs", "GFLOP/s", "GB/s", "of the limit"]
    yield f"### Kernels: {VARIANTS[device]}\n\n{text}\n\n" + table(head, rows)


def own_row(result, copy):
  """A kernel or optimizer: times, rate, share of its limit."""
  row = [result["name"], *(digits(result[key] * 1e6) for key in ("median_seconds", "min_seconds", "p90_seconds"))]
  row += [digits(result[key]) if key in result else "" for key in ("gflops", "gbps")]
  share = result.get("percent_of_limit")
  if share is None:
    return [*row, ""]
  text = f"{share:.0f} %"
  return [*row, f"**{text}**" if share >= (FMA_SHARE if result.get("limit") == "fma" else copy) else text]


def optimizer_sections(results):
  """A table of all updates for each device, beside the unfused ones."""
  copy = COPY_SHARE_ON_GPU if results["cuda"] else COPY_SHARE
  for device, report in results["optimizers"].items():
    rows = []
    for result in report["results"]:
      unfused = result.get("unfused_seconds")
      row = own_row(result, copy)
      beside = [digits(unfused * 1e6), f"{unfused / result['median_seconds']:.1f}×"] if unfused else ["", ""]
      rows.append([*row[:4], *row[5:], *beside])
    head = ["", "median, µs", "fastest, µs", "90 % are below, µs", "GB/s", "of the limit", "unfused, µs", "fused is"]
    text = (
      f"11 million parameters in 62 tensors, as `resnet18` has them. Target: {copy} % of the measured copy bandwidth. Unfused means "
      "one launch for each operation and tensor.")
    yield f"### Optimizers: {VARIANTS[device]}\n\n{text}\n\n" + table(head, rows)


def failures(results):
  """What did not run and why: nobody is left out silently."""
  if not results["failures"]:
    return "Everything that was to run did run."
  lines = [f"- {what}: {reason}".replace("\n", " ") for what, reason in results["failures"].items()]
  return "### What did not run\n\n" + "\n".join(lines)
