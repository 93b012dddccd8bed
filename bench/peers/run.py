#!/usr/bin/env python3
"""Runs Glissade and its peers by turns on the same workloads and writes docs/benchmarks.md and a file in bench/results.

Needs Python 3.11 or newer with venv, a release build of the command, and the network the first time. `make bench-peers` sees to the rest.
"""

import argparse
import datetime
import json
import os
import platform
import re
import resource
import shlex
import subprocess
import sys
import venv
from pathlib import Path

import ours
import page
from contestants import ASLEEP, CUDA_BATCHES, NAMES, ON_CUDA, ON_PROCESSOR, SCRIPTS
from ours import ROOT, Failed

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".venv"


def arguments():
  """The command line."""
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument("--rounds", type=int, default=3, help="how often everybody's turn comes (default 3)")
  parser.add_argument("--seconds", type=float, default=10, help="how long each turn measures (default 10)")
  parser.add_argument("--workloads", nargs="+", help="only these: " + ", ".join(dict.fromkeys([*ON_PROCESSOR, *ON_CUDA])))
  parser.add_argument("--peers", nargs="*", choices=list(SCRIPTS), help="only these peers; none after it means ours alone")
  parser.add_argument("--variants", nargs="+", help="only these of the peers' variants, as in: eager-fused channels-last")
  parser.add_argument("--cuda", action="store_true", help="peers on the NVIDIA GPU, ours on it through OpenCL")
  parser.add_argument("--device", default="opencl", help="with --cuda: the name of the GPU for us, as in opencl:0.0 (default opencl)")
  parser.add_argument("--turns-only", action="store_true", help="no kernels, optimizers and cold starts of ours, and no pages")
  parser.add_argument("--python", help="an interpreter that has the peers already, instead of bench/peers/.venv")
  parser.add_argument("--timeout", type=int, default=3600, help="seconds after which a turn is given up (default 3600)")
  parser.add_argument("--output", help="the raw results' file (default bench/results/<date>-<machine>.json)")
  parser.add_argument("--page", help="write this page instead of docs/benchmarks.md, as for another kind of processor")
  parser.add_argument("--no-pages", action="store_true", help="write the raw results alone, not docs/benchmarks.md")
  parser.add_argument("--render", metavar="FILE", help="measure nothing; write the pages from an earlier run's raw results")
  options = parser.parse_args()
  table = ON_CUDA if options.cuda else ON_PROCESSOR
  unknown = [workload for workload in options.workloads or [] if workload not in table]
  if unknown:
    parser.error(f"no workload here is called {unknown[0]}; there are {', '.join(table)}")
  if options.rounds < 1 or options.seconds <= 0:
    parser.error("--rounds has to be at least 1 and --seconds above 0")
  known = {variant for variants in (*ON_PROCESSOR.values(), *ON_CUDA.values()) for each in variants.values() for variant in each}
  unknown = [variant for variant in options.variants or [] if variant not in known]
  if unknown:
    parser.error(f"no peer has a variant {unknown[0]}; there are {', '.join(sorted(known))}")
  options.workloads = options.workloads or list(table)
  options.peers = list(SCRIPTS) if options.peers is None else options.peers
  return options


def main():
  options = arguments()
  if options.render:
    page.write(json.loads(Path(options.render).read_text()), options.page)
    return
  if not ours.COMMAND.exists():
    raise SystemExit(f"{ours.COMMAND} is not there; make build")
  results = {"schema": 1, **circumstances(options), "failures": {}}
  python = interpreter(options, results["failures"])
  before = processor_seconds()
  results["turns"] = []
  # With the file's name known from the start, it holds every turn as soon as it is over: whatever ends this, those are kept.
  keep = (lambda: write(Path(options.output), results)) if options.output else lambda: None
  take_turns(options, python, results, keep)
  if not options.turns_only:
    results |= own_figures(options, results["failures"])
  results["disturbance"] = disturbance(before, processor_seconds())
  file = Path(options.output) if options.output else results_file(results)
  write(file, results)
  print(f"wrote {file}")
  if not options.no_pages and not options.turns_only:
    for written in page.write(results, options.page):
      print(f"wrote {written}")


def write(file, results):
  """Writes the raw results, the whole file or nothing."""
  file.parent.mkdir(parents=True, exist_ok=True)
  fresh = file.with_name(file.name + ".new")
  fresh.write_text(compact(results))
  fresh.replace(file)


def circumstances(options):
  """When, where and by what command."""
  return {
    "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
    "command": command(options), "cuda": options.cuda, "rounds": options.rounds,
    "seconds": options.seconds, "machine": {"processor": processor(), "cores": cores(), "system": system()},
  }


def command(options):
  """What was typed, without the options that say where things lie and decide no figure."""
  words, given = ["bench/peers/run.py"], iter(sys.argv[1:])
  for word in given:
    if word in ("--python", "--output", "--page"):
      next(given)
    elif not word.startswith(("--python=", "--output=", "--page=")) and word != "--no-pages":
      words.append(word)
  return shlex.join(words)


def processor_seconds():
  """Processor time so far: all there was, what was used by anybody, what the hypervisor gave to others, what our turns used."""
  ticks = [int(word) / os.sysconf("SC_CLK_TCK") for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
  user, nice, system, idle, wait, interrupts, soft_interrupts, stolen = ticks
  used = user + nice + system + interrupts + soft_interrupts
  usage = [resource.getrusage(who) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
  return {"all": sum(ticks), "used": used, "stolen": stolen, "turns": sum(each.ru_utime + each.ru_stime for each in usage)}


def disturbance(before, after):
  """The shares of the processors' time that other programs and other virtual machines took between two moments."""
  spent = {key: after[key] - before[key] for key in before}
  every = spent["all"] or 1.0  # some sandboxes count nothing
  return {"others": max(0.0, spent["used"] - spent["turns"]) / every, "stolen": spent["stolen"] / every}


def cores():
  """How many processors this process may use."""
  return len(os.sched_getaffinity(0))


def processor():
  """The processor's name."""
  for line in Path("/proc/cpuinfo").read_text().splitlines():
    if line.startswith("model name"):
      return " ".join(line.split(":", 1)[1].split())
  return platform.machine()


def system():
  """The distribution and the kernel."""
  try:
    distribution = platform.freedesktop_os_release()["PRETTY_NAME"]
  except (OSError, KeyError):
    distribution = platform.system()
  return f"{distribution}, {platform.system()} {platform.release()}"


# The peers' environment

def interpreter(options, failures):
  """A Python that has the peers. What cannot be installed is noted, and its turns fail with the reason that Python gives."""
  if options.python:
    return options.python
  if not options.peers:
    return sys.executable
  python = ENVIRONMENT / "bin" / "python"
  try:
    if not python.exists():
      venv.create(ENVIRONMENT, with_pip=True)
  except (subprocess.CalledProcessError, OSError) as error:
    raise SystemExit(f"no virtual environment can be made ({error}); on Debian: apt-get install python3-venv") from None
  install(python, "requirements-cuda.txt" if options.cuda else "requirements.txt", failures)
  return str(python)


def install(python, requirements, failures):
  """Installs the requirements, together if that works, otherwise one by one, so that one peer's trouble is not another's."""
  pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
  print(f"installing {requirements} into {ENVIRONMENT}", flush=True)
  try:
    ours.run([*pip, "-r", HERE / requirements], 7200)
    return
  except Failed as failure:
    print(f"not together: {failure}", flush=True)
  for line in (HERE / requirements).read_text().splitlines():
    if not line or line.startswith("#"):
      continue
    try:
      ours.run([*pip, line], 7200)
    except Failed as failure:
      failures[f"installing {line}"] = str(failure)


# Turns

def subjects(options, workload):
  """Who takes part in a workload: ours by device, peers by variant."""
  own = ["glissade opencl"] if options.cuda else ["glissade cpu", "glissade opencl"]
  table = (ON_CUDA if options.cuda else ON_PROCESSOR)[workload]
  peers = [(peer, variant) for peer, variants in table.items() if peer in options.peers for variant in variants]
  return own + [f"{peer} {variant}" for peer, variant in peers if not options.variants or variant in options.variants]


def take_turns(options, python, results, keep):
  """All turns: in each round everybody once for each workload, backwards in every second round. Who fails once is not asked again.

  - keep: is called after each turn.
  """
  turns, failures = results["turns"], results["failures"]
  for number in range(options.rounds):
    for workload in options.workloads:
      order = subjects(options, workload)
      for subject in order if number % 2 == 0 else reversed(order):
        if f"{workload}: {subject}" not in failures:
          turns += take_turn(options, python, failures, number + 1, workload, subject)
          keep()


def take_turn(options, python, failures, number, workload, subject):
  """One turn: a list of its result, or of nothing where it failed."""
  print(f"round {number}, {workload}, {subject}: ", end="", flush=True)
  try:
    result = turn(options, python, workload, *subject.split(" ", 1))
  except (Failed, ValueError, KeyError) as failure:
    failures[f"{workload}: {subject}"] = str(failure)
    print(failure, flush=True)
    return []
  rate = result["samples_per_second"]
  print(f"{result['step_seconds_median'] * 1e3:.3f} ms" + (f", {rate:.1f} samples/s" if rate else ""), flush=True)
  return [{"round": number, "subject": subject, **result}]


def turn(options, python, workload, peer, variant):
  """One measurement."""
  batch = CUDA_BATCHES.get(workload) if options.cuda else None
  if peer == "glissade":
    device = options.device if options.cuda else variant
    return {**ours.workload(workload, device, options.seconds, batch, options.timeout), "variant": variant}
  # On virtual processors PyTorch's threads lose much by waiting awake for each other; its better setting is the one that counts.
  asleep = variant.endswith(ASLEEP)
  wait = ["env", "OMP_WAIT_POLICY=passive"] if asleep else []
  words = [*wait, python, HERE / SCRIPTS[peer], "--workload", workload, "--variant", variant.removesuffix(ASLEEP)]
  words += ["--seconds", options.seconds]
  words += (["--batch-size", batch] if batch else []) + (["--cuda"] if options.cuda else [])
  lines = ours.run(words, options.timeout).strip().splitlines()
  if not lines:
    raise Failed(f"{NAMES[peer]}'s script printed nothing")
  return json.loads(lines[-1])


# What only we have

def own_figures(options, failures):
  """Every kernel and optimizer of ours, and cold starts."""
  figures = {"kernels": {}, "optimizers": {}, "cold_starts": {}}
  for suite in ("kernels", "optimizers"):
    for device in ("opencl",) if options.cuda else ("cpu", "opencl"):
      print(f"glissade bench {suite} --device {device}", flush=True)
      try:
        figures[suite][device] = ours.bench(suite, device, options.timeout)
      except (Failed, ValueError) as failure:
        failures[f"{suite}: glissade {device}"] = str(failure)
  print("cold starts of lenet", flush=True)
  try:
    figures["cold_starts"] = ours.cold_starts(options.rounds, options.timeout)
  except (Failed, ValueError, KeyError) as failure:
    failures["cold starts"] = str(failure)
  return figures


# The raw results

def results_file(results):
  """bench/results/<date>-<machine>.json."""
  device = next((turn["device"] for turn in results["turns"] if results["cuda"]), None)
  return ROOT / "bench" / "results" / f"{results['date']}-{slug(results['machine'], device)}.json"


def slug(machine, device=None):
  """What a machine is called in the names of files: by its processor, or by a device of it."""
  name = re.sub(r"\(r\)|\(tm\)|processor|cpu|@", " ", (device or machine["processor"]).lower())
  return re.sub(r"[^a-z0-9.]+", "-", name).strip("-") + f"-{machine['cores']}-cores"


def compact(value):
  """JSON with five digits to a number and a line to each measurement."""
  text = json.dumps(rounded(value), indent=1, ensure_ascii=False)
  return re.sub(r"\n {3,}|\n {2,}(?=[\]}])", " ", text) + "\n"


def rounded(value):
  """The same with five significant digits to each fraction."""
  if isinstance(value, dict):
    return {key: rounded(each) for key, each in value.items()}
  if isinstance(value, (list, tuple)):
    return [rounded(each) for each in value]
  return float(f"{value:.5g}") if isinstance(value, float) else value


if __name__ == "__main__":
  main()
