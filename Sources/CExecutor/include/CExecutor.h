// A pool of threads that runs lists of kernel launches, one launch after the other, each spread over all threads.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// One work-item's place in the index space, and the size of that space (OpenCL's global id and global size).
typedef struct {
  size_t id[3], size[3];
} ExecutorItem;

/// One launch: a kernel, its arguments and its index space.
typedef struct {
  /// Computes one work-item; `item` points to an ExecutorItem. It must not call the executor that runs it.
  void (*run)(void* const* buffers, const void* parameters, const void* item);
  void* buffers[16];
  const void* parameters;
  /// The number of work-items along each dimension; dimension 0 runs fastest. Unused dimensions are 1; a 0 makes the launch empty.
  size_t size[3];
  /// How many work-items a thread claims at a time. 0 lets the executor choose: large pieces first, single items at the end. A launch
  /// of no more than `chunk` work-items runs on one thread and wakes nobody.
  size_t chunk;
} ExecutorLaunch;

typedef struct Executor Executor;

/// What executor_run_observed calls after each launch, on the calling thread: the launch's index and how long it took.
typedef void (*ExecutorObserver)(void* context, size_t index, uint64_t nanoseconds);

/// A pool of `threads` threads, of which the one that calls executor_run is the first. 0 or less means every processor that this
/// process may run on (its affinity mask). Where the system grants fewer threads the pool is smaller. Returns NULL when out of memory.
Executor* executor_create(int threads);

/// How many threads work on a launch, the calling one included.
int executor_thread_count(const Executor* executor);

/// Runs the launches in order and returns when the last one is done; each launch sees all that the earlier ones wrote.
/// Any thread may call it; calls at the same time take turns. It allocates nothing and does not keep `launches`.
void executor_run(Executor* executor, const ExecutorLaunch* launches, size_t count);

/// Like executor_run, and calls `after` behind each launch while no thread is working. `after` must not run anything on this executor.
void executor_run_observed(Executor* executor, const ExecutorLaunch* launches, size_t count, ExecutorObserver after, void* context);

/// Ends the threads. Nothing may be running on the executor, nor be started. NULL is allowed.
void executor_destroy(Executor* executor);

/// From here on threads reserve no address space of their own for small allocations, and large ones go back to the system as soon as they are
/// freed. For processes whose address space is limited.
void executor_keep_heap_small(void);
