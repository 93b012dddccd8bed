// JPEG by libjpeg (libjpeg-turbo).
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "CPictures.h"

// Far more than any encoder makes; each scan of a progressive picture goes through all its coefficients, so a small file could keep a
// processor busy for hours.
enum { maximumScans = 100 };
enum { smallChange = 16 << 20 };

typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf jump;
  char* message;
} Errors;

static void fail(j_common_ptr codec) {
  Errors* errors = (Errors*)codec->err;
  char text[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, text);
  snprintf(errors->message, pictureMessageSize, "%s", text);
  longjmp(errors->jump, 1);
}

// libjpeg goes on after damage and fills in grey. Such a picture is no picture to learn from.
static void warn(j_common_ptr codec, int level) {
  if (level >= 0) return;
  switch (codec->err->msg_code) {
    case JWRN_JPEG_EOF:
      snprintf(((Errors*)codec->err)->message, pictureMessageSize, "it is cut short");
      longjmp(((Errors*)codec->err)->jump, 1);
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_MUST_RESYNC:
      fail(codec);
    default:
      return;
  }
}

static void quiet(j_common_ptr codec) { (void)codec; }

static void count_scans(j_common_ptr codec) {
  if (((j_decompress_ptr)codec)->input_scan_number <= maximumScans) return;
  Errors* errors = (Errors*)codec->err;
  snprintf(errors->message, pictureMessageSize, "more than %d scans", maximumScans);
  longjmp(errors->jump, 1);
}

// Up to the header. After a jump the caller destroys the codec.
static void begin(j_decompress_ptr codec, const uint8_t* bytes, size_t count, int eighths) {
  jpeg_create_decompress(codec);
  jpeg_mem_src(codec, bytes, (unsigned long)count);
  jpeg_read_header(codec, TRUE);
  codec->scale_num = (unsigned)eighths;
  codec->scale_denom = 8;
  const bool hasInks = codec->jpeg_color_space == JCS_CMYK || codec->jpeg_color_space == JCS_YCCK;
  codec->out_color_space = hasInks ? JCS_CMYK : JCS_RGB;
  jpeg_calc_output_dimensions(codec);
}

static void prepare(struct jpeg_decompress_struct* codec, Errors* errors, char* message) {
  memset(codec, 0, sizeof *codec);
  codec->err = jpeg_std_error(&errors->manager);
  errors->manager.error_exit = fail;
  errors->manager.emit_message = warn;
  errors->manager.output_message = quiet;
  errors->message = message;
}

int picture_jpeg_header(const uint8_t* bytes, size_t count, int eighths, PictureHeader* header, char* message) {
  struct jpeg_decompress_struct codec;
  Errors errors;
  prepare(&codec, &errors, message);
  if (setjmp(errors.jump)) {
    jpeg_destroy_decompress(&codec);
    return -1;
  }
  begin(&codec, bytes, count, eighths);
  *header = (PictureHeader){codec.image_width, codec.image_height, codec.output_width, codec.output_height, 0};
  jpeg_destroy_decompress(&codec);
  return 0;
}

// Inks on white paper. As good as every such file holds 255 - ink, as Adobe's programs write it, so that is what is taken for granted.
static void inks_to_rgb(const uint8_t* row, size_t width, uint8_t* rgb) {
  for (size_t x = 0; x < width; x++, row += 4, rgb += 3) {
    const unsigned light = row[3];
    for (int c = 0; c < 3; c++) {
      const unsigned product = (255u - row[c]) * light + 128;
      rgb[c] = (uint8_t)(light - (((product >> 8) + product) >> 8));
    }
  }
}

int picture_jpeg_decode(
    const uint8_t* bytes, size_t count, int eighths, const PictureHeader* header, uint8_t* pixels, char* message) {
  struct jpeg_decompress_struct codec;
  struct jpeg_progress_mgr progress = {.progress_monitor = count_scans};
  Errors errors;
  prepare(&codec, &errors, message);
  if (setjmp(errors.jump)) {
    jpeg_destroy_decompress(&codec);
    return -1;
  }
  begin(&codec, bytes, count, eighths);
  if (codec.output_width != header->decodedWidth || codec.output_height != header->decodedHeight) {
    snprintf(message, pictureMessageSize, "its header changed while it was read");
    longjmp(errors.jump, 1);
  }
  codec.progress = &progress;
  codec.mem->max_memory_to_use = (long)(8 * ((size_t)codec.image_width + 64) * ((size_t)codec.image_height + 64) + smallChange);
  jpeg_start_decompress(&codec);
  const size_t width = codec.output_width;
  JSAMPARRAY inks = NULL;
  if (codec.out_color_space == JCS_CMYK) {
    inks = codec.mem->alloc_sarray((j_common_ptr)&codec, JPOOL_IMAGE, codec.output_width * 4, 1);
  }
  while (codec.output_scanline < codec.output_height) {
    uint8_t* row = pixels + (size_t)codec.output_scanline * width * 3;
    if (inks) {
      if (jpeg_read_scanlines(&codec, inks, 1) == 1) inks_to_rgb(inks[0], width, row);
    } else {
      jpeg_read_scanlines(&codec, &row, 1);
    }
  }
  // Reads on to the end marker, so that a missing one is noticed.
  jpeg_finish_decompress(&codec);
  jpeg_destroy_decompress(&codec);
  return 0;
}

int picture_jpeg_encode(
    const uint8_t* pixels, size_t width, size_t height, int channels, int quality, uint8_t* bytes, size_t* count, char* message) {
  struct jpeg_compress_struct codec;
  Errors errors;
  memset(&codec, 0, sizeof codec);
  codec.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = fail;
  errors.manager.output_message = quiet;
  errors.message = message;
  // libjpeg takes memory of its own where the caller's does not suffice; that is noticed by the pointer.
  unsigned char* target = bytes;
  unsigned long size = (unsigned long)*count;
  if (setjmp(errors.jump)) {
    jpeg_destroy_compress(&codec);
    if (target != bytes) free(target);
    return -1;
  }
  jpeg_create_compress(&codec);
  jpeg_mem_dest(&codec, &target, &size);
  codec.image_width = (JDIMENSION)width;
  codec.image_height = (JDIMENSION)height;
  codec.input_components = channels;
  codec.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&codec);
  jpeg_set_quality(&codec, quality, TRUE);
  codec.optimize_coding = TRUE;
  jpeg_start_compress(&codec, TRUE);
  while (codec.next_scanline < codec.image_height) {
    // libjpeg's rows are not const, but are only read.
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)codec.next_scanline * width * (size_t)channels);
    jpeg_write_scanlines(&codec, &row, 1);
  }
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  if (target != bytes) {
    free(target);
    snprintf(message, pictureMessageSize, "it takes more than %zu bytes", *count);
    return -1;
  }
  *count = (size_t)size;
  return 0;
}
