"""Small pictures of every kind, and what Pillow makes of them."""

import io
import struct
import zlib

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image, ImageOps
from torchvision import transforms
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

from . import files

WIDTH, HEIGHT = 24, 17
# Sizes that the picture `resize` is brought to, up and down, one side alone, and unchanged.
RESIZED = [(20, 16), (13, 7), (1, 1), (61, 10), (9, 47), (100, 90), (61, 47), (60, 48)]


def sample(width=WIDTH, height=HEIGHT, channels=3, seed=1):
  """Smooth enough for a JPEG and different everywhere."""
  random = np.random.default_rng(seed)
  y, x = np.mgrid[0:height, 0:width].astype(np.float64)
  planes = [127 + 100 * np.sin(x / (3 + c) + c) * np.cos(y / (4 - c / 2) + 2 * c) for c in range(channels)]
  return np.clip(np.stack(planes, -1) + random.normal(0, 8, (height, width, channels)), 0, 255).astype(np.uint8)


def chunk(name, data):
  return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(rows, depth, colour, interlaced=False, palette=None, transparency=None, extra=b""):
  """A PNG from samples [height, width, channels], by hand, because Pillow writes neither interlaced nor 16-bit colour."""
  def packed(part):
    data = b""
    for row in part:
      if depth == 16:
        line = row.astype(">u2").tobytes()
      elif depth == 8:
        line = row.astype(np.uint8).tobytes()
      else:
        bits = "".join(format(int(value), f"0{depth}b") for value in row.reshape(-1))
        bits += "0" * (-len(bits) % 8)
        line = int(bits, 2).to_bytes(len(bits) // 8, "big")
      data += b"\0" + line
    return data
  height, width = rows.shape[:2]
  if interlaced:
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    data = b"".join(packed(rows[y::dy, x::dx]) for y, x, dy, dx in passes if rows[y::dy, x::dx].size)
  else:
    data = packed(rows)
  result = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))) + extra
  if palette is not None:
    result += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
  if transparency is not None:
    result += chunk(b"tRNS", bytes(transparency))
  compressed = zlib.compress(data, 9)
  half = len(compressed) // 2
  return result + chunk(b"IDAT", compressed[:half]) + chunk(b"IDAT", compressed[half:]) + chunk(b"IEND", b"")


def exif(orientation):
  data = Image.Exif()
  data[0x0112] = orientation
  return data


def jpegs():
  def jpeg(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()
  rgb = Image.fromarray(sample())
  yield "grey.jpg", jpeg(Image.fromarray(sample(channels=1)[..., 0]), quality=85)
  yield "444.jpg", jpeg(rgb, quality=90, subsampling=0)
  yield "420.jpg", jpeg(rgb, quality=80, subsampling=2)
  yield "422-progressive.jpg", jpeg(rgb, quality=80, subsampling=1, progressive=True)
  yield "rgb.jpg", jpeg(rgb, quality=90, keep_rgb=True)
  inks = jpeg(Image.fromarray(sample(channels=4), "CMYK"), quality=90)
  yield "cmyk.jpg", inks
  # The same data said to be YCCK: the last byte of the Adobe segment.
  place = inks.index(b"Adobe") + 11
  yield "ycck.jpg", inks[:place] + b"\2" + inks[place + 1:]
  for orientation in range(1, 9):
    yield f"orientation-{orientation}.jpg", jpeg(rgb, quality=80, exif=exif(orientation))


def pngs():
  rgb, rgba, grey = sample(), sample(channels=4), sample(channels=1)
  yield "rgb.png", png(rgb, 8, 2)
  yield "rgba.png", png(rgba, 8, 6)
  yield "rgba-interlaced.png", png(rgba, 8, 6, interlaced=True)
  yield "rgb-interlaced.png", png(rgb, 8, 2, interlaced=True)
  yield "grey.png", png(grey, 8, 0)
  yield "grey-alpha.png", png(sample(channels=2), 8, 4)
  for depth in (1, 2, 4):
    yield f"grey-{depth}.png", png(grey >> (8 - depth), depth, 0)
    palette = sample(2 ** depth, 1)[0]
    yield f"palette-{depth}.png", png(grey >> (8 - depth), depth, 3, palette=palette)
  yield "palette-8-interlaced.png", png(grey, 8, 3, interlaced=True, palette=sample(256, 1)[0])
  yield "palette-transparent.png", png(grey >> 4, 4, 3, palette=sample(16, 1)[0], transparency=range(0, 160, 10))
  yield "rgb-transparent.png", png(rgb // 64 * 64, 8, 2, transparency=struct.pack(">HHH", 128, 128, 128))
  # Multiples of 257 are exact in 8 bits, so that every way of rounding gives the same.
  yield "rgb-16.png", png(rgb.astype(np.uint16) * 257, 16, 2)
  yield "rgba-16.png", png(rgba.astype(np.uint16) * 257, 16, 6)
  yield "orientation-6.png", png(rgb, 8, 2, extra=chunk(b"eXIf", exif(6).tobytes()[6:]))
  yield "resize.png", png(sample(61, 47, seed=3), 8, 2)


def pixels(data, background):
  """What Pillow makes of a file: upright, RGB, over a background."""
  with Image.open(io.BytesIO(data)) as image:
    image = ImageOps.exif_transpose(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
      below = Image.new("RGB", image.size, background)
      above = image.convert("RGBA")
      below.paste(above, mask=above.getchannel("A"))
      return np.asarray(below)
    return np.asarray(image.convert("RGB"))


def resized(image):
  return {
    f"resize/{width}x{height}": np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))
    for width, height in RESIZED
  }


def colours():
  """torchvision's changes of colour and its rotation, on a float image."""
  image = torch.from_numpy(sample(16, 12, seed=5)).permute(2, 0, 1).float() / 255
  # Greys and full colours, where the hue is a matter of definition.
  image[:, 0, :4] = torch.tensor([[0.0, 1.0, 0.5, 1.0], [0.0, 1.0, 0.5, 0.0], [0.0, 1.0, 0.5, 0.0]])
  results = {"input": image}
  for name, change, factors in [
    ("brightness", F.adjust_brightness, (0.3, 1.7)), ("contrast", F.adjust_contrast, (0.3, 1.7)),
    ("saturation", F.adjust_saturation, (0.0, 0.4, 1.8)), ("hue", F.adjust_hue, (-0.5, -0.1, 0.05, 0.37)),
  ]:
    for factor in factors:
      results[f"{name}/{factor}"] = change(image, factor)
  for degrees in (-40, 10, 90):
    results[f"rotation/{degrees}"] = F.rotate(image, degrees, InterpolationMode.BILINEAR)
  return {f"colour/{name}": value.permute(1, 2, 0).contiguous().numpy() for name, value in results.items()}


def evaluated(images):
  """torchvision's usual way into a network."""
  results = {}
  for name, resize, size in [("resize.png", 20, 16), ("orientation-6.png", 12, 10), ("rgba.png", 9, 9)]:
    steps = [transforms.Resize(resize), transforms.CenterCrop(size), transforms.ToTensor(),
             transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]
    values = transforms.Compose(steps)(Image.fromarray(images[f"white/{name}"]))
    results[f"evaluated/{name}/{resize}/{size}"] = values.permute(1, 2, 0).contiguous().numpy()
  return results


def windows():
  """Of torchvision's random rectangles: means and deviations of area, log ratio and place, over many draws."""
  torch.manual_seed(1)
  width, height, draws = 120, 80, 20000
  image = torch.zeros(3, height, width)
  def statistics(rectangles):
    top, left, h, w = (np.array(values, np.float64) for values in zip(*rectangles))
    columns = [w * h / (width * height), np.log(w / h), (left + w / 2) / width, (top + h / 2) / height]
    return np.array([[column.mean(), column.std()] for column in columns])
  crops = [transforms.RandomResizedCrop.get_params(image, [0.08, 1], [3 / 4, 4 / 3]) for _ in range(draws)]
  holes = [transforms.RandomErasing.get_params(image, (0.02, 0.33), (0.3, 3.3), [0.0])[:4] for _ in range(draws)]
  return {"windows/resized-crop": statistics(crops), "windows/erasing": statistics(holes)}


def generate(path):
  folder = path.parent / "pictures"
  folder.mkdir(exist_ok=True)
  tensors = colours()
  for name, data in [*jpegs(), *pngs()]:
    (folder / name).write_bytes(data)
    tensors[f"white/{name}"] = pixels(data, (255, 255, 255))
    if "rgba" in name or "transparent" in name or "alpha" in name:
      tensors[f"green/{name}"] = pixels(data, (0, 200, 100))
  tensors |= resized(tensors["white/resize.png"]) | evaluated(tensors) | windows()
  files.write_safetensors(path, tensors, {"pillow": PIL.__version__, "torchvision": torchvision.__version__})
  return [f"{len(list(folder.iterdir()))} files"]
