#!/usr/bin/env python3
"""Writes Sources/Models/ImageNetClasses.swift: the names of ImageNet's 1000 classes as torchvision has them, with its licence.

  python3 -m venv venv && venv/bin/pip install torchvision
  venv/bin/python Scripts/imagenet-classes.py
"""

from importlib import metadata
from pathlib import Path

from torchvision.models._meta import _IMAGENET_CATEGORIES as names

TARGET = Path(__file__).resolve().parent.parent / "Sources/Models/ImageNetClasses.swift"


def main():
  package = metadata.distribution("torchvision")
  licence = next(each for each in package.files if each.name == "LICENSE").read_text().strip()
  assert len(names) == len(set(names)) == 1000 and all(name.isascii() and name.strip() == name for name in names)
  lines = [
    f"// Made by Scripts/imagenet-classes.py from torchvision {package.version.split('+')[0]} (torchvision/models/_meta.py), whose licence is:",
    "//",
    *(f"// {line}".rstrip() for line in licence.splitlines()),
    "",
    "/// The classes of ImageNet's classification challenge (ILSVRC 2012), which published weights of 1000 outputs know.",
    "public enum ImageNet {",
    "  /// The classes' names in the order of the outputs, as torchvision has them.",
    "  public static let classNames = list.split(separator: \"\\n\").map(String.init)",
    "",
    "  private static let list = \"\"\"",
    *(f"    {name}" for name in names),
    "    \"\"\"",
    "}",
  ]
  TARGET.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
  main()
