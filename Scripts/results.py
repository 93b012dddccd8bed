"""What measurements came to, by their names, in a file that every one of them is added to as soon as it is there."""

import json
import os
import re
import statistics
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Results:
  def __init__(self, path, part):
    """`part`: how all of them were made. What is made otherwise is another result."""
    self.path = Path(path)
    self.everything = json.loads(self.path.read_text()) if self.path.exists() else {}
    self.found = self.everything.setdefault(part, {})

  def add(self, name, result):
    self.found[name] = result
    text = json.dumps(self.everything, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    # A list of numbers is one line.
    text = re.sub(r"\[\s+([^\[\]{}]+?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)
    beside = self.path.with_name(self.path.name + ".new")
    self.path.parent.mkdir(parents=True, exist_ok=True)
    beside.write_text(text)
    os.replace(beside, self.path)


def spread(values, digits=2):
  """A mean and its deviation, in words."""
  if not values:
    return ""
  deviation = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
  return f"{statistics.fmean(values):.{digits}f}{deviation}"
