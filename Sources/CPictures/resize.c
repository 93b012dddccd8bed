// Antialiased resizing.
#include <stdlib.h>
#include <string.h>

#include "CPictures.h"
#include "levels.h"

enum { fractionBits = 22, half = 1 << (fractionBits - 1) };

typedef int32_t int4 __attribute__((vector_size(16)));
typedef uint8_t byte4 __attribute__((vector_size(4)));

// Which source elements an element of the result comes from, and how much of each, along one axis.
typedef struct {
  size_t taps;      // room for weights per element
  size_t* first;    // for each element
  size_t* count;
  int32_t* weights; // `taps` for each element, in units of 2^-fractionBits
} Axis;

static void end(Axis* axis) {
  free(axis->first);
  free(axis->count);
  free(axis->weights);
}

// Elements `from` ..< from + count of an axis of `oldSize` elements that is resized to `newSize`.
static int begin(Axis* axis, size_t oldSize, size_t newSize, size_t from, size_t count) {
  const double scale = (double)oldSize / (double)newSize;
  const double reach = scale > 1 ? scale : 1;
  axis->taps = (size_t)reach * 2 + 3;
  axis->first = malloc(count * sizeof *axis->first);
  axis->count = malloc(count * sizeof *axis->count);
  axis->weights = calloc(count * axis->taps, sizeof *axis->weights);
  double* exact = malloc(axis->taps * sizeof *exact);
  if (!axis->first || !axis->count || !axis->weights || !exact) {
    free(exact);
    end(axis);
    return -1;
  }
  for (size_t i = 0; i < count; i++) {
    const double middle = ((double)(from + i) + 0.5) * scale;
    const double begin = middle - reach + 0.5, finish = middle + reach + 0.5;
    const size_t first = begin > 0 ? (size_t)begin : 0;
    size_t last = (size_t)finish;
    if (last > oldSize) last = oldSize;
    if (last - first > axis->taps) last = first + axis->taps;
    double sum = 0;
    for (size_t k = first; k < last; k++) {
      const double distance = ((double)k - middle + 0.5) * (1 / reach);
      const double size = distance < 0 ? -distance : distance;
      exact[k - first] = size < 1 ? 1 - size : 0;
      sum += exact[k - first];
    }
    int32_t* weights = axis->weights + i * axis->taps;
    for (size_t k = 0; k < last - first; k++) weights[k] = (int32_t)(0.5 + exact[k] / sum * (1 << fractionBits));
    axis->first[i] = first;
    axis->count[i] = last - first;
  }
  free(exact);
  return 0;
}

static inline uint8_t byte(int32_t sum) {
  const int32_t value = sum >> fractionBits;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

// One row of RGB pixels. Four bytes are read for each pixel, so one byte behind the row has to be readable.
EVERY_LEVEL static void resize_row(
    const uint8_t* row, const size_t* first, const size_t* count, const int32_t* weights, size_t taps, size_t width, uint8_t* target) {
  for (size_t x = 0; x < width; x++, weights += taps, target += 3) {
    const uint8_t* pixel = row + first[x] * 3;
    int4 sum = {half, half, half, half};
    for (size_t k = 0; k < count[x]; k++, pixel += 3) {
      byte4 bytes;
      memcpy(&bytes, pixel, sizeof bytes);
      sum += __builtin_convertvector(bytes, int4) * weights[k];
    }
    for (int c = 0; c < 3; c++) target[c] = byte(sum[c]);
  }
}

// One row of the result from `count` rows, each of `size` bytes.
EVERY_LEVEL static void merge_rows(
    const uint8_t* rows, size_t size, size_t count, const int32_t* weights, int32_t* sums, uint8_t* target) {
  for (size_t x = 0; x < size; x++) sums[x] = half;
  for (size_t k = 0; k < count; k++, rows += size) {
    const int32_t weight = weights[k];
    for (size_t x = 0; x < size; x++) sums[x] += weight * rows[x];
  }
  for (size_t x = 0; x < size; x++) target[x] = byte(sums[x]);
}

static int resize(
    const uint8_t* source, const PictureResize* r, const Axis* across, const Axis* down, uint8_t* target) {
  // The source rows that the part needs, resized along x.
  const size_t top = down->first[0], bottom = down->first[r->partHeight - 1] + down->count[r->partHeight - 1];
  const size_t size = r->partWidth * 3;
  uint8_t* rows = malloc((bottom - top) * size);
  int32_t* sums = malloc(size * sizeof *sums);
  uint8_t* lastRow = malloc(r->width * 3 + 1);
  if (!rows || !sums || !lastRow) {
    free(rows);
    free(sums);
    free(lastRow);
    return -1;
  }
  for (size_t y = top; y < bottom; y++) {
    const uint8_t* row = source + y * r->stride;
    if (r->newWidth == r->width) {
      memcpy(rows + (y - top) * size, row + r->left * 3, size);
      continue;
    }
    if (y == r->height - 1) {
      // Nothing need follow the last row.
      memcpy(lastRow, row, r->width * 3);
      lastRow[r->width * 3] = 0;
      row = lastRow;
    }
    resize_row(row, across->first, across->count, across->weights, across->taps, r->partWidth, rows + (y - top) * size);
  }
  for (size_t y = 0; y < r->partHeight; y++) {
    const uint8_t* from = rows + (down->first[y] - top) * size;
    if (r->newHeight == r->height) {
      memcpy(target + y * size, rows + (r->top + y - top) * size, size);
    } else {
      merge_rows(from, size, down->count[y], down->weights + y * down->taps, sums, target + y * size);
    }
  }
  free(rows);
  free(sums);
  free(lastRow);
  return 0;
}

int picture_resize(const uint8_t* source, const PictureResize* r, uint8_t* target) {
  Axis across, down;
  if (begin(&across, r->width, r->newWidth, r->left, r->partWidth)) return -1;
  if (begin(&down, r->height, r->newHeight, r->top, r->partHeight)) {
    end(&across);
    return -1;
  }
  const int result = resize(source, r, &across, &down, target);
  end(&across);
  end(&down);
  return result;
}
