// Transparent pixels over a background.
#pragma once
#include <stddef.h>
#include <stdint.h>

static inline uint8_t divided_by_255(unsigned value) {
  value += 128;
  return (uint8_t)(((value >> 8) + value) >> 8);
}

// Red, green, blue and how opaque, each pixel's colour as if it were opaque.
static inline void compose(const uint8_t* rgba, size_t count, const uint8_t background[3], uint8_t* rgb) {
  for (size_t i = 0; i < count; i++, rgba += 4, rgb += 3) {
    const unsigned alpha = rgba[3];
    for (int c = 0; c < 3; c++) rgb[c] = divided_by_255(rgba[c] * alpha + background[c] * (255u - alpha));
  }
}
