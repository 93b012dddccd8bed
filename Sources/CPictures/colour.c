// Changes of colour, on values from 0 to 1. The rules are those of torchvision's ColorJitter for float images.
#include "CPictures.h"
#include "levels.h"

static inline float clamped(float value) { return value < 0 ? 0 : value > 1 ? 1 : value; }

static inline float grey(const float* rgb) { return 0.2989f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2]; }

EVERY_LEVEL void picture_brightness(float* pixels, size_t count, float factor) {
  for (size_t i = 0; i < 3 * count; i++) pixels[i] = clamped(factor * pixels[i]);
}

EVERY_LEVEL void picture_contrast(float* pixels, size_t count, float factor) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)grey(pixels + 3 * i);
  const float rest = (1 - factor) * (float)(sum / (double)count);
  for (size_t i = 0; i < 3 * count; i++) pixels[i] = clamped(factor * pixels[i] + rest);
}

EVERY_LEVEL void picture_saturation(float* pixels, size_t count, float factor) {
  for (size_t i = 0; i < count; i++, pixels += 3) {
    const float rest = (1 - factor) * grey(pixels);
    for (int c = 0; c < 3; c++) pixels[c] = clamped(factor * pixels[c] + rest);
  }
}

// Through hue, saturation and value: hue is the place on the hexagon of full colours, in sixths of the way round.
void picture_hue(float* pixels, size_t count, float shift) {
  for (size_t i = 0; i < count; i++, pixels += 3) {
    const float r = pixels[0], g = pixels[1], b = pixels[2];
    const float value = r > g ? (r > b ? r : b) : (g > b ? g : b), least = r < g ? (r < b ? r : b) : (g < b ? g : b);
    const float range = value - least;
    // Greys have no hue to change.
    if (range <= 0) continue;
    const float saturation = range / value;
    const float red = (value - r) / range, green = (value - g) / range, blue = (value - b) / range;
    float hue = value == r ? blue - green : value == g ? 2 + red - blue : 4 + green - red;
    hue = hue / 6 + 1 + shift;
    hue = (hue - (float)(int)hue) * 6;
    int sixth = (int)hue;
    const float part = hue - (float)sixth;
    sixth %= 6;
    const float p = clamped(value * (1 - saturation)), q = clamped(value * (1 - saturation * part));
    const float t = clamped(value * (1 - saturation * (1 - part)));
    const float colours[6][3] = {{value, t, p}, {q, value, p}, {p, value, t}, {p, q, value}, {t, p, value}, {value, p, q}};
    for (int c = 0; c < 3; c++) pixels[c] = colours[sixth][c];
  }
}
