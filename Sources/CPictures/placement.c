// Where pixels lie: the eight ways to hold a camera, and parts of a picture.
#include "CPictures.h"

void picture_orient(const uint8_t* source, size_t width, size_t height, int orientation, uint8_t* target) {
  const int turns = orientation >= 5;
  const size_t newWidth = turns ? height : width, newHeight = turns ? width : height;
  for (size_t y = 0; y < newHeight; y++) {
    for (size_t x = 0; x < newWidth; x++) {
      size_t fromX = turns ? y : x, fromY = turns ? x : y;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) fromX = width - 1 - fromX;
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) fromY = height - 1 - fromY;
      const uint8_t* pixel = source + (fromY * width + fromX) * 3;
      *target++ = pixel[0];
      *target++ = pixel[1];
      *target++ = pixel[2];
    }
  }
}

static size_t within(ptrdiff_t place, size_t size) { return place < 0 ? 0 : (size_t)place >= size ? size - 1 : (size_t)place; }

void picture_crop(const uint8_t* source, size_t width, size_t height, ptrdiff_t left, ptrdiff_t top, size_t size, uint8_t* target) {
  for (size_t y = 0; y < size; y++) {
    const uint8_t* row = source + within(top + (ptrdiff_t)y, height) * width * 3;
    for (size_t x = 0; x < size; x++) {
      const uint8_t* pixel = row + within(left + (ptrdiff_t)x, width) * 3;
      *target++ = pixel[0];
      *target++ = pixel[1];
      *target++ = pixel[2];
    }
  }
}
