// SHA-256 (FIPS 180-4) of bytes that come in pieces.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint32_t state[8];
  uint64_t count;
  uint8_t block[64];
} GlissadeSHA256;

void glissade_sha256_start(GlissadeSHA256* hash);
void glissade_sha256_add(GlissadeSHA256* hash, const void* bytes, size_t count);
// Leaves the hash used up.
void glissade_sha256_finish(GlissadeSHA256* hash, uint8_t digest[32]);
