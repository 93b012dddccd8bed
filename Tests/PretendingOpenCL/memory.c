// Buffers: how large they may be, how much there is of memory, and how long copies take.
#include "pretending.h"

#include <unistd.h>

typedef struct {
  Entry entry;
  size_t size;
  bool isTaken, isPart;
} Buffer;

static Table buffers = {sizeof(Buffer), {NULL}};
static cl_ulong taken;

BEFORE(clCreateBuffer);
BEFORE(clCreateSubBuffer);
BEFORE(clEnqueueReadBuffer);
BEFORE(clEnqueueWriteBuffer);
BEFORE(clEnqueueFillBuffer);
BEFORE(clEnqueueCopyBuffer);

// With the lock held.
static bool take(Buffer* buffer) {
  if (buffer->isTaken || buffer->isPart) return true;
  if (taken + buffer->size > settings.is.memory) return false;
  taken += buffer->size;
  buffer->isTaken = true;
  return true;
}

bool has_memory_for(cl_mem memory) {
  lock_tables();
  Buffer* buffer = known(&buffers, memory);
  const bool result = !buffer || take(buffer);
  unlock_tables();
  return result;
}

bool is_buffer(cl_mem memory, size_t* size) {
  lock_tables();
  const Buffer* buffer = known(&buffers, memory);
  if (buffer) *size = buffer->size;
  unlock_tables();
  return buffer != NULL;
}

static void CL_CALLBACK give_back(cl_mem memory, void* data) {
  (void)data;
  lock_tables();
  Buffer* buffer = known(&buffers, memory);
  if (buffer && buffer->isTaken) taken -= buffer->size;
  if (buffer) buffer->isTaken = false;
  unlock_tables();
}

static cl_mem create_buffer(cl_context context, cl_mem_flags flags, size_t size, void* host, cl_int* error) {
  cl_int status = CL_SUCCESS;
  lock_tables();
  if (size > settings.is.allocation) {
    status = CL_INVALID_BUFFER_SIZE;
  } else if (!settings.isLazy && taken + size > settings.is.memory) {
    status = CL_MEM_OBJECT_ALLOCATION_FAILURE;
  }
  unlock_tables();
  if (status != CL_SUCCESS) {
    if (error) *error = status;
    return NULL;
  }
  cl_mem memory = before_clCreateBuffer(context, flags, size, host, error);
  if (!memory) return NULL;
  lock_tables();
  Buffer* buffer = added(&buffers, memory);
  buffer->size = size;
  if (!settings.isLazy) take(buffer);
  unlock_tables();
  honest_clSetMemObjectDestructorCallback(memory, give_back, NULL);
  return memory;
}

static cl_mem create_sub_buffer(cl_mem buffer, cl_mem_flags flags, cl_buffer_create_type type, const void* region, cl_int* error) {
  const cl_buffer_region* part = region;
  if (type == CL_BUFFER_CREATE_TYPE_REGION && part && part->origin % settings.is.alignment != 0) {
    if (error) *error = CL_MISALIGNED_SUB_BUFFER_OFFSET;
    return NULL;
  }
  cl_mem memory = before_clCreateSubBuffer(buffer, flags, type, region, error);
  if (!memory || !part) return memory;
  lock_tables();
  Buffer* entry = added(&buffers, memory);
  entry->size = part->size;
  entry->isPart = true;
  unlock_tables();
  return memory;
}

// MARK: - Copies

static void take_time(size_t bytes) {
  if (settings.transferRate > 0) usleep((useconds_t)((double)bytes / settings.transferRate * 1e6));
}

// A copy that waits brings its own error.
static cl_int copy_not_borne(cl_command_queue queue, cl_bool blocking, cl_uint waitCount, const cl_event* waitList, cl_event* event) {
  cl_int status = not_borne(queue, CL_MEM_OBJECT_ALLOCATION_FAILURE, waitCount, waitList, event);
  if (status == CL_SUCCESS && blocking) is_lost(queue, true, 0, NULL, NULL, &status);
  return status;
}

static cl_int read_buffer(
    cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size, void* host, cl_uint waitCount,
    const cl_event* waitList, cl_event* event) {
  if (!has_memory_for(buffer)) return copy_not_borne(queue, blocking, waitCount, waitList, event);
  take_time(size);
  return before_clEnqueueReadBuffer(queue, buffer, blocking, offset, size, host, waitCount, waitList, event);
}

static cl_int write_buffer(
    cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size, const void* host, cl_uint waitCount,
    const cl_event* waitList, cl_event* event) {
  if (!has_memory_for(buffer)) return copy_not_borne(queue, blocking, waitCount, waitList, event);
  take_time(size);
  return before_clEnqueueWriteBuffer(queue, buffer, blocking, offset, size, host, waitCount, waitList, event);
}

static cl_int fill_buffer(
    cl_command_queue queue, cl_mem buffer, const void* pattern, size_t patternSize, size_t offset, size_t size, cl_uint waitCount,
    const cl_event* waitList, cl_event* event) {
  if (!has_memory_for(buffer)) return not_borne(queue, CL_MEM_OBJECT_ALLOCATION_FAILURE, waitCount, waitList, event);
  return before_clEnqueueFillBuffer(queue, buffer, pattern, patternSize, offset, size, waitCount, waitList, event);
}

static cl_int copy_buffer(
    cl_command_queue queue, cl_mem from, cl_mem to, size_t fromOffset, size_t toOffset, size_t size, cl_uint waitCount,
    const cl_event* waitList, cl_event* event) {
  if (!has_memory_for(from) || !has_memory_for(to)) {
    return not_borne(queue, CL_MEM_OBJECT_ALLOCATION_FAILURE, waitCount, waitList, event);
  }
  return before_clEnqueueCopyBuffer(queue, from, to, fromOffset, toOffset, size, waitCount, waitList, event);
}

void start_memory(void) {
  REPLACE(clCreateBuffer, create_buffer);
  REPLACE(clCreateSubBuffer, create_sub_buffer);
  REPLACE(clEnqueueReadBuffer, read_buffer);
  REPLACE(clEnqueueWriteBuffer, write_buffer);
  REPLACE(clEnqueueFillBuffer, fill_buffer);
  REPLACE(clEnqueueCopyBuffer, copy_buffer);
}
