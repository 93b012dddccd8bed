// How a thread without work waits: it spins for some microseconds, then sleeps in the kernel until it is woken.
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/// Who a sleeping thread is, as bits, so that one of them can be woken.
typedef enum { SLEEPER_CALLER = 1, SLEEPER_WORKER = 2 } SleeperKind;

/// Where the threads of one executor sleep.
typedef struct {
  _Atomic uint32_t signal;    // the futex; changes with every wake-up
  _Atomic uint32_t sleepers;  // threads that sleep or are about to
} SleepingPlace;

typedef bool (*Condition)(void* context);

/// Returns once `condition` holds. Whoever makes it hold does so with a sequentially consistent store and calls `sleep_wake` after.
void sleep_until(SleepingPlace* place, SleeperKind kind, uint64_t spinNanoseconds, Condition condition, void* context);

/// Wakes up to `count` sleepers of these kinds; costs one load when nobody sleeps.
void sleep_wake(SleepingPlace* place, uint32_t kinds, uint32_t count);

uint64_t monotonic_nanoseconds(void);
