// WebP by libwebp.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "CPictures.h"
#include "compose.h"

static int fail(char* message, const char* text) {
  snprintf(message, pictureMessageSize, "%s", text);
  return -1;
}

static int fail_with(char* message, VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY: return fail(message, "no memory");
    case VP8_STATUS_NOT_ENOUGH_DATA: return fail(message, "it is cut short");
    case VP8_STATUS_UNSUPPORTED_FEATURE: return fail(message, "it has a feature that libwebp does not know");
    default: return fail(message, "its data make no sense");
  }
}

int picture_webp_header(const uint8_t* bytes, size_t count, PictureHeader* header, char* message) {
  WebPBitstreamFeatures features;
  const VP8StatusCode status = WebPGetFeatures(bytes, count, &features);
  if (status != VP8_STATUS_OK) return fail_with(message, status);
  const uint32_t width = (uint32_t)features.width, height = (uint32_t)features.height;
  *header = (PictureHeader){width, height, width, height, 0};
  return 0;
}

// The first picture of an animation, on a canvas that was clear.
static int decode_animation(
    const uint8_t* bytes, size_t count, const PictureHeader* header, const uint8_t background[3], uint8_t* pixels, char* message) {
  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options)) return fail(message, "libwebp is of another version");
  options.color_mode = MODE_RGBA;
  options.use_threads = 0;
  const WebPData data = {bytes, count};
  WebPAnimDecoder* decoder = WebPAnimDecoderNew(&data, &options);
  if (!decoder) return fail(message, "its data make no sense");
  WebPAnimInfo information;
  uint8_t* canvas = NULL;
  int time = 0;
  const bool isRight = WebPAnimDecoderGetInfo(decoder, &information) && information.canvas_width == header->width &&
                       information.canvas_height == header->height && WebPAnimDecoderGetNext(decoder, &canvas, &time);
  if (isRight) compose(canvas, (size_t)header->width * header->height, background, pixels);
  WebPAnimDecoderDelete(decoder);
  return isRight ? 0 : fail(message, "its first picture makes no sense");
}

int picture_webp_decode(
    const uint8_t* bytes, size_t count, const PictureHeader* header, const uint8_t background[3], uint8_t* pixels, char* message) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return fail(message, "libwebp is of another version");
  VP8StatusCode status = WebPGetFeatures(bytes, count, &config.input);
  if (status != VP8_STATUS_OK) return fail_with(message, status);
  if ((uint32_t)config.input.width != header->width || (uint32_t)config.input.height != header->height) {
    return fail(message, "its header changed while it was read");
  }
  // The container says how long it is, and ends with what concerns no pixels.
  if (count >= 12 && memcmp(bytes, "RIFF", 4) == 0) {
    const uint64_t length = bytes[4] | bytes[5] << 8 | bytes[6] << 16 | (uint64_t)bytes[7] << 24;
    if (length + 8 > count) return fail(message, "it is cut short");
  }
  if (config.input.has_animation) return decode_animation(bytes, count, header, background, pixels, message);

  const size_t area = (size_t)header->width * header->height, channels = config.input.has_alpha ? 4 : 3;
  uint8_t* target = config.input.has_alpha ? malloc(4 * area) : pixels;
  if (!target) return fail(message, "no memory");
  config.output.colorspace = config.input.has_alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = target;
  config.output.u.RGBA.stride = (int)(channels * header->width);
  config.output.u.RGBA.size = channels * area;
  status = WebPDecode(bytes, count, &config);
  WebPFreeDecBuffer(&config.output);
  if (config.input.has_alpha) {
    if (status == VP8_STATUS_OK) compose(target, area, background, pixels);
    free(target);
  }
  return status == VP8_STATUS_OK ? 0 : fail_with(message, status);
}
