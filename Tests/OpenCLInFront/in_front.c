// Opens the library behind, exports the functions, counts the calls.
#include "in_front.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>

#define STATE(name, isCommand)                             \
  __typeof__(&name) honest_##name, answer_##name;          \
  Function state_##name = {#name, isCommand, 0};
#define STATUS(name, parameters, arguments) STATE(name, false)
#define CREATE(type, name, parameters, arguments) STATE(name, false)
#define COMMAND(name, isBlocking, parameters, arguments) STATE(name, true)
#include "../../Sources/COpenCL/functions.h"
#undef STATUS
#undef CREATE
#undef COMMAND
__typeof__(&clGetExtensionFunctionAddressForPlatform) honest_clGetExtensionFunctionAddressForPlatform;

#define STATUS(name, parameters, arguments) &state_##name,
#define CREATE(type, name, parameters, arguments) &state_##name,
Function* const functions[] = {
#include "../../Sources/COpenCL/functions.h"
};
#undef STATUS
#undef CREATE
const int functionCount = sizeof functions / sizeof functions[0];
_Thread_local unsigned long callNumber;

int function_number(const char* name) {
  for (int i = 0; i < functionCount; i++) {
    if (strcmp(functions[i]->name, name) == 0) return i;
  }
  return -1;
}

bool is_set(const char* variable) {
  const char* value = getenv(variable);
  return value && *value && strcmp(value, "0") != 0;
}

void refuse(const char* variable, const char* text) {
  fprintf(stderr, "%s: %s: not understood: %s\n", libraryName, variable, text);
  // Without the minute-long look at the stack that Swift's handler takes.
  signal(SIGABRT, SIG_DFL);
  abort();
}

// MARK: - Starting

// The library that the list names after this one; the first, if this one is not in it.
static void* open_behind(void) {
  const char* value = getenv("GLISSADE_REAL_OPENCL");
  char* paths = strdup(value ? value : "");
  Dl_info self = {0};
  dladdr(&state_clFinish, &self);
  const char* behind = NULL;
  bool isPassed = false;
  char* rest = paths;
  for (char* path; (path = strsep(&rest, ":")) != NULL;) {
    if (self.dli_fname && strcmp(path, self.dli_fname) == 0) {
      isPassed = true;
      behind = NULL;
    } else if (*path && (!behind || isPassed)) {
      behind = path;
      if (isPassed) break;
    }
  }
  void* library = dlopen(behind ? behind : "libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
  free(paths);
  return library;
}

static void start(void) {
  void* library = open_behind();
  if (!library) fprintf(stderr, "%s: %s\n", libraryName, dlerror());
#define STATUS(name, parameters, arguments) \
  answer_##name = honest_##name = library ? (__typeof__(&name))dlsym(library, #name) : NULL;
#define CREATE(type, name, parameters, arguments) STATUS(name, parameters, arguments)
#include "../../Sources/COpenCL/functions.h"
#undef STATUS
#undef CREATE
  if (library) {
    honest_clGetExtensionFunctionAddressForPlatform =
        (__typeof__(&clGetExtensionFunctionAddressForPlatform))dlsym(library, "clGetExtensionFunctionAddressForPlatform");
    start_late_errors();
  }
  library_starts(library != NULL);
}

static void start_once(void) {
  static pthread_once_t started = PTHREAD_ONCE_INIT;
  pthread_once(&started, start);
}

// MARK: - The functions

static Fault count_call(Function* function) {
  start_once();
  callNumber = atomic_fetch_add(&function->calls, 1) + 1;
  return fault_of(function, callNumber);
}

#define EXPORTED __attribute__((visibility("default"))) CL_API_ENTRY

#define STATUS(name, parameters, arguments)                                \
  EXPORTED cl_int CL_API_CALL name parameters {                            \
    const Fault fault = count_call(&state_##name);                         \
    if (fault.code != CL_SUCCESS) return fault.code;                       \
    return answer_##name ? answer_##name arguments : CL_INVALID_OPERATION; \
  }
#define COMMAND(name, isBlocking, parameters, arguments)                                                   \
  EXPORTED cl_int CL_API_CALL name parameters {                                                            \
    const Fault fault = count_call(&state_##name);                                                         \
    cl_int status = CL_SUCCESS;                                                                            \
    if (fault.code != CL_SUCCESS && fault.arrival == atOnce) return fault.code;                            \
    if (!answer_##name) return CL_INVALID_OPERATION;                                                       \
    if (is_lost(queue, isBlocking, waitCount, waitList, event, &status)) return status;                    \
    if (fault.code == CL_SUCCESS) return answer_##name arguments;                                          \
    status = fail_command(queue, fault, waitCount, waitList, event);                                       \
    if (isBlocking) is_lost(queue, isBlocking, 0, NULL, NULL, &status);                                    \
    return status;                                                                                         \
  }
#define CREATE(type, name, parameters, arguments)                            \
  EXPORTED type CL_API_CALL name parameters {                                \
    Fault fault = count_call(&state_##name);                                 \
    if (fault.code == CL_SUCCESS && answer_##name) return answer_##name arguments; \
    if (error) *error = fault.code == CL_SUCCESS ? CL_INVALID_OPERATION : fault.code; \
    return NULL;                                                             \
  }
#include "../../Sources/COpenCL/functions.h"

// Not counted: what it returns belongs to the library behind.
EXPORTED void* CL_API_CALL clGetExtensionFunctionAddressForPlatform(cl_platform_id platform, const char* name) {
  start_once();
  return honest_clGetExtensionFunctionAddressForPlatform ? honest_clGetExtensionFunctionAddressForPlatform(platform, name) : NULL;
}
