#!/usr/bin/env python3
"""Writes the table in docs/optimizers.md: Scripts/optimizer-table.py CPU.json OPENCL.json [PAGE]

The files are what `glissade bench optimizers --device cpu --json CPU.json` and the same with `--device opencl` wrote.
"""
import json
import pathlib
import sys

BEGIN, END = "<!-- made by Scripts/optimizer-table.py -->\n", "<!-- until here -->\n"
PARAMETERS = 11_173_962   # resnet18's, which the rows have


def rows(file):
    content = json.loads(pathlib.Path(file).read_text())
    return content, {row["name"]: row for row in content["results"] if row["suite"] == "optimizers"}


def cells(row):
    if row is None:
        return ["not run", ""]
    return [f"{1e3 * row['median_seconds']:.1f}", f"{row['percent_of_limit_at_best']:.0f} %"]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    (cpu, native), (opencl, driven) = rows(sys.argv[1]), rows(sys.argv[2])
    lines = [
        f"{cpu['date'][:10]}, {cpu['machine']['processor']}, {cpu['machine']['cores']} cores; "
        f"CPU: {cpu['device']['platform']}; OpenCL: {opencl['device']['platform']}.\n",
        "| rule | state, bytes | traffic, bytes | launches | CPU, ms | of an in-place pass | OpenCL, ms | of an in-place pass |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, row in native.items():
        # Parameters, gradients and states are read; parameters and states are written.
        traffic = 4 * round(row["gbps"] * 1e9 * row["median_seconds"] / PARAMETERS / 4)
        state = (traffic - 12) // 2
        lines.append("| " + " | ".join([name, str(state), str(traffic), str(row["launches"])] + cells(row) + cells(driven.get(name))) + " |")
    page = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else "docs/optimizers.md")
    text = page.read_text()
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    page.write_text(text[:start] + "\n".join(lines) + "\n" + text[end:])


if __name__ == "__main__":
    main()
