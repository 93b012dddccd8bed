#!/usr/bin/env python3
"""Writes the table in docs/conformance.md from what Scripts/implementations.sh left: Scripts/conformance-table.py [RESULTS [PAGE]]"""
import datetime
import json
import pathlib
import sys

results = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".build/implementations/results")
page = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "docs/conformance.md")
BEGIN, END = "<!-- made by make conformance-table -->\n", "<!-- until here -->\n"
# What each run is called, in the order in which they are listed; devices of the tests, which are not listed, come behind.
NAMES = {
    "pocl": "PoCL",
    "debian13-pocl": "PoCL",
    "intel": "Intel's runtime for processors",
    "rusticl": "Mesa's rusticl, llvmpipe",
    "debian13-rusticl": "Mesa's rusticl, llvmpipe",
    "oclgrind": "oclgrind",
    "oclgrind-cpu": "oclgrind",
}


def cell(text):
    return " ".join(str(text).split()).replace("|", "\\|")


def lenet(name, style):
    """How far lenet's loss is from the processor's, and its times."""
    file = results / f"{name}.{style}.lenet"
    if not file.exists():
        return ["not run", "", ""]
    expected, *found = file.read_text().split()
    try:
        loss, first, step = map(float, found)
    except ValueError:
        return [cell(" ".join(found)), "", ""]
    far = abs(loss - float(expected)) / float(expected)
    return ["the same" if far == 0 else f"{far:.0e}".replace("e-0", "e-"), f"{first:.1f} s", f"{step:.0f} ms" if step >= 10 else f"{step:.1f} ms"]


def rows(name, run):
    title = NAMES.get(name, name.removeprefix("pretended-"))
    for device in run["devices"]:
        style = device["style"]
        version = device["driver"].removeprefix("Oclgrind ")
        passed, failed = device["cases"] - device["failed"], device["failed"]
        yield [title, cell(version), cell(device["name"]), style.upper(), passed, failed or "none", f"{device['seconds']:.0f} s", *lenet(name, style)]
    for line in run["not_tested"]:
        yield [title, "", cell(line), "", 0, "refused", "", "", "", ""]
    if not run["complete"]:
        yield [title, "", "the run ended before all was tested", "", "", "", "", "", "", ""]


def table(runs):
    heads = ["implementation", "version", "device", "kernels of a", "passed", "failed", "in", "lenet's loss is off by", "first step", "a step"]
    lines = [heads, ["---"] * 4 + ["---:"] * 3 + ["---"] + ["---:"] * 2]
    for name, run in runs:
        lines += rows(name, run)
    return "".join("| " + " | ".join(str(text) for text in line) + " |\n" for line in lines)


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "a processor"


order = list(NAMES)
found = {file.stem: json.loads(file.read_text()) for file in results.glob("*.json")}
if not found:
    sys.exit(f"there are no results in {results}: Scripts/implementations.sh all makes them")
ordered = sorted(found.items(), key=lambda run: (order.index(run[0]) if run[0] in order else len(order), run[0]))
real = [run for run in ordered if not run[0].startswith("pretended-")]
pretended = [run for run in ordered if run[0].startswith("pretended-")]
text = f"Of {datetime.date.today():%-d %B %Y}, on {processor()}.\n\n" + table(real)
if pretended:
    text += "\nDevices that the tests pretend to have, over PoCL:\n\n" + table(pretended)
before, rest = page.read_text().split(BEGIN, 1)
after = rest.split(END, 1)[1]
page.write_text(before + BEGIN + text + END + after)
