// Bytes to numbers, and what changes only where pixels lie.
#include <math.h>
#include <string.h>

#include "CPictures.h"
#include "levels.h"

EVERY_LEVEL void picture_to_floats(const uint8_t* source, size_t count, float* target) {
  for (size_t i = 0; i < count; i++) target[i] = (float)source[i] / 255.0f;
}

EVERY_LEVEL void picture_normalize(float* pixels, size_t count, const float mean[3], const float deviation[3]) {
  const float m0 = mean[0], m1 = mean[1], m2 = mean[2], d0 = deviation[0], d1 = deviation[1], d2 = deviation[2];
  for (size_t i = 0; i < count; i++) {
    pixels[3 * i] = (pixels[3 * i] - m0) / d0;
    pixels[3 * i + 1] = (pixels[3 * i + 1] - m1) / d1;
    pixels[3 * i + 2] = (pixels[3 * i + 2] - m2) / d2;
  }
}

static void exchange(float* a, float* b, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float kept = a[i];
    a[i] = b[i];
    b[i] = kept;
  }
}

void picture_flip_horizontally(float* pixels, size_t width, size_t height) {
  for (size_t y = 0; y < height; y++, pixels += width * 3) {
    for (size_t x = 0; x < width / 2; x++) exchange(pixels + x * 3, pixels + (width - 1 - x) * 3, 3);
  }
}

void picture_flip_vertically(float* pixels, size_t width, size_t height) {
  const size_t size = width * 3;
  for (size_t y = 0; y < height / 2; y++) exchange(pixels + y * size, pixels + (height - 1 - y) * size, size);
}

static size_t within(double place, size_t size) { return place < 0 ? 0 : place > (double)(size - 1) ? size - 1 : (size_t)place; }

void picture_rotate(const float* source, size_t width, size_t height, double degrees, float* target) {
  const double angle = degrees * (3.14159265358979323846 / 180), cosine = cos(angle), sine = sin(angle);
  const double middleX = (double)(width - 1) / 2, middleY = (double)(height - 1) / 2;
  for (size_t y = 0; y < height; y++) {
    for (size_t x = 0; x < width; x++, target += 3) {
      const double dx = (double)x - middleX, dy = (double)y - middleY;
      // Where this pixel comes from. Rows go down, so that counter-clockwise is what the eye sees as such.
      const double fromX = middleX + cosine * dx - sine * dy, fromY = middleY + sine * dx + cosine * dy;
      const double left = floor(fromX), top = floor(fromY);
      const float a = (float)(fromX - left), b = (float)(fromY - top);
      const size_t x0 = within(left, width), x1 = within(left + 1, width), y0 = within(top, height), y1 = within(top + 1, height);
      for (int c = 0; c < 3; c++) {
        const float above = (1 - a) * source[(y0 * width + x0) * 3 + c] + a * source[(y0 * width + x1) * 3 + c];
        const float below = (1 - a) * source[(y1 * width + x0) * 3 + c] + a * source[(y1 * width + x1) * 3 + c];
        target[c] = (1 - b) * above + b * below;
      }
    }
  }
}
