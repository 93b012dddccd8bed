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
from torchvision.transforms import InterpolationMode, autoaugment
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


def webps():
  def webp(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", **options)
    return buffer.getvalue()
  rgb, rgba = Image.fromarray(sample()), Image.fromarray(sample(channels=4))
  yield "lossy.webp", webp(rgb, quality=80)
  yield "lossless.webp", webp(rgb, lossless=True)
  yield "lossy-alpha.webp", webp(rgba, quality=80)
  yield "lossless-alpha.webp", webp(rgba, lossless=True, exact=True)
  yield "orientation-6.webp", webp(rgb, quality=80, exif=exif(6))
  frames = [Image.fromarray(sample(seed=seed)) for seed in (7, 8)]
  yield "animated.webp", webp(frames[0], save_all=True, append_images=frames[1:], duration=100, lossless=True)


def tiff(samples, photometric, bits=8, order="<", big=False, planar=False, tile=None, extra=None, orientation=1, sample_format=1):
  """A TIFF from samples [height, width, channels], by hand, for what Pillow does not write. The directory comes first, then the data."""
  height, width, channels = samples.shape
  kind = {8: "u1", 16: "u2", 32: "f4"}[bits]
  data = samples.astype(order + kind)
  planes = [data[..., c:c + 1] for c in range(channels)] if planar else [data]
  if tile:
    padded = [np.pad(p, ((0, -height % tile), (0, -width % tile), (0, 0))) for p in planes]
    chunks = [p[y:y + tile, x:x + tile].tobytes() for p in padded for y in range(0, height, tile) for x in range(0, width, tile)]
  else:
    rows = 5
    chunks = [p[y:y + rows].tobytes() for p in planes for y in range(0, height, rows)]
  wide = "Q" if big else "I"
  tags = [(256, "H", [width]), (257, "H", [height]), (258, "H", [bits] * channels), (259, "H", [1]), (262, "H", [photometric]),
          (274, "H", [orientation]), (277, "H", [channels]), (284, "H", [2 if planar else 1]), (339, "H", [sample_format] * channels)]
  tags += [(322, "H", [tile]), (323, "H", [tile])] if tile else [(278, "H", [rows])]
  places, counts = (324, 325) if tile else (273, 279)
  tags += [(places, wide, [0] * len(chunks)), (counts, wide, [len(chunk) for chunk in chunks])]
  if extra is not None:
    tags.append((338, "H", [extra]))
  tags.sort()
  head = struct.pack(order + "2sHHHQ", b"II" if order == "<" else b"MM", 43, 8, 0, 16) if big else (
    struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8))
  entry, inline = (20, 8) if big else (12, 4)
  directory = len(head) + (8 if big else 2) + entry * len(tags) + (8 if big else 4)
  sizes = [struct.calcsize(order + code) * len(values) for _, code, values in tags]
  beyond = sum(size + size % 2 for size in sizes if size > inline)
  start = directory + beyond
  offsets = [start + sum(len(chunk) for chunk in chunks[:index]) for index in range(len(chunks))]
  result, later, types = b"", b"", {"H": 3, "I": 4, "Q": 16}
  for (tag, code, values), size in zip(tags, sizes):
    packed = struct.pack(order + code * len(values), *(offsets if tag == places else values))
    if size > inline:
      place = directory + len(later)
      later += packed + b"\0" * (size % 2)
      packed = struct.pack(order + wide, place)
    result += struct.pack(order + "HH" + wide, tag, types[code], len(values)) + packed.ljust(inline, b"\0")
  return head + struct.pack(order + ("Q" if big else "H"), len(tags)) + result + struct.pack(order + wide, 0) + later + b"".join(chunks)


def tiffs():
  def saved(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", **options)
    return buffer.getvalue()
  rgb, rgba, grey = sample(), sample(channels=4), sample(channels=1)
  yield "rgb.tif", saved(Image.fromarray(rgb))
  yield "lzw.tif", saved(Image.fromarray(rgb), compression="tiff_lzw")
  yield "deflate.tif", saved(Image.fromarray(rgb), compression="tiff_adobe_deflate")
  yield "packbits.tif", saved(Image.fromarray(grey[..., 0]), compression="packbits")
  yield "group4.tif", saved(Image.fromarray(grey[..., 0] > 127), compression="group4")
  yield "palette.tif", saved(Image.fromarray(rgb).quantize(16))
  yield "rgba.tif", saved(Image.fromarray(rgba))
  yield "grey-alpha.tif", saved(Image.fromarray(sample(channels=2), "LA"))
  yield "pages.tif", saved(Image.fromarray(rgb), save_all=True, append_images=[Image.fromarray(sample(9, 5))])
  yield "grey-white.tif", tiff(grey, 0)
  yield "planar.tif", tiff(rgb, 2, planar=True)
  yield "tiled.tif", tiff(rgb, 2, tile=16)
  yield "big.tif", tiff(rgb, 2, big=True)
  yield "infrared.tif", tiff(rgba, 2, extra=0)
  yield "orientation-6.tif", tiff(rgb, 2, orientation=6)
  yield "orientation-3.tiff", tiff(rgb, 2, orientation=3, order=">")
  # Multiples of 257 are exact in 8 bits.
  yield "rgb-16.tif", tiff(rgb.astype(np.uint16) * 257, 2, bits=16)
  yield "rgb-16-big-endian.tif", tiff(rgb.astype(np.uint16) * 257, 2, bits=16, order=">")


def special_tiffs():
  """Those that Pillow reads in another way, each with what is expected: 16 bits of grey, which it cuts off; multiplied transparency and
  inks, which it rounds otherwise."""
  grey, rgba = sample(channels=1), sample(channels=4)
  yield "grey-16.tif", tiff(grey.astype(np.uint16) * 257, 1, bits=16), np.repeat(grey, 3, -1)
  inks = sample(channels=4, seed=2).astype(np.int64)
  yield "cmyk.tif", tiff(inks, 5), ((255 - inks[..., 3:]) * (255 - inks[..., :3]) // 255).astype(np.uint8)
  clear = rgba.copy()
  clear[..., 3] = 0
  clear[..., :3] = 0
  yield "clear.tif", tiff(clear, 2, extra=1), np.full_like(rgba[..., :3], 255)


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


def policies():
  """torchvision's automatic augmentation: each operation at some magnitudes, and the magnitudes that it draws from, of a square of 20 pixels."""
  side = 20
  bytes_ = sample(side, side, seed=6)
  whole = torch.from_numpy(bytes_).permute(2, 0, 1)
  image = whole.float() / 255
  results = {"input": image}
  spaces = {"rand": autoaugment.RandAugment()._augmentation_space(31, (side, side)),
            "trivial": autoaugment.TrivialAugmentWide()._augmentation_space(31)}
  def changed(name, magnitude):
    if name in ("Posterize", "Equalize"):
      return autoaugment._apply_op(whole, name, magnitude, InterpolationMode.NEAREST, None).float() / 255
    if name == "Solarize":
      return autoaugment._apply_op(image, name, magnitude / 255, InterpolationMode.NEAREST, None)
    if name.startswith(("Shear", "Translate", "Rotate")):
      moved = autoaugment._apply_op(Image.fromarray(bytes_), name, magnitude, InterpolationMode.NEAREST, None)
      return F.pil_to_tensor(moved).float() / 255
    return autoaugment._apply_op(image, name, magnitude, InterpolationMode.NEAREST, None)
  for name, (magnitudes, signed) in spaces["rand"].items():
    found = {0.0}
    if magnitudes.ndim:
      found = {float(spaces[kind][name][0][place]) * sign for kind, place in (("rand", 9), ("trivial", 22)) for sign in ((1, -1) if signed else (1,))}
    for magnitude in sorted(found):
      results[f"{name}/{magnitude}"] = changed(name, magnitude)
  tensors = {f"policy/{name}": value.permute(1, 2, 0).contiguous().numpy() for name, value in results.items()}
  for kind, space in spaces.items():
    for name, (magnitudes, _) in space.items():
      tensors[f"magnitudes/{kind}/{name}"] = magnitudes.reshape(-1).double().expand(31 if magnitudes.ndim == 0 else -1).contiguous().numpy()
  return tensors


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
  # Kinds that are refused.
  (folder / "float.tif").write_bytes(tiff(sample() / 255, 2, bits=32, sample_format=3))
  for name, data, expected in special_tiffs():
    (folder / name).write_bytes(data)
    tensors[f"white/{name}"] = expected
  for name, data in [*jpegs(), *pngs(), *webps(), *tiffs()]:
    (folder / name).write_bytes(data)
    tensors[f"white/{name}"] = pixels(data, (255, 255, 255))
    if "rgba" in name or "transparent" in name or "alpha" in name:
      tensors[f"green/{name}"] = pixels(data, (0, 200, 100))
  tensors |= resized(tensors["white/resize.png"]) | evaluated(tensors) | windows() | policies()
  files.write_safetensors(path, tensors, {"pillow": PIL.__version__, "torchvision": torchvision.__version__})
  return [f"{len(list(folder.iterdir()))} files"]
