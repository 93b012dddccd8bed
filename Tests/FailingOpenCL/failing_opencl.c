// An OpenCL library that passes every call on to the real one, counts the calls, and fails, lies or hides devices when told to.
// Tests open it with GLISSADE_OPENCL_LIBRARY; FailingOpenCL.swift builds it. It is told by the environment:
//
//   GLISSADE_FAIL           function:n:code[:once], several separated by commas. The n-th call of the function, counted from 1, and all
//                           later ones return this status code, as a lost device stays lost; with `once` only the n-th does.
//   GLISSADE_CORRUPT        function:n[:once], for clEnqueueReadBuffer and clEnqueueMapBuffer: the data of the n-th and all later calls
//                           comes back with every bit flipped.
//   GLISSADE_NO_PLATFORMS   if set: no platform (CL_PLATFORM_NOT_FOUND_KHR, as a loader without drivers says).
//   GLISSADE_NO_DEVICES     if set: no device on any platform (CL_DEVICE_NOT_FOUND).
//   GLISSADE_PRETEND_GPU    if set: every CPU device says that it is a GPU.
//   GLISSADE_CALLS          a file to which the number of calls of each function is written at exit, one "function count" a line.
//   GLISSADE_REAL_OPENCL    the library that does the work, instead of libOpenCL.so.1.
#define _GNU_SOURCE
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>
#include <CL/cl_ext.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What happens to the calls of one function: those from `first` on, or only that one; 0 is none.
typedef struct {
  unsigned long first;
  bool once;
  cl_int code;
} Rule;

typedef struct {
  const char* name;
  atomic_ulong calls;
  Rule failure, corruption;
} Function;

// Every function: what does its work, and what is known of it.
#define STATUS(name, parameters, arguments) \
  static __typeof__(&name) real_##name;     \
  static Function state_##name = {#name, 0, {0, false, 0}, {0, false, 0}};
#define CREATE(type, name, parameters, arguments) STATUS(name, parameters, arguments)
#include "../../Sources/COpenCL/functions.h"
#undef STATUS
#undef CREATE
static __typeof__(&clGetExtensionFunctionAddressForPlatform) real_clGetExtensionFunctionAddressForPlatform;

#define STATUS(name, parameters, arguments) &state_##name,
#define CREATE(type, name, parameters, arguments) &state_##name,
static Function* const functions[] = {
#include "../../Sources/COpenCL/functions.h"
};
#undef STATUS
#undef CREATE
enum { functionCount = sizeof functions / sizeof functions[0] };

static bool is_set(const char* variable) {
  const char* value = getenv(variable);
  return value && *value && strcmp(value, "0") != 0;
}

static bool applies(Rule rule, unsigned long call) { return rule.first != 0 && (rule.once ? call == rule.first : call >= rule.first); }

// MARK: - Reading the environment

// A rule that means nothing must not let a test pass for the wrong reason.
static void refuse(const char* variable, const char* rule) {
  fprintf(stderr, "FailingOpenCL: %s: not understood: %s\n", variable, rule);
  abort();
}

static Function* find_function(const char* name) {
  for (int i = 0; i < functionCount; i++) {
    if (strcmp(functions[i]->name, name) == 0) return functions[i];
  }
  return NULL;
}

static void read_rule(const char* variable, const char* text, bool isFailure) {
  char name[128], tail[16] = "";
  Rule rule = {0, false, 0};
  const int fields = isFailure ? sscanf(text, "%127[^:]:%lu:%d:%15s", name, &rule.first, &rule.code, tail)
                               : sscanf(text, "%127[^:]:%lu:%15s", name, &rule.first, tail);
  if (fields < (isFailure ? 3 : 2) || rule.first == 0 || (*tail && strcmp(tail, "once") != 0)) refuse(variable, text);
  rule.once = *tail != 0;
  Function* function = find_function(name);
  if (!function) refuse(variable, text);
  if (isFailure) {
    function->failure = rule;
  } else {
    if (function != &state_clEnqueueReadBuffer && function != &state_clEnqueueMapBuffer) refuse(variable, text);
    function->corruption = rule;
  }
}

static void read_rules(const char* variable, bool isFailure) {
  const char* value = getenv(variable);
  if (!value) return;
  char* copy = strdup(value);
  char* rest = copy;
  for (char* rule; (rule = strsep(&rest, ",")) != NULL;) {
    if (*rule) read_rule(variable, rule, isFailure);
  }
  free(copy);
}

// MARK: - Lies

static bool noPlatforms, noDevices, pretendGPU;

static __typeof__(&clGetPlatformIDs) honest_clGetPlatformIDs;
static cl_int platform_ids(cl_uint capacity, cl_platform_id* platforms, cl_uint* count) {
  if (!noPlatforms && honest_clGetPlatformIDs) return honest_clGetPlatformIDs(capacity, platforms, count);
  if (count) *count = 0;
  return CL_PLATFORM_NOT_FOUND_KHR;
}

// The type under which the real library knows the devices that are asked for.
static cl_device_type real_type(cl_device_type type) {
  if (!pretendGPU || type == CL_DEVICE_TYPE_ALL) return type;
  const cl_device_type others = type & ~(cl_device_type)CL_DEVICE_TYPE_CPU;
  return type & CL_DEVICE_TYPE_GPU ? others | CL_DEVICE_TYPE_CPU : others;
}

static __typeof__(&clGetDeviceIDs) honest_clGetDeviceIDs;
static cl_int device_ids(cl_platform_id platform, cl_device_type type, cl_uint capacity, cl_device_id* devices, cl_uint* count) {
  const cl_device_type real = real_type(type);
  if (!noDevices && (real != 0 || type == 0)) return honest_clGetDeviceIDs(platform, real, capacity, devices, count);
  if (count) *count = 0;
  return CL_DEVICE_NOT_FOUND;
}

static __typeof__(&clGetDeviceInfo) honest_clGetDeviceInfo;
static cl_int device_info(cl_device_id device, cl_device_info parameter, size_t size, void* value, size_t* sizeReturned) {
  const cl_int status = honest_clGetDeviceInfo(device, parameter, size, value, sizeReturned);
  if (status != CL_SUCCESS || !pretendGPU || parameter != CL_DEVICE_TYPE || !value) return status;
  cl_device_type* type = value;
  if (*type & CL_DEVICE_TYPE_CPU) *type = (*type & ~(cl_device_type)CL_DEVICE_TYPE_CPU) | CL_DEVICE_TYPE_GPU;
  return status;
}

static __typeof__(&clCreateContextFromType) honest_clCreateContextFromType;
static cl_context context_from_type(
    const cl_context_properties* properties, cl_device_type type,
    void(CL_CALLBACK* notify)(const char*, const void*, size_t, void*), void* data, cl_int* error) {
  const cl_device_type real = real_type(type);
  if (!noDevices && (real != 0 || type == 0)) return honest_clCreateContextFromType(properties, real, notify, data, error);
  if (error) *error = CL_DEVICE_NOT_FOUND;
  return NULL;
}

// MARK: - Corruption

static void flip(void* data, size_t size) {
  unsigned char* bytes = data;
  for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)~bytes[i];
}

// The number of the call that this thread is making.
static _Thread_local unsigned long callNumber;

static __typeof__(&clEnqueueReadBuffer) honest_clEnqueueReadBuffer;
static cl_int read_buffer(
    cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size, void* host, cl_uint waitCount,
    const cl_event* waitList, cl_event* event) {
  const bool corrupt = applies(state_clEnqueueReadBuffer.corruption, callNumber);
  const cl_int status =
      honest_clEnqueueReadBuffer(queue, buffer, corrupt ? CL_TRUE : blocking, offset, size, host, waitCount, waitList, event);
  if (status == CL_SUCCESS && corrupt) flip(host, size);
  return status;
}

static __typeof__(&clEnqueueMapBuffer) honest_clEnqueueMapBuffer;
static void* map_buffer(
    cl_command_queue queue, cl_mem buffer, cl_bool blocking, cl_map_flags flags, size_t offset, size_t size, cl_uint waitCount,
    const cl_event* waitList, cl_event* event, cl_int* error) {
  const bool corrupt = applies(state_clEnqueueMapBuffer.corruption, callNumber);
  void* mapped =
      honest_clEnqueueMapBuffer(queue, buffer, corrupt ? CL_TRUE : blocking, flags, offset, size, waitCount, waitList, event, error);
  if (mapped && corrupt) flip(mapped, size);
  return mapped;
}

// MARK: - Starting and stopping

#define REPLACE(name, replacement) \
  honest_##name = real_##name;     \
  real_##name = replacement

static void start(void) {
  const char* path = getenv("GLISSADE_REAL_OPENCL");
  void* library = dlopen(path && *path ? path : "libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) fprintf(stderr, "FailingOpenCL: %s\n", dlerror());
#define STATUS(name, parameters, arguments) \
  if (library) real_##name = (__typeof__(&name))dlsym(library, #name);
#define CREATE(type, name, parameters, arguments) STATUS(name, parameters, arguments)
#include "../../Sources/COpenCL/functions.h"
#undef STATUS
#undef CREATE
  if (library) {
    real_clGetExtensionFunctionAddressForPlatform =
        (__typeof__(&clGetExtensionFunctionAddressForPlatform))dlsym(library, "clGetExtensionFunctionAddressForPlatform");
    REPLACE(clGetDeviceIDs, device_ids);
    REPLACE(clGetDeviceInfo, device_info);
    REPLACE(clCreateContextFromType, context_from_type);
    REPLACE(clEnqueueReadBuffer, read_buffer);
    REPLACE(clEnqueueMapBuffer, map_buffer);
  }
  REPLACE(clGetPlatformIDs, platform_ids);
  noPlatforms = is_set("GLISSADE_NO_PLATFORMS");
  noDevices = is_set("GLISSADE_NO_DEVICES");
  pretendGPU = is_set("GLISSADE_PRETEND_GPU");
  read_rules("GLISSADE_FAIL", true);
  read_rules("GLISSADE_CORRUPT", false);
}

__attribute__((destructor)) static void write_calls(void) {
  const char* path = getenv("GLISSADE_CALLS");
  FILE* file = path && *path ? fopen(path, "w") : NULL;
  if (!file) return;
  for (int i = 0; i < functionCount; i++) {
    const unsigned long calls = atomic_load(&functions[i]->calls);
    if (calls) fprintf(file, "%s %lu\n", functions[i]->name, calls);
  }
  fclose(file);
}

// MARK: - The functions

static void start_once(void) {
  static pthread_once_t started = PTHREAD_ONCE_INIT;
  pthread_once(&started, start);
}

// Counts a call, and returns the status code that it fails with, or CL_SUCCESS.
static cl_int count_call(Function* function) {
  start_once();
  callNumber = atomic_fetch_add(&function->calls, 1) + 1;
  return applies(function->failure, callNumber) ? function->failure.code : CL_SUCCESS;
}

#define STATUS(name, parameters, arguments)                            \
  CL_API_ENTRY cl_int CL_API_CALL name parameters {                    \
    const cl_int failure = count_call(&state_##name);                  \
    if (failure != CL_SUCCESS) return failure;                         \
    return real_##name ? real_##name arguments : CL_INVALID_OPERATION; \
  }
#define CREATE(type, name, parameters, arguments)                           \
  CL_API_ENTRY type CL_API_CALL name parameters {                           \
    cl_int failure = count_call(&state_##name);                             \
    if (failure == CL_SUCCESS && real_##name) return real_##name arguments; \
    if (failure == CL_SUCCESS) failure = CL_INVALID_OPERATION;              \
    if (error) *error = failure;                                            \
    return NULL;                                                            \
  }
#include "../../Sources/COpenCL/functions.h"

// Not counted: what it returns belongs to the real library.
CL_API_ENTRY void* CL_API_CALL clGetExtensionFunctionAddressForPlatform(cl_platform_id platform, const char* name) {
  start_once();
  return real_clGetExtensionFunctionAddressForPlatform ? real_clGetExtensionFunctionAddressForPlatform(platform, name) : NULL;
}
