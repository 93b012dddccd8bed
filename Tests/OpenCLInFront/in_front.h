// What libraries have in common that stand in front of OpenCL and pass its calls on: they open the one behind, export every function of
// Sources/COpenCL/functions.h, count the calls, and let errors arrive late, as GPUs' queues do. Each function has three faces:
//
//   honest_NAME   the library behind
//   answer_NAME   what the exported function passes a call on to: the honest one, or what was put in its place with REPLACE
//   NAME          exported
//
// The library behind is the one that GLISSADE_REAL_OPENCL names, or libOpenCL.so.1. Several of these libraries can stand in a row:
// GLISSADE_REAL_OPENCL may list what is behind, separated by colons; each opens what comes after itself.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>
#include <CL/cl_ext.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char* name;
  bool isCommand;
  atomic_ulong calls;
} Function;

#define STATUS(name, parameters, arguments)                  \
  extern __typeof__(&name) honest_##name, answer_##name;     \
  extern Function state_##name;
#define CREATE(type, name, parameters, arguments) STATUS(name, parameters, arguments)
#include "../../Sources/COpenCL/functions.h"
#undef STATUS
#undef CREATE
extern __typeof__(&clGetExtensionFunctionAddressForPlatform) honest_clGetExtensionFunctionAddressForPlatform;

extern Function* const functions[];
extern const int functionCount;
/// A function's place in `functions`; -1 for a name that is none.
int function_number(const char* name);

/// From here on `replacement` answers the calls; what answered before is in `before_NAME`, which the file declares with BEFORE(NAME).
#define BEFORE(name) static __typeof__(&name) before_##name
#define REPLACE(name, replacement) \
  before_##name = answer_##name;   \
  answer_##name = replacement

// MARK: - What each library defines

/// How its complaints begin.
extern const char* const libraryName;
/// Called once, before the first call goes through. `isOpen` is false where the library behind cannot be opened: nothing is honest then.
void library_starts(bool isOpen);

/// How an error comes to light.
typedef enum {
  /// The call returns it.
  atOnce,
  /// The call succeeds; its event and whatever waits next, clFlush among them, bring the error, and the context is lost, as on NVIDIA.
  late,
  /// The call succeeds; nothing but the status of its event, of those after it, and waiting for them brings the error.
  inEvents,
} Arrival;

typedef struct {
  cl_int code;
  Arrival arrival;
} Fault;

/// What is to go wrong with a function's call of this number, counted from 1; CL_SUCCESS for nothing.
Fault fault_of(Function* function, unsigned long call);

// MARK: - What they can use

/// The number of the call that this thread is making.
extern _Thread_local unsigned long callNumber;

/// Whether an environment variable is there and not 0.
bool is_set(const char* variable);

/// Ends the process: a rule that means nothing must not let a test pass for the wrong reason.
__attribute__((noreturn)) void refuse(const char* variable, const char* text);

/// A command fails after its call: returns what the call has to return.
cl_int fail_command(cl_command_queue queue, Fault fault, cl_uint waitCount, const cl_event* waitList, cl_event* event);

/// The device has gone wrong by itself; the next thing that waits says so.
void lose_context(cl_context context, cl_int code);

/// Whether a command's context is lost already; if so, `status` is what the call has to return, and it does nothing.
bool is_lost(
    cl_command_queue queue, bool isBlocking, cl_uint waitCount, const cl_event* waitList, cl_event* event, cl_int* status);

/// Puts what late errors need in place.
void start_late_errors(void);
