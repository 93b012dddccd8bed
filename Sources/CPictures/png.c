// PNG by libpng.
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "CPictures.h"
#include "compose.h"

typedef struct {
  const uint8_t* bytes;
  size_t count, next;
  char* message;
  png_structp png;
  png_infop info;
  // What is allocated here, so that it can be freed after a jump.
  uint8_t* rows;
} Reader;

static void fail(png_structp png, png_const_charp text) {
  Reader* reader = png_get_error_ptr(png);
  snprintf(reader->message, pictureMessageSize, "%s", text);
  png_longjmp(png, 1);
}

static void quiet(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  Reader* reader = png_get_io_ptr(png);
  if (count > reader->count - reader->next) png_error(png, "it is cut short");
  memcpy(target, reader->bytes + reader->next, count);
  reader->next += count;
}

static void end(Reader* reader) {
  png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader->rows);
}

// A reader that skips what does not concern pixels, compressed texts and profiles above all. False without memory.
static bool begin(Reader* reader) {
  static const uint8_t skipped[] =
      "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0tEXt\0tIME\0zTXt";
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, fail, quiet);
  if (!reader->png) return false;
  reader->info = png_create_info_struct(reader->png);
  if (!reader->info) {
    end(reader);
    return false;
  }
  png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, skipped, (int)(sizeof skipped / 5));
  png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
  png_set_read_fn(reader->png, reader, read_bytes);
  return true;
}

static int no_memory(char* message) {
  snprintf(message, pictureMessageSize, "no memory");
  return -1;
}

int picture_png_header(const uint8_t* bytes, size_t count, PictureHeader* header, char* message) {
  Reader reader = {.bytes = bytes, .count = count, .message = message};
  if (!begin(&reader)) return no_memory(message);
  if (setjmp(png_jmpbuf(reader.png))) {
    end(&reader);
    return -1;
  }
  png_read_info(reader.png, reader.info);
  const uint32_t width = png_get_image_width(reader.png, reader.info), height = png_get_image_height(reader.png, reader.info);
  *header = (PictureHeader){width, height, width, height, 0};
  end(&reader);
  return 0;
}

// Everything becomes RGB or RGBA of 8 bits.
static void convert(png_structp png, png_infop info) {
  png_set_expand(png);
  if (png_get_bit_depth(png, info) == 16) png_set_scale_16(png);
  if (!(png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
}

static void read_pixels(Reader* reader, size_t width, size_t height, const uint8_t background[3], uint8_t* pixels) {
  const int passes = png_set_interlace_handling(reader->png);
  png_read_update_info(reader->png, reader->info);
  const size_t channels = png_get_channels(reader->png, reader->info);
  if ((channels != 3 && channels != 4) || png_get_rowbytes(reader->png, reader->info) != channels * width) {
    png_error(reader->png, "its kind of pixels is unknown");
  }
  if (channels == 3) {
    for (int pass = 0; pass < passes; pass++) {
      for (size_t y = 0; y < height; y++) png_read_row(reader->png, pixels + y * width * 3, NULL);
    }
    return;
  }
  const size_t kept = passes == 1 ? 1 : height;
  reader->rows = malloc(kept * width * 4);
  if (!reader->rows) png_error(reader->png, "no memory");
  for (int pass = 0; pass < passes; pass++) {
    for (size_t y = 0; y < height; y++) {
      uint8_t* row = reader->rows + (passes == 1 ? 0 : y * width * 4);
      png_read_row(reader->png, row, NULL);
      if (pass == passes - 1) compose(row, width, background, pixels + y * width * 3);
    }
  }
}

int picture_png_decode(
    const uint8_t* bytes, size_t count, const PictureHeader* header, const uint8_t background[3], uint8_t* pixels, char* message) {
  Reader reader = {.bytes = bytes, .count = count, .message = message};
  if (!begin(&reader)) return no_memory(message);
  if (setjmp(png_jmpbuf(reader.png))) {
    end(&reader);
    return -1;
  }
  png_read_info(reader.png, reader.info);
  const size_t width = png_get_image_width(reader.png, reader.info), height = png_get_image_height(reader.png, reader.info);
  if (width != header->width || height != header->height) png_error(reader.png, "its header changed while it was read");
  convert(reader.png, reader.info);
  read_pixels(&reader, width, height, background, pixels);
  // Reads on to the end, so that a missing one is noticed.
  png_read_end(reader.png, NULL);
  end(&reader);
  return 0;
}
