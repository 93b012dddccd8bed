// Pictures: decoding with libjpeg, libpng, libwebp and libtiff, and the loops over pixels.
//
// The first two report errors by longjmp, which must not cross Swift. So the functions here are whole errands: bytes in, pixels or a
// message out, and nothing is kept between two calls. Pixels are interleaved RGB of one byte (or one float) each, row by row without gaps.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { pictureMessageSize = 200 };

/// What a header's function returns for a picture that is whole, but of a kind that is not decoded.
enum { pictureUnsupported = -2 };

/// What a header says.
typedef struct {
  /// The picture's size in pixels as it is stored.
  uint32_t width, height;
  /// Its size as it will be decoded: smaller than the above where a JPEG is reduced.
  uint32_t decodedWidth, decodedHeight;
  /// How it was held, 1 to 8 as in EXIF; 0 where that stands elsewhere.
  uint32_t orientation;
} PictureHeader;

/// Reads a JPEG's header. `eighths` is the size to decode at: 8 for all of it, 4, 2 or 1 for a half, a quarter, an eighth.
/// Returns 0, or -1 with a message of at most pictureMessageSize bytes.
int picture_jpeg_header(const uint8_t* bytes, size_t count, int eighths, PictureHeader* header, char* message);

/// Decodes a JPEG of any colour space into decodedWidth · decodedHeight RGB pixels, which have to be what its header says.
/// Data that end early, or that are damaged so that pixels are missing, are an error. Beside the pixels it takes at most 8 bytes for
/// each pixel of the picture as stored, and a few MB.
int picture_jpeg_decode(
    const uint8_t* bytes, size_t count, int eighths, const PictureHeader* header, uint8_t* pixels, char* message);

/// Encodes grey or RGB pixels (1 or 3 channels) as JPEG, by a quality from 1 to 100. `count` is the room for the bytes and becomes how many
/// there are. Returns 0, or -1 with a message, also where the room does not suffice.
int picture_jpeg_encode(
    const uint8_t* pixels, size_t width, size_t height, int channels, int quality, uint8_t* bytes, size_t* count, char* message);

/// Reads a PNG's header.
int picture_png_header(const uint8_t* bytes, size_t count, PictureHeader* header, char* message);

/// Decodes a PNG of any kind into width · height RGB pixels, over a background where it is transparent. Samples of 16 bits are rounded
/// to 8. Beside the pixels it takes a few rows, and 4 bytes for each pixel where the picture is both transparent and interlaced.
int picture_png_decode(
    const uint8_t* bytes, size_t count, const PictureHeader* header, const uint8_t background[3], uint8_t* pixels, char* message);

/// Reads a WebP's header.
int picture_webp_header(const uint8_t* bytes, size_t count, PictureHeader* header, char* message);

/// Decodes a WebP, lossy or not, into width · height RGB pixels, over a background where it is transparent; of an animation the first
/// picture. Beside the pixels it takes at most 12 bytes for each, and a few MB.
int picture_webp_decode(
    const uint8_t* bytes, size_t count, const PictureHeader* header, const uint8_t background[3], uint8_t* pixels, char* message);

/// Reads a TIFF's header, of the first picture in it. Returns pictureUnsupported where that is of a kind that is not decoded.
int picture_tiff_header(const uint8_t* bytes, size_t count, PictureHeader* header, char* message);

/// Decodes a TIFF's first picture into width · height RGB pixels, as it is stored, over a background where it is transparent. Samples of
/// 16 bits are rounded to 8. Beside the pixels it takes 4 bytes for each, and what a strip or tile takes.
int picture_tiff_decode(
    const uint8_t* bytes, size_t count, const PictureHeader* header, const uint8_t background[3], uint8_t* pixels, char* message);

/// Turns a picture as EXIF's orientation (1 … 8) says; for 5 … 8 width and height of the result are exchanged.
void picture_orient(const uint8_t* source, size_t width, size_t height, int orientation, uint8_t* target);

/// A square part, which may reach beyond the picture: there the edge's pixels go on.
void picture_crop(const uint8_t* source, size_t width, size_t height, ptrdiff_t left, ptrdiff_t top, size_t size, uint8_t* target);

/// A part of a resized picture.
typedef struct {
  /// The source's size, and the number of bytes from one of its rows to the next.
  size_t width, height, stride;
  /// The size that the whole source is resized to.
  size_t newWidth, newHeight;
  /// The part of the resized picture that is wanted.
  size_t left, top, partWidth, partHeight;
} PictureResize;

/// Resizes with a triangle filter as wide as the reduction asks for, first along rows, then along columns, rounding to bytes after each:
/// bit for bit what Pillow's `resize(…, BILINEAR)` gives. All sizes are at least 1 and the part lies within the new size.
/// Returns 0, or -1 where there is no memory for the intermediate rows.
int picture_resize(const uint8_t* source, const PictureResize* resize, uint8_t* target);

/// value / 255 for `count` bytes.
void picture_to_floats(const uint8_t* source, size_t count, float* target);

/// (value - mean) / deviation, in place, for each of three channels.
void picture_normalize(float* pixels, size_t count, const float mean[3], const float deviation[3]);

/// Mirrors rows: left becomes right.
void picture_flip_horizontally(float* pixels, size_t width, size_t height);

/// Mirrors columns: top becomes bottom.
void picture_flip_vertically(float* pixels, size_t width, size_t height);

/// factor · value, kept in 0 … 1.
void picture_brightness(float* pixels, size_t count, float factor);

/// factor · value + (1 - factor) · m, kept in 0 … 1, where m is the mean of the picture's greys 0.2989 R + 0.587 G + 0.114 B.
void picture_contrast(float* pixels, size_t count, float factor);

/// factor · value + (1 - factor) · grey, kept in 0 … 1.
void picture_saturation(float* pixels, size_t count, float factor);

/// Adds to the hue, in turns of the colour circle.
void picture_hue(float* pixels, size_t count, float shift);

/// Turns counter-clockwise about the middle, by linear interpolation; outside, the edge's pixels go on.
void picture_rotate(const float* source, size_t width, size_t height, double degrees, float* target);

/// Takes each pixel from where an affine map leads that of its middle, the nearest there; what is beyond the picture is black. The map goes
/// from the target to the source: x' = m0·x + m1·y + m2 and y' = m3·x + m4·y + m5.
void picture_affine(const float* source, size_t width, size_t height, const double matrix[6], float* target);

/// factor · value + (1 - factor) · soft, kept in 0 … 1, where soft is (the eight around it + 5 · value) / 13; the border stays.
void picture_sharpness(const float* source, size_t width, size_t height, float factor, float* target);

/// Keeps so many bits (0 … 8) of each value's byte.
void picture_posterize(float* pixels, size_t count, int bits);

/// 1 - value from a threshold on.
void picture_solarize(float* pixels, size_t count, float threshold);

/// Stretches each channel to 0 … 1; one that is the same everywhere stays.
void picture_autocontrast(float* pixels, size_t count);

/// Spreads each channel's bytes so that all are about as frequent.
void picture_equalize(float* pixels, size_t count);
