#!/usr/bin/env python3
"""Times the first epoch over a folder of PNG pictures, each resized and normalised: Glissade against torchvision with Pillow, by turns.

  swift build -c release --product GlissadeLoading
  bench/peers/pictures.py /usr/share/tuxpaint/stamps --classes animals,food,household,plants,seasonal,symbols,town,vehicles

Needs torch, torchvision and Pillow. Both use two threads or worker processes, composite over white, bring the shorter side to 224 and cut
out the middle, and deliver batches of 32. Starting the workers counts, importing torch does not.
"""

import argparse
import json
import statistics
import subprocess
import time
from pathlib import Path

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / ".build/release/GlissadeLoading"


class Pictures(Dataset):
  """A class for each folder, as torchvision's ImageFolder, but over white."""

  def __init__(self, folder, classes, side):
    names = classes or sorted(each.name for each in Path(folder).iterdir() if each.is_dir())
    suffixes = {".png", ".jpg", ".jpeg"}
    self.items = [
      (str(path), label) for label, name in enumerate(names) for path in sorted(Path(folder, name).rglob("*"))
      if path.suffix.lower() in suffixes
    ]
    self.transform = transforms.Compose([
      transforms.Resize(side), transforms.CenterCrop(side), transforms.ToTensor(),
      transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ])

  def __len__(self):
    return len(self.items)

  def __getitem__(self, index):
    path, label = self.items[index]
    with Image.open(path) as image:
      if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        above = image.convert("RGBA")
        picture = Image.new("RGB", above.size, (255, 255, 255))
        picture.paste(above, mask=above.getchannel("A"))
      else:
        picture = image.convert("RGB")
    return self.transform(picture), label


def peer(options):
  start = time.perf_counter()
  data = Pictures(options.folder, options.classes, options.side)
  count = sum(len(labels) for _, labels in DataLoader(data, batch_size=32, num_workers=options.workers))
  return count, time.perf_counter() - start


def ours(options):
  command = [str(PROGRAM), options.folder, str(options.workers), str(options.side)]
  if options.classes:
    command.append(",".join(options.classes))
  count, seconds = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
  return int(count), float(seconds)


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument("folder")
  parser.add_argument("--classes", type=lambda text: text.split(","))
  parser.add_argument("--side", type=int, default=224)
  parser.add_argument("--workers", type=int, default=2)
  parser.add_argument("--rounds", type=int, default=5)
  parser.add_argument("--json", action="store_true", help="print nothing but the seconds of all rounds, as JSON")
  options = parser.parse_args()
  torch.set_num_threads(1)
  seconds = {"glissade": [], "torchvision": []}
  for _ in range(options.rounds):
    for name, load in (("glissade", ours), ("torchvision", peer)):
      count, took = load(options)
      seconds[name].append(took)
      if not options.json:
        print(f"{name}: {count} pictures in {took:.2f} s", flush=True)
  if options.json:
    print(json.dumps({"pictures": count, **seconds}))
    return
  medians = {name: statistics.median(values) for name, values in seconds.items()}
  print(f"median: glissade {medians['glissade']:.2f} s, torchvision {medians['torchvision']:.2f} s, "
        f"{medians['torchvision'] / medians['glissade']:.2f} times as fast")


if __name__ == "__main__":
  main()
