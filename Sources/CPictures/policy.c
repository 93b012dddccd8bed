// What automatic augmentation does beside changes of colour. The rules are torchvision's, on values from 0 to 1.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "CPictures.h"
#include "levels.h"

static inline float clamped(float value) { return value < 0 ? 0 : value > 1 ? 1 : value; }

static inline int byte(float value) { return (int)(clamped(value) * 255.0f + 0.5f); }

void picture_affine(const float* source, size_t width, size_t height, const double matrix[6], float* target) {
  for (size_t y = 0; y < height; y++) {
    for (size_t x = 0; x < width; x++, target += 3) {
      const double dx = (double)x + 0.5, dy = (double)y + 0.5;
      const double fromX = floor(matrix[0] * dx + matrix[1] * dy + matrix[2]), fromY = floor(matrix[3] * dx + matrix[4] * dy + matrix[5]);
      if (fromX < 0 || fromY < 0 || fromX >= (double)width || fromY >= (double)height) {
        target[0] = target[1] = target[2] = 0;
      } else {
        memcpy(target, source + ((size_t)fromY * width + (size_t)fromX) * 3, 3 * sizeof(float));
      }
    }
  }
}

void picture_sharpness(const float* source, size_t width, size_t height, float factor, float* target) {
  memcpy(target, source, 3 * width * height * sizeof(float));
  if (width <= 2 || height <= 2) return;
  const size_t row = 3 * width;
  for (size_t y = 1; y + 1 < height; y++) {
    for (size_t i = 3; i + 3 < row; i++) {
      const float* p = source + y * row + i;
      const float around = p[-3] + p[3] + p[-(ptrdiff_t)row - 3] + p[-(ptrdiff_t)row] + p[-(ptrdiff_t)row + 3] + p[row - 3] + p[row] + p[row + 3];
      const float soft = (around + 5 * p[0]) / 13;
      target[y * row + i] = clamped(factor * p[0] + (1 - factor) * soft);
    }
  }
}

void picture_posterize(float* pixels, size_t count, int bits) {
  const int mask = 256 - (1 << (8 - bits));
  for (size_t i = 0; i < 3 * count; i++) pixels[i] = (float)(byte(pixels[i]) & mask) / 255.0f;
}

EVERY_LEVEL void picture_solarize(float* pixels, size_t count, float threshold) {
  for (size_t i = 0; i < 3 * count; i++) pixels[i] = pixels[i] >= threshold ? 1 - pixels[i] : pixels[i];
}

void picture_autocontrast(float* pixels, size_t count) {
  for (int c = 0; c < 3; c++) {
    float least = 1, most = 0;
    for (size_t i = 0; i < count; i++) {
      const float value = pixels[3 * i + c];
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (!(most > least)) continue;
    const float scale = 1 / (most - least);
    for (size_t i = 0; i < count; i++) pixels[3 * i + c] = clamped((pixels[3 * i + c] - least) * scale);
  }
}

void picture_equalize(float* pixels, size_t count) {
  for (int c = 0; c < 3; c++) {
    size_t histogram[256] = {0};
    for (size_t i = 0; i < count; i++) histogram[byte(pixels[3 * i + c])]++;
    int last = 255;
    while (last > 0 && histogram[last] == 0) last--;
    const size_t step = (count - histogram[last]) / 255;
    if (step == 0) continue;
    float table[256];
    size_t sum = step / 2;
    for (int value = 0; value < 256; value++) {
      // What is darker, not the value itself.
      const size_t place = sum / step;
      table[value] = (float)(value == 0 ? 0 : place > 255 ? 255 : place) / 255.0f;
      sum += histogram[value];
    }
    for (size_t i = 0; i < count; i++) pixels[3 * i + c] = table[byte(pixels[3 * i + c])];
  }
}
