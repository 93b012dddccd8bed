"""Named random streams: the values that the fixtures do not store, because both sides can compute them.

A stream is Philox4x32-10 (Salmon et al. 2011) with the 64-bit FNV-1a hash of the UTF-8 name as key (low word first) and the counter
(i / 4, 0, 0, 0); value i is made from output word i % 4.
"""

import numpy as np

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def fnv1a(name: str) -> int:
  """The 64-bit FNV-1a hash of a name."""
  value = 0xCBF29CE484222325
  for byte in name.encode("utf-8"):
    value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
  return value


def philox(counter, key):
  """Ten rounds over four arrays of counter words (uint64 holding 32 bits), with two key words."""
  c0, c1, c2, c3 = (np.asarray(word, dtype=np.uint64) for word in counter)
  k0, k1 = key
  for _ in range(10):
    a = c0 * np.uint64(0xD2511F53)
    b = c2 * np.uint64(0xCD9E8D57)
    c0, c1, c2, c3 = (b >> _HALF) ^ c1 ^ np.uint64(k0), b & _LOW, (a >> _HALF) ^ c3 ^ np.uint64(k1), a & _LOW
    k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
    k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
  return c0, c1, c2, c3


def words(name: str, count: int) -> np.ndarray:
  """The first `count` 32-bit words of a stream."""
  blocks = np.arange((count + 3) // 4, dtype=np.uint64)
  zero = np.zeros_like(blocks)
  key = fnv1a(name)
  result = philox((blocks, zero, zero, zero), (key & 0xFFFFFFFF, key >> 32))
  return np.stack(result, axis=1).reshape(-1)[:count].astype(np.uint32)


def values(name: str, shape, scale: float = 1, offset: float = 0) -> np.ndarray:
  """float32 values (2u - 1) * scale + offset with u = (word >> 8) * 2^-24, every operation rounded to float32 (2u - 1 is exact)."""
  shape = tuple(shape)
  u = (words(name, int(np.prod(shape))) >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
  result = (u * np.float32(2) - np.float32(1)) * np.float32(scale)
  if offset != 0:
    result = result + np.float32(offset)
  assert result.dtype == np.float32
  return result.reshape(shape)


def check_known_answers():
  """Random123's published answers, and FNV's."""
  def block(counter, key):
    return [int(word) for word in philox(counter, key)]

  assert block((0, 0, 0, 0), (0, 0)) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
  ones = 0xFFFFFFFF
  assert block((ones,) * 4, (ones,) * 2) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
  pi = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
  assert block(pi, (0xA4093822, 0x299F31D0)) == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]
  assert fnv1a("") == 0xCBF29CE484222325 and fnv1a("foobar") == 0x85944171F73967E8
