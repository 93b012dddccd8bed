// The words that a kernel may use. OpenCL C has most of them; this gives them to clang, and the rest to both.
//
//   FOR_EACH(i, n)        the elements of 0..<n that this work-item owns: a contiguous share on a CPU, strided on a GPU
//   FOR_EACH_UNIT(i, n)   the same for units of work much larger than an element (rows, chunks): shares of any length
//   AT(buffer, offset)    a slice's first element; offsets in parameter structs count units of 16 floats (64 bytes)
//   FMA(a, b, c)          a * b + c, fused wherever that is fast
//   load16/store16        16 floats at any float-aligned address; store8: 8 of them
//   stream16(v, p)        store16 at a 64-byte boundary, past the caches where the processor can (else it reads the line first)
//   STREAMS(count, aligned)   whether a launch that writes `count` floats, at 64-byte boundaries if `aligned`, had better do that
//   splat(x)              a float16 of x
//   UNROLL, ROLLED        before a loop: unrolled wherever; not worth a driver's time while somebody waits for the first step
//   UNROLL_AHEAD          unrolled where nobody waits for the compiler, rolled in OpenCL
//   UNROLL_INNER          the same, four times, before a loop whose count is not known: an inner dimension
//   PREFETCH(p)           that p's cache line will be read soon; on CPUs only
//   REGISTER(kernel, Parameters, buffers)   lists a kernel natively; nothing in OpenCL C
//   ITEM                  last in every kernel's parameter list: the native copies get the work-item there
//
// WIDE_REGISTERS: 32 registers of 16 floats hold 16 x 16 of them; elsewhere, and where somebody waits for the compiler, 8 x 8 do better.
// TILE_ROWS x TILE_COLUMNS is the register tile of matmul and convolution: 16-wide vectors in TILE_VECTORS columns.
#ifndef GLISSADE_LANGUAGE_H   // not `#pragma once`: in OpenCL this is the main file, which must not have one
#define GLISSADE_LANGUAGE_H

#ifdef __OPENCL_VERSION__
// ------------------------------------------------------------------------------------------------ OpenCL C
#pragma OPENCL FP_CONTRACT OFF
#define ITEM
#define REGISTER(kernel, Parameters, buffers)
#ifdef __clang__   // most drivers are; plain `inline` has C99's meaning, which leaves calls that were not inlined unresolved
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif
#define UNROLL _Pragma("unroll")
#define ROLLED _Pragma("unroll 1")
#define UNROLL_AHEAD ROLLED
#define UNROLL_INNER
#ifndef TILE_ROWS
#define TILE_ROWS 4        // rows of a register tile
#endif
#ifndef TILE_COLUMNS
#define TILE_COLUMNS 16    // columns of a register tile, a multiple of 16
#endif
#if defined(CPU_DEVICE) && defined(__clang__)
// PoCL takes its time over the library's vector functions, which it inlines: with clang's own operators a kernel compiles in half of it.
#define CLANG_VECTORS
#define OVERLOADED INLINE __attribute__((overloadable))
typedef float16 __attribute__((aligned(4))) float16_unaligned;
typedef float8 __attribute__((aligned(4))) float8_unaligned;
INLINE float16 load16(__global const float* p) { return *(__global const float16_unaligned*)p; }
INLINE void store16(float16 v, __global float* p) { *(__global float16_unaligned*)p = v; }
INLINE void store8(float8 v, __global float* p) { *(__global float8_unaligned*)p = v; }
OVERLOADED float contracted(const float a, const float b, const float c) {
#pragma OPENCL FP_CONTRACT ON
  return a * b + c;
}
OVERLOADED float16 contracted(const float16 a, const float16 b, const float16 c) {
#pragma OPENCL FP_CONTRACT ON
  return a * b + c;
}
#define FMA(a, b, c) contracted(a, b, c)
#if defined(__x86_64__) || defined(__aarch64__)   // compiled for the processor itself; what takes an intermediate form need not know it
#define PREFETCH(p) __builtin_prefetch((const void*)(uintptr_t)(p))
#else
#define PREFETCH(p)
#endif
#define SELECT16(otherwise, chosen, condition) ((condition) ? (chosen) : (otherwise))   // condition: an int16 of 0 and -1
#else
#define PREFETCH(p)
#if defined(CPU_DEVICE) || defined(FP_FAST_FMAF)
#define FMA(a, b, c) fma(a, b, c)
#else
#define FMA(a, b, c) mad(a, b, c)
#endif
INLINE float16 load16(__global const float* p) { return vload16(0, p); }
INLINE void store16(float16 v, __global float* p) { vstore16(v, 0, p); }
INLINE void store8(float8 v, __global float* p) { vstore8(v, 0, p); }
#define SELECT16(otherwise, chosen, condition) select(otherwise, chosen, condition)
#endif
INLINE float16 splat(float x) { return (float16)(x); }
#define floatBits16(x) as_int16(x)
#define bitsFloat16(x) as_float16(x)
#define floatBits(x) as_int(x)
#define bitsFloat(x) as_float(x)
#define toFloat16(x) convert_float16(x)
#define toFloat(x) convert_float(x)
#ifndef CPU_DEVICE         // a GPU strides, so that neighbours read neighbours
#define FOR_EACH(i, n) for (int i = get_global_id(0); i < (n); i += get_global_size(0))
#define FOR_EACH_UNIT(i, n) FOR_EACH(i, n)
#endif

#else
// ------------------------------------------------------------------------------------------------ clang
#include <stddef.h>
#include <stdint.h>
#include "include/Kernels.h"
#pragma clang fp contract(off)
#pragma clang diagnostic ignored "-Wpsabi"   // vectors wider than a level has: everything that passes them is inlined
#define __kernel static
#define __global
#define __local
#define __constant const
#define INLINE static inline __attribute__((always_inline, unused))
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLLED
#define UNROLL_AHEAD UNROLL
#define UNROLL_INNER _Pragma("clang loop unroll_count(4)")
#define PREFETCH(p) __builtin_prefetch(p)
#define ITEM , const WorkItem* item
typedef unsigned int uint;
typedef unsigned char uchar;
typedef float float2 __attribute__((ext_vector_type(2)));
typedef float float4 __attribute__((ext_vector_type(4)));
typedef float float8 __attribute__((ext_vector_type(8)));
typedef float float16 __attribute__((ext_vector_type(16)));
typedef int int16 __attribute__((ext_vector_type(16)));
typedef uint uint16 __attribute__((ext_vector_type(16)));
typedef unsigned long ulong8 __attribute__((ext_vector_type(8)));
typedef unsigned long ulong16 __attribute__((ext_vector_type(16)));
typedef float float16_unaligned __attribute__((ext_vector_type(16), aligned(4)));
typedef float float8_unaligned __attribute__((ext_vector_type(8), aligned(4)));
#define get_global_id(d) (item->id[d])
#define get_global_size(d) (item->size[d])
#ifdef LEVEL_HAS_FMA
#define FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define FMA(a, b, c) ((a) * (b) + (c))   // without the instruction, fma is a call to libm
#endif
#define sqrt(x) __builtin_elementwise_sqrt(x)
#define fabs(x) __builtin_elementwise_abs(x)
#define fmax(a, b) __builtin_elementwise_max(a, b)
#define fmin(a, b) __builtin_elementwise_min(a, b)
#define floor(x) __builtin_elementwise_floor(x)
#define rint(x) __builtin_elementwise_rint(x)
INLINE float16 load16(const float* p) { return *(const float16_unaligned*)p; }
INLINE void store16(float16 v, float* p) { *(float16_unaligned*)p = v; }
INLINE void store8(float8 v, float* p) { *(float8_unaligned*)p = v; }
INLINE float16 splat(float x) { return (float16)(x); }
INLINE int16 floatBits16(float16 x) { union { float16 f; int16 i; } u = {x}; return u.i; }
INLINE float16 bitsFloat16(int16 x) { union { int16 i; float16 f; } u = {x}; return u.f; }
INLINE int floatBits(float x) { union { float f; int i; } u = {x}; return u.i; }
INLINE float bitsFloat(int x) { union { int i; float f; } u = {x}; return u.f; }
#define toFloat16(x) __builtin_convertvector(x, float16)
#define toFloat(x) ((float)(x))
#define SELECT16(otherwise, chosen, condition) \
  bitsFloat16((floatBits16(otherwise) & ~(condition)) | (floatBits16(chosen) & (condition)))
#define REGISTER(kernel, Parameters, buffers)                                                                   \
  static void call_##kernel(void* const* b, const void* a, const WorkItem* item) {                             \
    kernel(BUFFERS_##buffers, *(const Parameters*)a, item);                                                     \
  }                                                                                                             \
  __attribute__((used, retain, section(KERNEL_SECTION))) static const NativeKernel entry_##kernel = {           \
      #kernel, FAMILY, sizeof(Parameters), buffers, call_##kernel};
#define BUFFERS_1 b[0]
#define BUFFERS_2 BUFFERS_1, b[1]
#define BUFFERS_3 BUFFERS_2, b[2]
#define BUFFERS_4 BUFFERS_3, b[3]
#define BUFFERS_5 BUFFERS_4, b[4]
#define BUFFERS_6 BUFFERS_5, b[5]
#define BUFFERS_7 BUFFERS_6, b[6]
#define BUFFERS_8 BUFFERS_7, b[7]
#define BUFFERS_9 BUFFERS_8, b[8]
#define BUFFERS_10 BUFFERS_9, b[9]
#define BUFFERS_11 BUFFERS_10, b[10]
#define BUFFERS_12 BUFFERS_11, b[11]
#endif

#ifndef __has_builtin
#define __has_builtin(x) 0
#endif
#if __has_builtin(__builtin_nontemporal_store) && (!defined(__OPENCL_VERSION__) || defined(CPU_DEVICE))
// More than a core's share of the caches would keep until somebody reads it.
#define STREAMING_COUNT (2 << 20)
#define STREAMS(count, aligned) ((aligned) && (count) >= STREAMING_COUNT)
INLINE void stream16(float16 v, __global float* p) { __builtin_nontemporal_store(v, (__global float16*)p); }
#else
#define STREAMS(count, aligned) 0
INLINE void stream16(float16 v, __global float* p) { store16(v, p); }
#endif

#define TILE_VECTORS (TILE_COLUMNS / 16)
#define AT(buffer, offset) ((buffer) + (size_t)(offset) * 16)

#ifndef FOR_EACH           // a CPU takes one contiguous share per work-item, in whole vectors, so that the loop vectorises
#define FOR_EACH(i, n)                                                                                            \
  for (int share_ = ((((n) + (int)get_global_size(0) - 1) / (int)get_global_size(0)) + 15) & ~15,                 \
           i = (int)get_global_id(0) * share_, end_ = i + share_ < (n) ? i + share_ : (n);                        \
       i < end_; i++)
#define FOR_EACH_UNIT(i, n)                                                                                       \
  for (int share_ = ((n) + (int)get_global_size(0) - 1) / (int)get_global_size(0),                                \
           i = (int)get_global_id(0) * share_, end_ = i + share_ < (n) ? i + share_ : (n);                        \
       i < end_; i++)
#endif
#endif
