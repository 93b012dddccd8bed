// How convolutions, and their input gradients, go over the pixels of what they write, and which of the source each tap sees there.
#ifndef GLISSADE_WALK_H
#define GLISSADE_WALK_H

// Both walk a grid of destination pixels, `height` x `width` per image. Grid position (y, x) is destination pixel (y stepOut + phase), and
// tap ky reads source row y stepIn + f(ky). Forward: stepIn is the stride, f(ky) = ky dilation - padding. Input gradient: stepOut is the
// stride, and within a phase f(ky) = (phase + padding - ky dilation) / stride, for those ky that divide.
typedef struct {
  int sourceHeight, sourceWidth, sourceChannels;      // sourceChannels: of all groups
  int destinationWidth, destinationHeight, destinationChannels;
  int height, width;
  int stepInY, stepInX, stepOutY, stepOutX;
  int phaseY, phaseX;
} Walk;

INLINE Walk walkOf(const ConvolutionShape s, const int gradient, const int phase) {
  Walk k;
  k.sourceHeight = gradient ? s.outputHeight : s.inputHeight;
  k.sourceWidth = gradient ? s.outputWidth : s.inputWidth;
  k.sourceChannels = gradient ? s.outputChannels : s.inputChannels;
  k.destinationHeight = gradient ? s.inputHeight : s.outputHeight;
  k.destinationWidth = gradient ? s.inputWidth : s.outputWidth;
  k.destinationChannels = gradient ? s.inputChannels : s.outputChannels;
  k.stepInY = gradient ? 1 : s.strideHeight;
  k.stepInX = gradient ? 1 : s.strideWidth;
  k.stepOutY = gradient ? s.strideHeight : 1;
  k.stepOutX = gradient ? s.strideWidth : 1;
  k.phaseY = gradient ? phase / s.strideWidth : 0;
  k.phaseX = gradient ? phase - k.phaseY * s.strideWidth : 0;
  k.height = (k.destinationHeight - k.phaseY + k.stepOutY - 1) / k.stepOutY;
  k.width = (k.destinationWidth - k.phaseX + k.stepOutX - 1) / k.stepOutX;
  return k;
}

// f(tap) along one axis; 0 if the tap does not reach this phase.
INLINE int tapOffset(const int gradient, const int tap, const int stride, const int padding, const int dilation, const int phase,
                     int* offset) {
  if (!gradient) {
    *offset = tap * dilation - padding;
    return 1;
  }
  const int distance = phase + padding - tap * dilation;
  *offset = distance / stride;
  return *offset * stride == distance;
}

#define OUTSIDE (-0x40000000)   // a coordinate outside every image, whatever tap offset is added

// For `n` grid pixels from `pixel` on: the source coordinates at tap offset 0, the image's first source line, and the destination row
// (-1 beyond the last pixel, which reads nothing either).
INLINE void placePixels(const Walk k, const int pixel, const int pixels, int* y, int* x, int* line, int* rows, const int n) {
  int row = pixel / k.width, image = row / k.height, py = row - image * k.height, px = pixel - row * k.width;
  UNROLL for (int r = 0; r < n; r++) {
    const int inside = pixel + r < pixels;
    y[r] = inside ? py * k.stepInY : OUTSIDE;
    x[r] = px * k.stepInX;
    line[r] = image * k.sourceHeight;
    rows[r] = inside ? (image * k.destinationHeight + py * k.stepOutY + k.phaseY) * k.destinationWidth + px * k.stepOutX + k.phaseX : -1;
    if (++px == k.width) {
      px = 0;
      if (++py == k.height) {
        py = 0;
        image++;
      }
    }
  }
}
#endif
