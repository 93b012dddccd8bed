// Runs lists of launches on a pool of threads.
//
// A launch is open while it has unclaimed work-items. Threads claim pieces of it, and whoever reports the last finished work-item opens
// the next launch. So a launch waits for work, never for a thread: a thread that the system has put aside without a piece delays nobody.
#define _GNU_SOURCE  // pthread_setname_np
#include "CExecutor.h"

#include <pthread.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processors.h"
#include "sleep.h"

// Long enough to bridge the gap between two launches or two lists, short enough to be no burden on an idle machine.
enum { spinNanoseconds = 20000 };
// A chosen piece is this fraction of a thread's share of what remains, so that a slow thread holds little back.
enum { piecesPerThread = 4 };
enum { cacheLine = 64, maximumThreads = 4096 };

struct Executor {
  int threads;            // the calling thread included
  int processors;
  uint64_t spin;
  pthread_t* workers;     // threads - 1 of them
  pthread_mutex_t turn;   // held by the thread whose list is running

  // The list. Written by its caller before a launch is open, and by whoever opens a launch.
  const ExecutorLaunch* launches;
  size_t count;
  size_t next;                    // the first launch that was not yet opened
  const ExecutorLaunch* current;  // the open launch; valid for a thread that holds a piece of it, like `total`
  size_t total;

  alignas(cacheLine) _Atomic size_t unclaimed;  // work-items of the open launch that nobody has claimed
  _Atomic size_t chunk;
  alignas(cacheLine) _Atomic size_t unfinished;  // work-items of the open launch that nobody has reported as done
  alignas(cacheLine) _Atomic bool done;          // the list is finished
  _Atomic bool stopping;
  alignas(cacheLine) SleepingPlace sleeping;
};

static bool has_work_or_done(void* executor) {
  Executor* e = executor;
  return atomic_load(&e->unclaimed) != 0 || atomic_load(&e->done);
}

static bool has_work_or_stops(void* executor) {
  Executor* e = executor;
  return atomic_load(&e->unclaimed) != 0 || atomic_load(&e->stopping);
}

static void run_items(const ExecutorLaunch* launch, size_t first, size_t count) {
  ExecutorItem item;
  memcpy(item.size, launch->size, sizeof item.size);
  const size_t row = first / item.size[0];
  item.id[0] = first % item.size[0];
  item.id[1] = row % item.size[1];
  item.id[2] = row / item.size[1];
  for (;;) {
    launch->run(launch->buffers, launch->parameters, &item);
    if (--count == 0) return;
    if (++item.id[0] < item.size[0]) continue;
    item.id[0] = 0;
    if (++item.id[1] < item.size[1]) continue;
    item.id[1] = 0;
    item.id[2]++;
  }
}

// How many threads can have a piece of a launch.
static size_t useful_threads(const Executor* e, size_t total, size_t chunk) {
  const size_t pieces = chunk ? (total - 1) / chunk + 1 : total;
  const size_t threads = (size_t)(e->threads < e->processors ? e->threads : e->processors);
  return pieces < threads ? pieces : threads;
}

// Opens the next launch that is worth sharing; runs the small ones before it on this thread. Only for the one thread that knows that
// no launch is open: the caller at the start, then whoever finished the last work-item.
static void advance(Executor* e, bool isCaller) {
  while (e->next < e->count) {
    const ExecutorLaunch* launch = &e->launches[e->next++];
    const size_t total = launch->size[0] * launch->size[1] * launch->size[2];
    if (total == 0) continue;
    if (total == 1 || total <= launch->chunk || e->threads == 1) {
      run_items(launch, 0, total);
      continue;
    }
    e->current = launch;
    e->total = total;
    atomic_store_explicit(&e->chunk, launch->chunk, memory_order_relaxed);
    atomic_store_explicit(&e->unfinished, total, memory_order_relaxed);
    const uint32_t helpers = (uint32_t)useful_threads(e, total, launch->chunk) - 1;
    atomic_store(&e->unclaimed, total);  // from here on the launch may be finished, and the next one open, at any moment
    sleep_wake(&e->sleeping, SLEEPER_CALLER | SLEEPER_WORKER, helpers);
    return;
  }
  atomic_store(&e->done, true);
  if (!isCaller) sleep_wake(&e->sleeping, SLEEPER_CALLER, 1);
}

// Claims a piece of the open launch. A stale `chunk` makes a piece of another size, never a wrong one.
static size_t claim(Executor* e, size_t* first) {
  size_t unclaimed = atomic_load_explicit(&e->unclaimed, memory_order_acquire);
  while (unclaimed != 0) {
    size_t count = atomic_load_explicit(&e->chunk, memory_order_relaxed);
    if (count == 0) count = unclaimed / ((size_t)e->threads * piecesPerThread);
    if (count == 0) count = 1;
    if (count > unclaimed) count = unclaimed;
    if (atomic_compare_exchange_weak_explicit(
            &e->unclaimed, &unclaimed, unclaimed - count, memory_order_acquire, memory_order_acquire)) {
      *first = e->total - unclaimed;
      return count;
    }
  }
  return 0;
}

// Works on the open launch until nothing of it is unclaimed. The launch cannot end before this thread reports what it did.
static bool work(Executor* e, bool isCaller) {
  size_t first, count, finished = 0;
  while ((count = claim(e, &first)) != 0) {
    run_items(e->current, first, count);
    finished += count;
  }
  if (finished == 0) return false;
  if (atomic_fetch_sub_explicit(&e->unfinished, finished, memory_order_acq_rel) == finished) advance(e, isCaller);
  return true;
}

static void* worker(void* executor) {
  Executor* e = executor;
  while (!atomic_load(&e->stopping)) {
    if (!work(e, false)) sleep_until(&e->sleeping, SLEEPER_WORKER, e->spin, has_work_or_stops, e);
  }
  return NULL;
}

static void run_list(Executor* e, const ExecutorLaunch* launches, size_t count) {
  e->launches = launches;
  e->count = count;
  e->next = 0;
  atomic_store_explicit(&e->done, false, memory_order_relaxed);
  advance(e, true);
  while (!atomic_load(&e->done)) {
    if (!work(e, true)) sleep_until(&e->sleeping, SLEEPER_CALLER, e->spin, has_work_or_done, e);
  }
}

void executor_run(Executor* e, const ExecutorLaunch* launches, size_t count) {
  pthread_mutex_lock(&e->turn);
  run_list(e, launches, count);
  pthread_mutex_unlock(&e->turn);
}

void executor_run_observed(Executor* e, const ExecutorLaunch* launches, size_t count, ExecutorObserver after, void* context) {
  pthread_mutex_lock(&e->turn);
  for (size_t index = 0; index < count; index++) {
    const uint64_t start = monotonic_nanoseconds();
    run_list(e, launches + index, 1);
    const uint64_t nanoseconds = monotonic_nanoseconds() - start;
    if (after) after(context, index, nanoseconds);
  }
  pthread_mutex_unlock(&e->turn);
}

static bool start_worker(Executor* e, int index) {
  if (pthread_create(&e->workers[index], NULL, worker, e) != 0) return false;
  char name[16];
  snprintf(name, sizeof name, "glissade-%d", index + 1);
  pthread_setname_np(e->workers[index], name);
  return true;
}

static void start_workers(Executor* e, int wanted) {
  // Signals belong to the program's own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int started = 0;
  while (started < wanted && start_worker(e, started)) started++;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  e->threads = started + 1;
}

Executor* executor_create(int threads) {
  const int processors = usable_processors();
  if (threads <= 0) threads = processors;
  if (threads > maximumThreads) threads = maximumThreads;
  Executor* e = aligned_alloc(cacheLine, sizeof(Executor));
  if (!e) return NULL;
  memset(e, 0, sizeof *e);
  e->workers = calloc((size_t)threads, sizeof *e->workers);
  if (!e->workers) {
    free(e);
    return NULL;
  }
  e->processors = processors;
  e->spin = threads > processors ? 0 : spinNanoseconds;  // a spinning thread would keep a working one from its processor
  pthread_mutex_init(&e->turn, NULL);
  start_workers(e, threads - 1);
  return e;
}

int executor_thread_count(const Executor* e) { return e->threads; }

void executor_destroy(Executor* e) {
  if (!e) return;
  atomic_store(&e->stopping, true);
  sleep_wake(&e->sleeping, SLEEPER_WORKER, UINT32_MAX);
  for (int i = 0; i < e->threads - 1; i++) pthread_join(e->workers[i], NULL);
  pthread_mutex_destroy(&e->turn);
  free(e->workers);
  free(e);
}
