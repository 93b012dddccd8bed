#!/usr/bin/env python3
"""Makes a static site of everything that `import Glissade` brings, and of the course, with the toolchain's own docc.

  Scripts/documentation.py                 into .build/docs/site
  Scripts/documentation.py --check         and fails where anything is not right: a warning, a public symbol without a comment
  Scripts/documentation.py --list          only prints the public symbols without a comment, each with its place
  Scripts/documentation.py --base /path    where the site will lie on its server; default at its root

Wants a build (`swift build`): what is declared is read from the modules there, which takes seconds; nothing is compiled again. No plugin of the
package manager, because whoever depends on this package would have to fetch it, too, and because a site for one module is what that makes,
while people import all of ours as one.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".build" / "docs"
MODULE = "Glissade"
# What a group of the first page is about, by the module that its declarations come from.
GROUPS = {
  "GlissadeTensors": "Tensors", "GlissadeLayers": "Layers", "GlissadeModels": "Models", "GlissadeOptimizers": "Optimizers and schedules",
  "GlissadePlanning": "Update rules", "GlissadeData": "Data", "GlissadePictures": "Pictures", "GlissadeTraining": "Training",
  "GlissadeRecipes": "Recipes", "GlissadeRuns": "Runs", "GlissadeReports": "Pages about runs", "GlissadeWeights": "Published weights",
  "GlissadeDevices": "Devices", "GlissadeFormats": "Files",
}
COURSE = ["optimizers", "learning-rates", "activations-and-losses", "over-fitting", "transfer-learning"]


def exports():
  """What the umbrella brings: modules as a whole, and of others a set of names."""
  whole, named = [], {}
  for line in (ROOT / "Sources" / "Glissade" / "Glissade.swift").read_text().splitlines():
    found = re.fullmatch(r"@_exported import (?:\w+ )?(\w+)(?:\.(\w+))?", line)
    if not found:
      continue
    module, name = found.groups()
    if name:
      named.setdefault(module, set()).add(name)
    else:
      whole.append(module)
  if not whole:
    sys.exit("Sources/Glissade/Glissade.swift exports nothing")
  return whole, named


def build_folder(given):
  """Where modules were built."""
  folders = [ROOT / given] if given else [ROOT / ".build" / kind for kind in ("debug", "release")]
  for folder in folders:
    if (folder / "Modules" / f"{MODULE}.swiftmodule").exists():
      return folder
  sys.exit(f"no modules in {' or '.join(str(folder) for folder in folders)}; `swift build` first")


def toolchain(tool):
  """A tool beside the compiler."""
  swift = shutil.which("swift") or sys.exit("swift is not there: https://www.swift.org/install")
  place = Path(swift).resolve().parent / tool
  if not place.exists():
    sys.exit(f"{place} is not there; it comes with Swift's toolchain")
  return str(place)


def extract(modules, built):
  """Has the compiler write down what each module declares, and reads it."""
  folder = WORK / "graphs"
  shutil.rmtree(folder, ignore_errors=True)
  folder.mkdir(parents=True)
  maps = [*built.glob("*.build/module.modulemap"), *(ROOT / "Sources").glob("*/module.modulemap")]
  maps += built.resolve().parents[1].glob("checkouts/*/Sources/*/include/module.modulemap")
  maps += (ROOT / ".build").glob("checkouts/*/Sources/*/include/module.modulemap")
  flags = ["-I", str(built / "Modules"), *(word for place in dict.fromkeys(maps) for word in ("-Xcc", f"-fmodule-map-file={place}"))]
  target = json.loads(subprocess.run([toolchain("swift"), "-print-target-info"], check=True, capture_output=True, text=True).stdout)
  flags += ["-target", target["target"]["triple"], "-output-dir", str(folder), "-minimum-access-level", "public", "-skip-synthesized-members"]

  def one(module):
    done = subprocess.run([toolchain("swift-symbolgraph-extract"), "-module-name", module, *flags], capture_output=True, text=True)
    if done.returncode:
      sys.exit(f"{module}: {done.stderr.strip()}")

  with ThreadPoolExecutor(2) as pool:
    list(pool.map(one, modules))
  return [(path.name.split(".")[0], json.loads(path.read_text())) for path in sorted(folder.glob("*.symbols.json"))]


def is_ours(module):
  return module.startswith(MODULE)


def combine(graphs, named):
  """One graph for our own declarations, and one for each module of others that these extend; each symbol with the module it is from."""
  combined, origin = {}, {}
  for name, graph in graphs:
    module, _, extended = name.partition("@")
    place = extended if extended and not is_ours(extended) else ""
    only = named.get(module)
    symbols = [one for one in graph["symbols"] if only is None or one["pathComponents"][0] in only]
    kept = {one["identifier"]["precise"] for one in symbols}
    relationships = [one for one in graph["relationships"] if only is None or one["source"] in kept]
    into = combined.setdefault(place, {"metadata": graph["metadata"], "module": {**graph["module"], "name": MODULE}, "symbols": [], "relationships": []})
    for symbol in symbols:
      identifier = symbol["identifier"]["precise"]
      if identifier in origin:
        continue
      origin[identifier] = module
      into["symbols"].append(symbol)
    into["relationships"] += relationships
  known = {one["identifier"]["precise"] for graph in combined.values() for one in graph["symbols"]}
  for graph in combined.values():
    # What leads to a declaration that the umbrella does not bring leads nowhere.
    graph["relationships"] = [
      one for one in graph["relationships"] if one["source"] in known and (one["target"] in known or "targetFallback" in one)
    ]
  return combined, origin


def explain_options(combined):
  """Options of recipes say in their declarations what they are; docs/options.md has that, with their defaults. They need no other comment."""
  text = (ROOT / "docs" / "options.md").read_text()
  pages = {name: f"`{option}`: {rest.strip()}" for name, option, rest in re.findall(r"\*\*`(\w+)`\*\*, `(--[\w-]+)`[^:\n]*: (.*?)(?=\n\n\*\*|\n\n## |\Z)", text, re.DOTALL)}
  for graph in combined.values():
    for symbol in graph["symbols"]:
      if "docComment" in symbol or not any(part["spelling"] == "RecipeOption" for part in symbol.get("declarationFragments", [])):
        continue
      path, _, line = (place_of(symbol) or ":0").rpartition(":")
      if not path or symbol["kind"]["identifier"] != "swift.property":
        continue
      declaration = "\n".join((ROOT / path).read_text().splitlines()[int(line) - 1:int(line) + 1])
      name = re.search(r'\(\s*"(\w+)"', declaration)
      if name and name[1] in pages:
        symbol["docComment"] = {"lines": [{"text": one} for one in pages[name[1]].splitlines()]}


def place_of(symbol):
  location = symbol.get("location")
  if not location:
    return None
  path = location["uri"].removeprefix("file://")
  for root in (str(ROOT) + "/", "/"):
    if path.startswith(root):
      path = path.removeprefix(root)
      break
  return f"{path}:{location['position']['line'] + 1}"


def undocumented(combined):
  """Symbols of ours that nobody has said a word about. What the compiler makes up (an enum's ==) has no place, and no comment."""
  found = []
  for graph in combined.values():
    for symbol in graph["symbols"]:
      if "docComment" in symbol or not place_of(symbol):
        continue
      found.append((place_of(symbol), ".".join(symbol["pathComponents"]), symbol["kind"]["displayName"].lower()))
  return sorted(found, key=lambda one: (one[0].split(":")[0], int(one[0].split(":")[1])))


def first_page(combined, origin):
  """The page that the site begins with: what it is, the course, and everything by theme."""
  groups = {}
  for symbol in combined[""]["symbols"]:
    if len(symbol["pathComponents"]) == 1 and symbol["kind"]["identifier"] != "swift.extension":
      module = origin[symbol["identifier"]["precise"]]
      groups.setdefault(GROUPS.get(module, module.removeprefix(MODULE)), []).append(symbol)
  names = {}
  for symbols in groups.values():
    for symbol in symbols:
      names[symbol["pathComponents"][0]] = names.get(symbol["pathComponents"][0], 0) + 1
  lines = [
    f"# ``{MODULE}``", "", "Train neural networks in Swift, on any OpenCL GPU and on the CPU.", "", "## Overview", "",
    "`import Glissade` brings all that stands here. A network is a struct that conforms to ``Layer``; a ``Trainer`` trains it, by",
    "``TrainingOptions`` or by a ``Recipe``, on whatever device there is.", "",
    "```swift", (ROOT / "Examples/FirstProgram/Sources/FirstProgram/main.swift").read_text().strip(), "```", "", "## Topics", "",
    "### A course", "",
  ] + [f"- <doc:course-{name}>" for name in COURSE if (ROOT / "docs" / "course" / f"{name}.md").exists()]
  for title in dict.fromkeys([*GROUPS.values(), *sorted(groups)]):
    if title not in groups:
      continue
    listed = sorted({symbol["pathComponents"][0] for symbol in groups[title] if names[symbol["pathComponents"][0]] == 1}, key=str.lower)
    # Of functions of one name only their kinds of arguments tell them apart: docc lists these by itself.
    lines += ["", f"### {title}", ""] + [f"- ``{name}``" for name in listed]
  return "\n".join(lines) + "\n"


def article(text):
  """A page of the course, as docc wants it: pictures by their names, other pages of the course by theirs, and no links to what is not here."""
  text = re.sub(r"\]\(pictures/([^)]+)\)", r"](\1)", text)
  text = re.sub(r"\[([^\]]+)\]\(([\w-]+)\.md(#[^)]*)?\)", lambda found: f"<doc:course-{found[2]}>" if found[2] in COURSE else found[1], text)
  text = re.sub(r"\[([^\]]+)\]\((?!http)[^)]*/[^)]*\)", r"\1", text)
  title, _, rest = text.partition("\n")
  summary, _, rest = rest.strip().partition("\n\n")
  return f"{title}\n\n{summary}\n\n## Overview\n\n{rest}" if not rest.lstrip().startswith("## ") else f"{title}\n\n{summary}\n\n{rest}"


def sized(svg):
  """A picture that says how large it is, as docc's pages want it; ours fill what room there is."""
  box = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', svg)
  if not box or re.match(r"<svg[^>]*\swidth=", svg):
    return svg
  return svg.replace("<svg ", f'<svg width="{box[1]}" height="{box[2]}" ', 1)


def catalog(combined, origin):
  folder = WORK / f"{MODULE}.docc"
  shutil.rmtree(folder, ignore_errors=True)
  folder.mkdir(parents=True)
  (folder / f"{MODULE}.md").write_text(first_page(combined, origin))
  for name in COURSE:
    page = ROOT / "docs" / "course" / f"{name}.md"
    if page.exists():
      # A name of its own: there is a declaration called Optimizers.
      (folder / f"course-{page.name}").write_text(article(page.read_text()))
  for picture in (ROOT / "docs" / "course" / "pictures").iterdir():
    if picture.suffix == ".svg":
      (folder / picture.name).write_text(sized(picture.read_text()))
    else:
      shutil.copy(picture, folder)
  return folder


def convert(folder, combined, base):
  """Runs docc; returns its warnings and errors, one a line."""
  graphs = WORK / "combined"
  shutil.rmtree(graphs, ignore_errors=True)
  graphs.mkdir(parents=True)
  for place, graph in combined.items():
    (graphs / f"{MODULE}{'@' + place if place else ''}.symbols.json").write_text(json.dumps(graph))
  site, notes = WORK / "site", WORK / "diagnostics.json"
  shutil.rmtree(site, ignore_errors=True)
  notes.unlink(missing_ok=True)
  done = subprocess.run(
    [
      toolchain("docc"), "convert", str(folder), "--additional-symbol-graph-dir", str(graphs), "--output-dir", str(site),
      "--fallback-display-name", MODULE, "--fallback-bundle-identifier", "glissade", "--transform-for-static-hosting",
      "--hosting-base-path", base, "--diagnostics-file", str(notes),
    ], capture_output=True, text=True)
  found = json.loads(notes.read_text())["diagnostics"] if notes.exists() else []
  lines = []
  for one in found:
    source = (one.get("source") or "").removeprefix("file://").removeprefix(str(ROOT) + "/")
    line = (one.get("range") or {}).get("start", {}).get("line")
    lines.append(f"{source}{':' + str(line) if line else ''}: {one['severity']}: {one['summary']}")
  if done.returncode and not lines:
    sys.exit(done.stdout + done.stderr)
  if (site / "index.html").exists():
    # The first page is below /documentation/glissade; who opens the site is led there.
    (site / "index.html").write_text(
      '<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=documentation/glissade/"><title>Glissade</title>'
      '<a href="documentation/glissade/">Glissade</a>\n')
  return sorted(set(lines))


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("--check", action="store_true", help="fail where anything is not right")
  parser.add_argument("--list", action="store_true", help="only print the public symbols without a comment")
  parser.add_argument("--base", default="/", help="where the site will lie on its server")
  parser.add_argument("--build", help="the folder of the build; default .build/debug, then .build/release")
  options = parser.parse_args()

  whole, named = exports()
  combined, origin = combine(extract([*whole, *named], build_folder(options.build)), named)
  explain_options(combined)
  count = sum(len(graph["symbols"]) for graph in combined.values())
  missing = undocumented(combined)
  if options.list:
    for place, name, kind in missing:
      print(f"{place}: {kind} {name}")
    print(f"{len(missing)} of {count} public symbols are without a comment", file=sys.stderr)
    return
  warnings = convert(catalog(combined, origin), combined, options.base)
  for line in warnings:
    print(line, file=sys.stderr)
  print(f"{(WORK / 'site').relative_to(ROOT)}: {count} public symbols, {len(missing)} of them without a comment, {len(warnings)} warnings")
  if options.check and (missing or warnings):
    for place, name, kind in missing[:20]:
      print(f"{place}: {kind} {name} has no comment", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
  main()
