// What the parts of the pretending library know of each other.
#pragma once
#include "../OpenCLInFront/in_front.h"

/// What one kind of device says of itself, and what it bears.
typedef struct {
  /// How GLISSADE_PRETEND calls it.
  const char* name;
  const char *platform, *platformVersion, *vendor, *device, *version, *driver, *languageVersion;
  /// Extensions that are told beside those of every OpenCL 1.1.
  const char* extensions;
  /// Values of -cl-std beside CL1.0, CL1.1 and CL1.2 that it builds.
  const char* languages;
  cl_uint vendorID, units, clock;
  /// Work-items of a group: at most, along each axis, and in those kernels that take many registers (here all).
  size_t group, groupSizes[3], kernelGroup, groupMultiple;
  cl_ulong memory, allocation, localBytes;
  size_t parameterBytes;
  /// Bytes at which sub-buffers may begin.
  cl_uint alignment;
  cl_uint vectorWidth;
  bool isUnified, hasDoubles, hasDenormals, hasFusedMultiplyAdd, localIsGlobal;
  /// Milliseconds after which a kernel is stopped; 0 for never.
  cl_ulong watchdog;
} Profile;

extern const Profile profiles[];
extern const int profileCount;

typedef struct {
  /// What is enforced, and what is claimed, which differs where the driver lies.
  Profile is, claims;
  /// How what it does not bear comes to light.
  Arrival arrival;
  bool isSilent, isLazy, hasWarnings, hasOddNames, hasNoNames, hasNoVersion, hasNoLog, hasBrokenPlatform;
  unsigned long vanishesAt, stuckAt, hangsAt, wrongFrom;
  /// Bytes in a second; 0 for no limit.
  double transferRate;
  char wrongKernel[64], unbuildableKernel[64];
} Settings;

extern Settings settings;
/// Reads GLISSADE_PRETEND.
void read_settings(void);

extern atomic_bool hasVanished;

/// By handle: a table of what is known of them. `known` returns NULL for what was not added; the caller holds `tableLock`.
typedef struct Entry {
  struct Entry* next;
  const void* handle;
} Entry;
typedef struct {
  size_t entrySize;
  Entry* chains[256];
} Table;
void* known(Table* table, const void* handle);
/// A new entry of zeros, or the old one as a new one: drivers use addresses again.
void* added(Table* table, const void* handle);
void lock_tables(void);
void unlock_tables(void);

void start_answers(void);
void start_memory(void);
void start_programs(void);
void start_launches(void);

/// What becomes of a command that the device does not bear.
cl_int not_borne(cl_command_queue queue, cl_int code, cl_uint waitCount, const cl_event* waitList, cl_event* event);
/// Whether there is memory for a buffer that is used for the first time.
bool has_memory_for(cl_mem memory);
/// Whether a handle is a buffer's, and its bytes.
bool is_buffer(cl_mem memory, size_t* size);
