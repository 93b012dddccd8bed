// An OpenCL library that passes every call on to the real one, counts the calls, and fails, lies or hides devices when told to.
// Tests open it with GLISSADE_OPENCL_LIBRARY; FailingOpenCL.swift builds it. It is told by the environment:
//
//   GLISSADE_FAIL           function:n:code[:once|:late|:event], several separated by commas. The n-th call of the function, counted from
//                           1, and all later ones return this status code, as a lost device stays lost; with `once` only the n-th does.
//                           Of a command, `late`: the call succeeds and does nothing, what waits next returns the code, and the context is
//                           lost; `event`: only its event and those after it know.
//   GLISSADE_CORRUPT        function:n[:once], for clEnqueueReadBuffer and clEnqueueMapBuffer: the data of the n-th and all later calls
//                           comes back with every bit flipped.
//   GLISSADE_NO_PLATFORMS   if set: no platform (CL_PLATFORM_NOT_FOUND_KHR, as a loader without drivers says).
//   GLISSADE_NO_DEVICES     if set: no device on any platform (CL_DEVICE_NOT_FOUND).
//   GLISSADE_PRETEND_GPU    if set: every CPU device says that it is a GPU.
//   GLISSADE_CALLS          a file to which the number of calls of each function is written at exit, one "function count" a line.
//   GLISSADE_REAL_OPENCL    the library that does the work, instead of libOpenCL.so.1.
#include "../OpenCLInFront/in_front.h"

const char* const libraryName = "FailingOpenCL";

// What happens to the calls of one function: those from `first` on, or only that one; 0 is none.
typedef struct {
  unsigned long first;
  bool once;
  Fault fault;
} Rule;

static Rule failures[256], corruptions[256];

static bool applies(Rule rule, unsigned long call) { return rule.first != 0 && (rule.once ? call == rule.first : call >= rule.first); }

Fault fault_of(Function* function, unsigned long call) {
  const Rule rule = failures[function_number(function->name)];
  return applies(rule, call) ? rule.fault : (Fault){CL_SUCCESS, atOnce};
}

// MARK: - Reading the environment

static void read_rule(const char* variable, const char* text, bool isFailure) {
  char name[128], tail[16] = "";
  Rule rule = {0, false, {CL_SUCCESS, atOnce}};
  const int fields = isFailure ? sscanf(text, "%127[^:]:%lu:%d:%15s", name, &rule.first, &rule.fault.code, tail)
                               : sscanf(text, "%127[^:]:%lu:%15s", name, &rule.first, tail);
  if (fields < (isFailure ? 3 : 2) || rule.first == 0) refuse(variable, text);
  const int number = function_number(name);
  if (number < 0) refuse(variable, text);
  if (strcmp(tail, "once") == 0) {
    rule.once = true;
  } else if (isFailure && functions[number]->isCommand && strcmp(tail, "late") == 0) {
    rule.fault.arrival = late;
  } else if (isFailure && functions[number]->isCommand && strcmp(tail, "event") == 0) {
    rule.fault.arrival = inEvents;
  } else if (*tail) {
    refuse(variable, text);
  }
  if (isFailure) {
    failures[number] = rule;
  } else {
    if (functions[number] != &state_clEnqueueReadBuffer && functions[number] != &state_clEnqueueMapBuffer) refuse(variable, text);
    corruptions[number] = rule;
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

BEFORE(clGetPlatformIDs);
static cl_int platform_ids(cl_uint capacity, cl_platform_id* platforms, cl_uint* count) {
  if (!noPlatforms && before_clGetPlatformIDs) return before_clGetPlatformIDs(capacity, platforms, count);
  if (count) *count = 0;
  return CL_PLATFORM_NOT_FOUND_KHR;
}

// The type under which the real library knows the devices that are asked for.
static cl_device_type real_type(cl_device_type type) {
  if (!pretendGPU || type == CL_DEVICE_TYPE_ALL) return type;
  const cl_device_type others = type & ~(cl_device_type)CL_DEVICE_TYPE_CPU;
  return type & CL_DEVICE_TYPE_GPU ? others | CL_DEVICE_TYPE_CPU : others;
}

BEFORE(clGetDeviceIDs);
static cl_int device_ids(cl_platform_id platform, cl_device_type type, cl_uint capacity, cl_device_id* devices, cl_uint* count) {
  const cl_device_type real = real_type(type);
  if (!noDevices && (real != 0 || type == 0)) return before_clGetDeviceIDs(platform, real, capacity, devices, count);
  if (count) *count = 0;
  return CL_DEVICE_NOT_FOUND;
}

BEFORE(clGetDeviceInfo);
static cl_int device_info(cl_device_id device, cl_device_info parameter, size_t size, void* value, size_t* sizeReturned) {
  const cl_int status = before_clGetDeviceInfo(device, parameter, size, value, sizeReturned);
  if (status != CL_SUCCESS || !pretendGPU || parameter != CL_DEVICE_TYPE || !value) return status;
  cl_device_type* type = value;
  if (*type & CL_DEVICE_TYPE_CPU) *type = (*type & ~(cl_device_type)CL_DEVICE_TYPE_CPU) | CL_DEVICE_TYPE_GPU;
  return status;
}

BEFORE(clCreateContextFromType);
static cl_context context_from_type(
    const cl_context_properties* properties, cl_device_type type,
    void(CL_CALLBACK* notify)(const char*, const void*, size_t, void*), void* data, cl_int* error) {
  const cl_device_type real = real_type(type);
  if (!noDevices && (real != 0 || type == 0)) return before_clCreateContextFromType(properties, real, notify, data, error);
  if (error) *error = CL_DEVICE_NOT_FOUND;
  return NULL;
}

// MARK: - Corruption

static bool is_corrupt(const Function* function) { return applies(corruptions[function_number(function->name)], callNumber); }

static void flip(void* data, size_t size) {
  unsigned char* bytes = data;
  for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)~bytes[i];
}

BEFORE(clEnqueueReadBuffer);
static cl_int read_buffer(
    cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size, void* host, cl_uint waitCount,
    const cl_event* waitList, cl_event* event) {
  const bool corrupt = is_corrupt(&state_clEnqueueReadBuffer);
  const cl_int status =
      before_clEnqueueReadBuffer(queue, buffer, corrupt ? CL_TRUE : blocking, offset, size, host, waitCount, waitList, event);
  if (status == CL_SUCCESS && corrupt) flip(host, size);
  return status;
}

BEFORE(clEnqueueMapBuffer);
static void* map_buffer(
    cl_command_queue queue, cl_mem buffer, cl_bool blocking, cl_map_flags flags, size_t offset, size_t size, cl_uint waitCount,
    const cl_event* waitList, cl_event* event, cl_int* error) {
  const bool corrupt = is_corrupt(&state_clEnqueueMapBuffer);
  void* mapped =
      before_clEnqueueMapBuffer(queue, buffer, corrupt ? CL_TRUE : blocking, flags, offset, size, waitCount, waitList, event, error);
  if (mapped && corrupt) flip(mapped, size);
  return mapped;
}

// MARK: - Starting and stopping

void library_starts(bool isOpen) {
  if (isOpen) {
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
