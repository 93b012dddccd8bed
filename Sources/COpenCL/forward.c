// Opens the OpenCL library and forwards the calls to it.
#define _GNU_SOURCE  // RTLD_DEFAULT
#include "COpenCL.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Null until loaded, and null for ever where the library lacks the function.
static struct {
#define STATUS(name, parameters, arguments) _Atomic(__typeof__(&name)) name;
#define CREATE(type, name, parameters, arguments) _Atomic(__typeof__(&name)) name;
#include "functions.h"
#undef STATUS
#undef CREATE
  _Atomic(__typeof__(&clGetExtensionFunctionAddressForPlatform)) clGetExtensionFunctionAddressForPlatform;
} functions;

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(const char*) loaded;
static _Thread_local char message[1024];

static void take_functions(void* library) {
#define TAKE(name) atomic_store_explicit(&functions.name, (__typeof__(&name))dlsym(library, #name), memory_order_release)
#define STATUS(name, parameters, arguments) TAKE(name);
#define CREATE(type, name, parameters, arguments) TAKE(name);
#include "functions.h"
#undef STATUS
#undef CREATE
  TAKE(clGetExtensionFunctionAddressForPlatform);
}

static void complain(const char* text) {
  const size_t used = strlen(message);
  snprintf(message + used, sizeof message - used, "%s%s", used ? "; " : "", text);
}

static int open_library(const char* name) {
  void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* reason = dlerror();
    complain(reason ? reason : name);
    return 0;
  }
  if (!dlsym(library, "clGetPlatformIDs")) {
    char text[512];
    snprintf(text, sizeof text, "%s: not an OpenCL library, it has no clGetPlatformIDs", name);
    complain(text);
    dlclose(library);
    return 0;
  }
  char* copy = strdup(name);
  if (!copy) {
    complain("out of memory");
    dlclose(library);
    return 0;
  }
  take_functions(library);
  atomic_store_explicit(&loaded, copy, memory_order_release);
  return 1;
}

static int open_preloaded(void) {
  if (!dlsym(RTLD_DEFAULT, "clGetPlatformIDs")) return 0;
  take_functions(RTLD_DEFAULT);
  atomic_store_explicit(&loaded, "preloaded", memory_order_release);
  return 1;
}

static int load(const char* library) {
  const char* open = atomic_load_explicit(&loaded, memory_order_acquire);
  if (open) {
    if (!library || strcmp(library, open) == 0) return 1;
    snprintf(message, sizeof message, "%s: another OpenCL library is open already: %s", library, open);
    return 0;
  }
  if (!library) library = getenv("GLISSADE_OPENCL_LIBRARY");
  if (library && *library) return open_library(library);
  return open_preloaded() || open_library("libOpenCL.so.1") || open_library("libOpenCL.so");
}

const char* glissade_opencl_load(const char* library) {
  message[0] = 0;
  pthread_mutex_lock(&loading);
  const int success = load(library);
  pthread_mutex_unlock(&loading);
  return success ? NULL : message;
}

const char* glissade_opencl_library(void) { return atomic_load_explicit(&loaded, memory_order_acquire); }

#define FUNCTION(name) __typeof__(&name) function = atomic_load_explicit(&functions.name, memory_order_acquire)
#define STATUS(name, parameters, arguments)     \
  cl_int glissade_##name parameters {           \
    FUNCTION(name);                             \
    if (!function) return CL_INVALID_OPERATION; \
    return function arguments;                  \
  }
#define CREATE(type, name, parameters, arguments) \
  type glissade_##name parameters {               \
    FUNCTION(name);                               \
    if (function) return function arguments;      \
    if (error) *error = CL_INVALID_OPERATION;     \
    return NULL;                                  \
  }
static cl_int forward_clGetPlatformIDs(cl_uint, cl_platform_id*, cl_uint*);
#define glissade_clGetPlatformIDs forward_clGetPlatformIDs
#include "functions.h"
#undef glissade_clGetPlatformIDs

// A loader without a single driver is a normal thing to meet, and means no platforms.
cl_int glissade_clGetPlatformIDs(cl_uint capacity, cl_platform_id* platforms, cl_uint* count) {
  const cl_int status = forward_clGetPlatformIDs(capacity, platforms, count);
  if (status != CL_PLATFORM_NOT_FOUND_KHR) return status;
  if (count) *count = 0;
  return CL_SUCCESS;
}

void* glissade_clGetExtensionFunctionAddressForPlatform(cl_platform_id platform, const char* name) {
  FUNCTION(clGetExtensionFunctionAddressForPlatform);
  return function ? function(platform, name) : NULL;
}
