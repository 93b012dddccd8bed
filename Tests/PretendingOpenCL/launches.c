// Kernels and their launches: how large groups may be, how much local memory and how many arguments, how long a launch may take.
#include "pretending.h"

enum { argumentCount = 64, watchedCount = 1024 };

typedef struct {
  Entry entry;
  char name[64];
  cl_device_id device;
  size_t argumentSizes[argumentCount];
  cl_mem buffers[argumentCount];
  size_t required[3];
  cl_ulong localBytes;
  bool isMeasured;
  unsigned long launches;
} Kernel;

static atomic_ulong launches;
static Table kernels = {sizeof(Kernel), {NULL}};

typedef struct {
  cl_event event;
  cl_context context;
} Watched;

static Watched watched[watchedCount];
static int watchedNow;

BEFORE(clCreateKernel);
BEFORE(clCreateKernelsInProgram);
BEFORE(clSetKernelArg);
BEFORE(clGetKernelWorkGroupInfo);
BEFORE(clEnqueueNDRangeKernel);
BEFORE(clCreateCommandQueue);
BEFORE(clFinish);
BEFORE(clFlush);
BEFORE(clWaitForEvents);
BEFORE(clEnqueueReadBuffer);

// MARK: - Kernels

static void add(cl_kernel handle) {
  lock_tables();
  Kernel* kernel = added(&kernels, handle);
  honest_clGetKernelInfo(handle, CL_KERNEL_FUNCTION_NAME, sizeof kernel->name, kernel->name, NULL);
  unlock_tables();
}

static cl_kernel create_kernel(cl_program program, const char* name, cl_int* error) {
  cl_kernel kernel = before_clCreateKernel(program, name, error);
  if (kernel) add(kernel);
  return kernel;
}

static cl_int create_kernels(cl_program program, cl_uint capacity, cl_kernel* handles, cl_uint* count) {
  cl_uint number = 0;
  const cl_int status = before_clCreateKernelsInProgram(program, capacity, handles, &number);
  for (cl_uint i = 0; status == CL_SUCCESS && handles && i < number; i++) add(handles[i]);
  if (count) *count = number;
  return status;
}

static cl_int set_argument(cl_kernel handle, cl_uint index, size_t size, const void* value) {
  const cl_int status = before_clSetKernelArg(handle, index, size, value);
  if (status != CL_SUCCESS || index >= argumentCount) return status;
  cl_mem buffer = NULL;
  size_t bytes;
  if (value && size == sizeof buffer) memcpy(&buffer, value, sizeof buffer);
  const bool isBuffer = buffer && is_buffer(buffer, &bytes);
  lock_tables();
  Kernel* kernel = known(&kernels, handle);
  if (kernel) {
    kernel->argumentSizes[index] = value ? size : 0;
    kernel->buffers[index] = isBuffer ? buffer : NULL;
    kernel->isMeasured = false;
  }
  unlock_tables();
  return status;
}

static cl_int group_info(
    cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info parameter, size_t size, void* value, size_t* sizeReturned) {
  const cl_int status = before_clGetKernelWorkGroupInfo(kernel, device, parameter, size, value, sizeReturned);
  if (status != CL_SUCCESS || !value) return status;
  size_t* number = value;
  if (parameter == CL_KERNEL_WORK_GROUP_SIZE && *number > settings.claims.kernelGroup) *number = settings.claims.kernelGroup;
  if (parameter == CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE) *number = settings.claims.groupMultiple;
  return status;
}

// MARK: - Too long

static cl_command_queue create_queue(
    cl_context context, cl_device_id device, cl_command_queue_properties properties, cl_int* error) {
  // The watchdog reads the events' own times.
  const cl_command_queue_properties more = settings.is.watchdog ? CL_QUEUE_PROFILING_ENABLE : 0;
  return before_clCreateCommandQueue(context, device, properties | more, error);
}

// Looks at the launches that have ended, and lets go of them.
static void look_at_the_clock(void) {
  if (!settings.is.watchdog) return;
  lock_tables();
  int kept = 0;
  for (int i = 0; i < watchedNow; i++) {
    cl_int status = CL_COMPLETE;
    cl_ulong start = 0, end = 0;
    honest_clGetEventInfo(watched[i].event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL);
    if (status > CL_COMPLETE) {
      watched[kept++] = watched[i];
      continue;
    }
    if (honest_clGetEventProfilingInfo(watched[i].event, CL_PROFILING_COMMAND_START, sizeof start, &start, NULL) == CL_SUCCESS &&
        honest_clGetEventProfilingInfo(watched[i].event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL) == CL_SUCCESS &&
        end > start && end - start > settings.is.watchdog * 1000000) {
      lose_context(watched[i].context, CL_OUT_OF_RESOURCES);
    }
    honest_clReleaseEvent(watched[i].event);
  }
  watchedNow = kept;
  unlock_tables();
}

static void watch(cl_command_queue queue, cl_event event) {
  if (watchedNow == watchedCount) {
    honest_clFinish(queue);
    look_at_the_clock();
  }
  lock_tables();
  if (watchedNow < watchedCount) {
    Watched* place = &watched[watchedNow++];
    place->event = event;
    honest_clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof place->context, &place->context, NULL);
  } else {
    honest_clReleaseEvent(event);
  }
  unlock_tables();
}

static cl_int finish(cl_command_queue queue) {
  if (settings.is.watchdog) honest_clFinish(queue);
  look_at_the_clock();
  return before_clFinish(queue);
}

static cl_int flush(cl_command_queue queue) {
  look_at_the_clock();
  return before_clFlush(queue);
}

static cl_int wait_for_events(cl_uint count, const cl_event* events) {
  if (settings.is.watchdog) honest_clWaitForEvents(count, events);
  look_at_the_clock();
  return before_clWaitForEvents(count, events);
}

static cl_int read_buffer(
    cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size, void* host, cl_uint waitCount,
    const cl_event* waitList, cl_event* event) {
  if (settings.is.watchdog && blocking) {
    honest_clFinish(queue);
    look_at_the_clock();
    cl_int status;
    if (is_lost(queue, true, waitCount, waitList, event, &status)) return status;
  }
  return before_clEnqueueReadBuffer(queue, buffer, blocking, offset, size, host, waitCount, waitList, event);
}

// MARK: - Wrong

// Runs a launch and spoils what it wrote: of each buffer among its arguments, the words that changed.
static cl_int launch_wrongly(
    cl_command_queue queue, cl_kernel handle, const Kernel* kernel, cl_uint dimensions, const size_t* offset, const size_t* global,
    const size_t* local, cl_uint waitCount, const cl_event* waitList, cl_event* event) {
  unsigned* before[argumentCount] = {NULL};
  size_t sizes[argumentCount] = {0};
  if (waitCount) honest_clWaitForEvents(waitCount, waitList);
  for (int i = 0; i < argumentCount; i++) {
    if (!kernel->buffers[i] || !is_buffer(kernel->buffers[i], &sizes[i])) continue;
    before[i] = malloc(sizes[i]);
    honest_clEnqueueReadBuffer(queue, kernel->buffers[i], CL_TRUE, 0, sizes[i], before[i], 0, NULL, NULL);
  }
  const cl_int status = before_clEnqueueNDRangeKernel(queue, handle, dimensions, offset, global, local, 0, NULL, event);
  for (int i = 0; i < argumentCount; i++) {
    if (!before[i]) continue;
    unsigned* after = malloc(sizes[i]);
    honest_clEnqueueReadBuffer(queue, kernel->buffers[i], CL_TRUE, 0, sizes[i], after, 0, NULL, NULL);
    bool isSpoilt = false;
    for (size_t word = 0, changed = 0; word < sizes[i] / sizeof *after; word++) {
      if (after[word] == before[i][word] || changed++ % 3 != 0) continue;
      float value;
      memcpy(&value, &after[word], sizeof value);
      value = value * 1.5f + 0.01f;
      memcpy(&after[word], &value, sizeof value);
      isSpoilt = true;
    }
    if (isSpoilt) honest_clEnqueueWriteBuffer(queue, kernel->buffers[i], CL_TRUE, 0, sizes[i], after, 0, NULL, NULL);
    free(after);
    free(before[i]);
  }
  return status;
}

// MARK: - Launches

// A legal group where none is wanted: along the first axis, as wide as the device likes it and the index space allows.
static void choose_group(const size_t* global, size_t* local) {
  const size_t most = settings.is.kernelGroup < 64 ? settings.is.kernelGroup : 64;
  local[0] = 1;
  while (local[0] * 2 <= most && local[0] * 2 <= settings.is.groupSizes[0] && global[0] % (local[0] * 2) == 0) local[0] *= 2;
  local[1] = local[2] = 1;
}

// What a real driver knows when it has compiled the kernel.
static void measure(cl_kernel handle, cl_command_queue queue, Kernel* kernel) {
  if (kernel->isMeasured) return;
  honest_clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof kernel->device, &kernel->device, NULL);
  honest_clGetKernelWorkGroupInfo(
      handle, kernel->device, CL_KERNEL_LOCAL_MEM_SIZE, sizeof kernel->localBytes, &kernel->localBytes, NULL);
  honest_clGetKernelWorkGroupInfo(
      handle, kernel->device, CL_KERNEL_COMPILE_WORK_GROUP_SIZE, sizeof kernel->required, kernel->required, NULL);
  kernel->isMeasured = true;
}

static cl_int objection(const Kernel* kernel, cl_uint dimensions, const size_t* global, const size_t* local) {
  const Profile* is = &settings.is;
  size_t arguments = 0, items = 1;
  for (int i = 0; i < argumentCount; i++) arguments += kernel->argumentSizes[i];
  if (arguments > is->parameterBytes) return CL_OUT_OF_RESOURCES;
  if (!local && kernel->required[0]) return CL_INVALID_WORK_GROUP_SIZE;
  for (cl_uint axis = 0; local && axis < dimensions; axis++) {
    if (local[axis] > is->groupSizes[axis]) return CL_INVALID_WORK_ITEM_SIZE;
    if (local[axis] == 0 || global[axis] % local[axis] != 0) return CL_INVALID_WORK_GROUP_SIZE;
    items *= local[axis];
  }
  if (items > is->group) return CL_INVALID_WORK_GROUP_SIZE;
  if (items > is->kernelGroup) return CL_OUT_OF_RESOURCES;
  if (kernel->localBytes > is->localBytes) return CL_OUT_OF_RESOURCES;
  for (int i = 0; i < argumentCount; i++) {
    if (kernel->buffers[i] && !has_memory_for(kernel->buffers[i])) return CL_MEM_OBJECT_ALLOCATION_FAILURE;
  }
  return CL_SUCCESS;
}

cl_int not_borne(cl_command_queue queue, cl_int code, cl_uint waitCount, const cl_event* waitList, cl_event* event) {
  if (!settings.isSilent) return fail_command(queue, (Fault){code, settings.arrival}, waitCount, waitList, event);
  return event ? honest_clEnqueueMarkerWithWaitList(queue, waitCount, waitList, event) : CL_SUCCESS;
}

static cl_int launch(
    cl_command_queue queue, cl_kernel handle, cl_uint dimensions, const size_t* offset, const size_t* global, const size_t* local,
    cl_uint waitCount, const cl_event* waitList, cl_event* event) {
  if (dimensions < 1 || dimensions > 3 || !global) return CL_INVALID_WORK_DIMENSION;
  lock_tables();
  Kernel* entry = known(&kernels, handle);
  if (entry) {
    measure(handle, queue, entry);
    entry->launches += 1;
  }
  const Kernel kernel = entry ? *entry : (Kernel){.name = ""};
  unlock_tables();
  const unsigned long number = atomic_fetch_add(&launches, 1) + 1;
  if (settings.stuckAt && number == settings.stuckAt) {
    return fail_command(queue, (Fault){CL_OUT_OF_RESOURCES, late}, waitCount, waitList, event);
  }
  if (settings.hangsAt && number == settings.hangsAt) {
    // Waits for what nobody will say, and the queue, which is in order, waits for it.
    cl_context context = NULL;
    honest_clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof context, &context, NULL);
    static cl_event never;
    never = honest_clCreateUserEvent(context, NULL);
    waitList = &never;
    waitCount = 1;
  }
  const cl_int code = objection(&kernel, dimensions, global, local);
  if (code != CL_SUCCESS) return not_borne(queue, code, waitCount, waitList, event);
  size_t chosen[3];
  if (!local) {
    choose_group(global, chosen);
    local = chosen;
  }
  if (settings.wrongFrom && kernel.launches >= settings.wrongFrom && strcmp(kernel.name, settings.wrongKernel) == 0) {
    return launch_wrongly(queue, handle, &kernel, dimensions, offset, global, local, waitCount, waitList, event);
  }
  if (!settings.is.watchdog) {
    return before_clEnqueueNDRangeKernel(queue, handle, dimensions, offset, global, local, waitCount, waitList, event);
  }
  cl_event mine = NULL;
  const cl_int status = before_clEnqueueNDRangeKernel(queue, handle, dimensions, offset, global, local, waitCount, waitList, &mine);
  if (status != CL_SUCCESS) return status;
  if (event) {
    *event = mine;
    honest_clRetainEvent(mine);
  }
  watch(queue, mine);
  return status;
}

void start_launches(void) {
  REPLACE(clCreateKernel, create_kernel);
  REPLACE(clCreateKernelsInProgram, create_kernels);
  REPLACE(clSetKernelArg, set_argument);
  REPLACE(clGetKernelWorkGroupInfo, group_info);
  REPLACE(clEnqueueNDRangeKernel, launch);
  REPLACE(clCreateCommandQueue, create_queue);
  REPLACE(clFinish, finish);
  REPLACE(clFlush, flush);
  REPLACE(clWaitForEvents, wait_for_events);
  REPLACE(clEnqueueReadBuffer, read_buffer);
}
