// TIFF by libtiff. Only the first picture of a file is read.
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

#include "CPictures.h"
#include "compose.h"

#if TIFFLIB_VERSION < 20221213
#error "libtiff 4.5 or later is needed: earlier ones report errors to the whole process"
#endif

enum { smallChange = 64 << 20 };

typedef struct {
  const uint8_t* bytes;
  uint64_t count, next;
  char* message;
} Reader;

static tmsize_t read_bytes(thandle_t handle, void* target, tmsize_t wanted) {
  Reader* reader = handle;
  if (wanted < 0 || reader->next >= reader->count) return 0;
  const uint64_t left = reader->count - reader->next, count = (uint64_t)wanted < left ? (uint64_t)wanted : left;
  memcpy(target, reader->bytes + reader->next, count);
  reader->next += count;
  return (tmsize_t)count;
}

static tmsize_t write_bytes(thandle_t handle, void* source, tmsize_t count) {
  (void)handle;
  (void)source;
  (void)count;
  return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int from) {
  Reader* reader = handle;
  const uint64_t start = from == SEEK_CUR ? reader->next : from == SEEK_END ? reader->count : 0;
  if (offset > UINT64_MAX - start) return (toff_t)-1;
  reader->next = start + offset;
  return reader->next;
}

static int close_nothing(thandle_t handle) {
  (void)handle;
  return 0;
}

// libtiff reads through it and never writes there: mapped files could not be written to either. Without it libtiff 4.5 refuses tiles
// whose size is no multiple of 1024 bytes.
static int map(thandle_t handle, void** base, toff_t* size) {
  Reader* reader = handle;
  *base = (void*)(uintptr_t)reader->bytes;
  *size = reader->count;
  return 1;
}

static void unmap(thandle_t handle, void* base, toff_t size) {
  (void)handle;
  (void)base;
  (void)size;
}

static toff_t size(thandle_t handle) { return ((Reader*)handle)->count; }

// Of several complaints the first says most.
static int complain(TIFF* tiff, void* context, const char* module, const char* format, va_list arguments) {
  (void)tiff;
  (void)module;
  char* message = ((Reader*)context)->message;
  if (message[0] == 0) {
    vsnprintf(message, pictureMessageSize, format, arguments);
    for (char* place = message; *place; place++) {
      if ((unsigned char)*place < 32) *place = ' ';
    }
  }
  return 1;
}

static int warn(TIFF* tiff, void* context, const char* module, const char* format, va_list arguments) {
  (void)tiff;
  (void)context;
  (void)module;
  (void)format;
  (void)arguments;
  return 1;
}

static TIFF* begin(Reader* reader, uint64_t memory) {
  reader->message[0] = 0;
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  if (!options) return NULL;
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)memory);
  TIFFOpenOptionsSetErrorHandlerExtR(options, complain, reader);
  TIFFOpenOptionsSetWarningHandlerExtR(options, warn, reader);
  TIFF* tiff = TIFFClientOpenExt("picture", "r", reader, read_bytes, write_bytes, seek, close_nothing, size, map, unmap, options);
  TIFFOpenOptionsFree(options);
  return tiff;
}

static int end(TIFF* tiff, char* message, const char* problem, int result) {
  if (tiff) TIFFClose(tiff);
  if (result != 0 && (problem || message[0] == 0)) snprintf(message, pictureMessageSize, "%s", problem ? problem : "its data make no sense");
  return result;
}

// What libtiff's conversion to 8 bits does not know; NULL for what it does.
static const char* objection(TIFF* tiff, char text[1024]) {
  uint16_t bits = 0, format = 0, compression = 0, photometric = 0, samples = 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  if (bits > 16 || (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID)) {
    const char* kind = format == SAMPLEFORMAT_IEEEFP ? "floating-point" : format == SAMPLEFORMAT_INT ? "signed" : "whole";
    snprintf(text, 1024, "a TIFF of %s numbers of %u bits, and whole numbers of up to 16 bits are read", kind, bits);
    return text;
  }
  // Its transparency would be lost.
  if (photometric == PHOTOMETRIC_PALETTE && samples > 1) return "a TIFF with a palette and more than one sample for each pixel";
  // A form that was given up, and whose decoder is known for its faults.
  if (compression == COMPRESSION_OJPEG) return "a TIFF with JPEG data in the form of 1992";
  if (!TIFFIsCODECConfigured(compression)) {
    snprintf(text, 1024, "a TIFF compressed in a way (%u) that this libtiff does not know", compression);
    return text;
  }
  return TIFFRGBAImageOK(tiff, text) ? NULL : text;
}

int picture_tiff_header(const uint8_t* bytes, size_t count, PictureHeader* header, char* message) {
  Reader reader = {bytes, count, 0, message};
  TIFF* tiff = begin(&reader, smallChange);
  if (!tiff) return end(NULL, message, NULL, -1);
  uint32_t width = 0, height = 0;
  if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width) || !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height)) {
    return end(tiff, message, "it does not say how large it is", -1);
  }
  uint16_t orientation = 1;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
  char text[1024] = "";
  const char* problem = objection(tiff, text);
  if (problem) return end(tiff, message, problem, pictureUnsupported);
  *header = (PictureHeader){width, height, width, height, orientation};
  return end(tiff, message, NULL, 0);
}

int picture_tiff_decode(
    const uint8_t* bytes, size_t count, const PictureHeader* header, const uint8_t background[3], uint8_t* pixels, char* message) {
  const size_t area = (size_t)header->width * header->height;
  Reader reader = {bytes, count, 0, message};
  TIFF* tiff = begin(&reader, 16 * (uint64_t)area + smallChange);
  if (!tiff) return end(NULL, message, NULL, -1);
  uint32_t width = 0, height = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  if (width != header->width || height != header->height) return end(tiff, message, "its header changed while it was read", -1);
  // As it is stored: turning is the caller's.
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  uint16_t extra = 0, *kinds = NULL;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra, &kinds);
  // Where nothing is said of a fourth sample, it is transparency; where it is said to be something else, infrared for one, it is not.
  const uint16_t kind = extra > 0 ? kinds[0] : EXTRASAMPLE_UNASSALPHA;
  // libtiff would multiply colours by it and round them. Said to be multiplied already, they come as they are.
  uint16_t associated = EXTRASAMPLE_ASSOCALPHA;
  if (kind == EXTRASAMPLE_UNASSALPHA && extra == 1) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &associated);
  const bool isMultiplied = extra > 0 && (kind == EXTRASAMPLE_ASSOCALPHA || extra > 1);
  const bool isOpaque = extra > 0 && kind == EXTRASAMPLE_UNSPECIFIED;

  uint32_t* raster = malloc(4 * area);
  if (!raster) return end(tiff, message, "no memory", -1);
  message[0] = 0;
  const bool isRead = TIFFReadRGBAImageOriented(tiff, width, height, raster, ORIENTATION_TOPLEFT, 1) && message[0] == 0;
  for (size_t i = 0; isRead && i < area; i++) {
    const uint8_t alpha = isOpaque ? 255 : TIFFGetA(raster[i]);
    const uint8_t rgba[4] = {TIFFGetR(raster[i]), TIFFGetG(raster[i]), TIFFGetB(raster[i]), alpha};
    if (isMultiplied) {
      for (int c = 0; c < 3; c++) {
        const unsigned sum = rgba[c] + divided_by_255(background[c] * (255u - rgba[3]));
        pixels[3 * i + (size_t)c] = (uint8_t)(sum > 255 ? 255 : sum);
      }
    } else {
      compose(rgba, 1, background, pixels + 3 * i);
    }
  }
  free(raster);
  return end(tiff, message, NULL, isRead ? 0 : -1);
}
