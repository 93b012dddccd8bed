// Commands that fail after their call, and what becomes of their context.
#include "in_front.h"

#include <pthread.h>

typedef struct {
  cl_context context;
  cl_int code;
  Arrival arrival;
  bool isReported;
} Loss;

typedef struct {
  cl_event event;
  cl_context context;
  cl_int code;
} FailedEvent;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Loss losses[64];
static atomic_int lossCount;
static FailedEvent* failedEvents;
static size_t failedCount, failedCapacity;

BEFORE(clFinish);
BEFORE(clFlush);
BEFORE(clWaitForEvents);
BEFORE(clGetEventInfo);
BEFORE(clGetEventProfilingInfo);
BEFORE(clCreateBuffer);
BEFORE(clCreateCommandQueue);
BEFORE(clBuildProgram);

static Loss* loss_of(cl_context context) {
  for (int i = 0; context && i < atomic_load(&lossCount); i++) {
    if (losses[i].context == context) return &losses[i];
  }
  return NULL;
}

static cl_context context_of_queue(cl_command_queue queue) {
  cl_context context = NULL;
  honest_clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof context, &context, NULL);
  return context;
}

static cl_context context_of_event(cl_event event) {
  cl_context context = NULL;
  honest_clGetEventInfo(event, CL_EVENT_CONTEXT, sizeof context, &context, NULL);
  return context;
}

static void add_loss(cl_context context, cl_int code, Arrival arrival) {
  pthread_mutex_lock(&lock);
  const int count = atomic_load(&lossCount);
  if (context && !loss_of(context) && count < (int)(sizeof losses / sizeof losses[0])) {
    losses[count] = (Loss){context, code, arrival, false};
    atomic_store(&lossCount, count + 1);
  }
  pthread_mutex_unlock(&lock);
}

// An event for a command that is not carried out, if one is wanted. What was to wait for others waits for them.
static void make_failed_event(
    cl_command_queue queue, cl_context context, cl_int code, cl_uint waitCount, const cl_event* waitList, cl_event* event) {
  if (!event || honest_clEnqueueMarkerWithWaitList(queue, waitCount, waitList, event) != CL_SUCCESS) return;
  pthread_mutex_lock(&lock);
  if (failedCount == failedCapacity) {
    failedCapacity = failedCapacity ? 2 * failedCapacity : 64;
    failedEvents = realloc(failedEvents, failedCapacity * sizeof *failedEvents);
  }
  failedEvents[failedCount++] = (FailedEvent){*event, context, code};
  pthread_mutex_unlock(&lock);
}

static cl_int code_of_event(cl_event event) {
  if (atomic_load(&lossCount) == 0) return CL_SUCCESS;
  const cl_context context = context_of_event(event);
  cl_int code = CL_SUCCESS;
  pthread_mutex_lock(&lock);
  for (size_t i = 0; i < failedCount; i++) {
    if (failedEvents[i].event == event && failedEvents[i].context == context) code = failedEvents[i].code;
  }
  pthread_mutex_unlock(&lock);
  return code;
}

// What something that waits for a lost context returns: the error once, afterwards that there is nothing to wait for.
static cl_int report(Loss* loss) {
  const bool wasReported = loss->isReported;
  loss->isReported = true;
  return wasReported ? CL_INVALID_COMMAND_QUEUE : loss->code;
}

cl_int fail_command(cl_command_queue queue, Fault fault, cl_uint waitCount, const cl_event* waitList, cl_event* event) {
  if (fault.arrival == atOnce) return fault.code;
  const cl_context context = context_of_queue(queue);
  add_loss(context, fault.code, fault.arrival);
  make_failed_event(queue, context, fault.code, waitCount, waitList, event);
  return CL_SUCCESS;
}

void lose_context(cl_context context, cl_int code) { add_loss(context, code, late); }

bool is_lost(
    cl_command_queue queue, bool isBlocking, cl_uint waitCount, const cl_event* waitList, cl_event* event, cl_int* status) {
  if (atomic_load(&lossCount) == 0) return false;
  const cl_context context = context_of_queue(queue);
  Loss* loss = loss_of(context);
  if (!loss) return false;
  if (loss->arrival == inEvents) {
    *status = isBlocking ? CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST : CL_SUCCESS;
  } else {
    *status = isBlocking || loss->isReported ? report(loss) : CL_SUCCESS;
  }
  if (*status == CL_SUCCESS) make_failed_event(queue, context, loss->code, waitCount, waitList, event);
  return true;
}

// MARK: - What waits

static cl_int finish(cl_command_queue queue) {
  const cl_int status = before_clFinish(queue);
  Loss* loss = atomic_load(&lossCount) ? loss_of(context_of_queue(queue)) : NULL;
  return loss && loss->arrival == late ? report(loss) : status;
}

static cl_int flush(cl_command_queue queue) {
  const cl_int status = before_clFlush(queue);
  Loss* loss = atomic_load(&lossCount) ? loss_of(context_of_queue(queue)) : NULL;
  return loss && loss->arrival == late ? report(loss) : status;
}

static cl_int wait_for_events(cl_uint count, const cl_event* events) {
  const cl_int status = before_clWaitForEvents(count, events);
  for (cl_uint i = 0; atomic_load(&lossCount) && events && i < count; i++) {
    if (code_of_event(events[i]) != CL_SUCCESS) return CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
    Loss* loss = loss_of(context_of_event(events[i]));
    if (loss && loss->arrival == late) return report(loss);
  }
  return status;
}

static cl_int event_info(cl_event event, cl_event_info parameter, size_t size, void* value, size_t* sizeReturned) {
  const cl_int status = before_clGetEventInfo(event, parameter, size, value, sizeReturned);
  if (status != CL_SUCCESS || parameter != CL_EVENT_COMMAND_EXECUTION_STATUS || !value) return status;
  const cl_int code = code_of_event(event);
  if (code != CL_SUCCESS) *(cl_int*)value = code;
  return status;
}

static cl_int profiling_info(cl_event event, cl_profiling_info parameter, size_t size, void* value, size_t* sizeReturned) {
  if (code_of_event(event) != CL_SUCCESS) return CL_PROFILING_INFO_NOT_AVAILABLE;
  return before_clGetEventProfilingInfo(event, parameter, size, value, sizeReturned);
}

// MARK: - What needs the context

static bool is_gone(cl_context context) {
  Loss* loss = atomic_load(&lossCount) ? loss_of(context) : NULL;
  return loss && loss->isReported;
}

static cl_mem create_buffer(cl_context context, cl_mem_flags flags, size_t size, void* host, cl_int* error) {
  if (!is_gone(context)) return before_clCreateBuffer(context, flags, size, host, error);
  if (error) *error = CL_OUT_OF_RESOURCES;
  return NULL;
}

static cl_command_queue create_queue(
    cl_context context, cl_device_id device, cl_command_queue_properties properties, cl_int* error) {
  if (!is_gone(context)) return before_clCreateCommandQueue(context, device, properties, error);
  if (error) *error = CL_OUT_OF_RESOURCES;
  return NULL;
}

static cl_int build_program(
    cl_program program, cl_uint deviceCount, const cl_device_id* devices, const char* options,
    void(CL_CALLBACK* notify)(cl_program, void*), void* data) {
  cl_context context = NULL;
  if (atomic_load(&lossCount)) honest_clGetProgramInfo(program, CL_PROGRAM_CONTEXT, sizeof context, &context, NULL);
  if (context && is_gone(context)) return CL_OUT_OF_RESOURCES;
  return before_clBuildProgram(program, deviceCount, devices, options, notify, data);
}

void start_late_errors(void) {
  REPLACE(clFinish, finish);
  REPLACE(clFlush, flush);
  REPLACE(clWaitForEvents, wait_for_events);
  REPLACE(clGetEventInfo, event_info);
  REPLACE(clGetEventProfilingInfo, profiling_info);
  REPLACE(clCreateBuffer, create_buffer);
  REPLACE(clCreateCommandQueue, create_queue);
  REPLACE(clBuildProgram, build_program);
}
