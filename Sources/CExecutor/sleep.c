#define _GNU_SOURCE  // syscall
#include "sleep.h"

#include <limits.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// From linux/futex.h, which not every C library's headers come with.
enum { futexPrivate = 128, futexWaitBitset = 9 | futexPrivate, futexWakeBitset = 10 | futexPrivate };

// Reading the clock costs as much as a few pauses.
enum { pausesPerClockReading = 8 };

uint64_t monotonic_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void pause_processor(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");  // `yield` is a no-op on most cores
#endif
}

static bool spin(uint64_t nanoseconds, Condition condition, void* context) {
  if (condition(context)) return true;
  if (nanoseconds == 0) return false;
  const uint64_t start = monotonic_nanoseconds();
  do {
    for (int i = 0; i < pausesPerClockReading; i++) {
      pause_processor();
      if (condition(context)) return true;
    }
  } while (monotonic_nanoseconds() - start < nanoseconds);
  return false;
}

// No wake-up is lost: the waker makes the condition true and then reads `sleepers`; the sleeper counts itself, reads `signal` and then
// looks at the condition. In the one order of these operations either the sleeper sees the condition, or the waker sees the sleeper and
// changes `signal` after the sleeper read it, so that the kernel refuses to sleep or wakes it up.
void sleep_until(SleepingPlace* place, SleeperKind kind, uint64_t spinNanoseconds, Condition condition, void* context) {
  while (!spin(spinNanoseconds, condition, context)) {
    atomic_fetch_add(&place->sleepers, 1);
    const uint32_t seen = atomic_load(&place->signal);
    if (!condition(context)) syscall(SYS_futex, &place->signal, futexWaitBitset, seen, NULL, NULL, kind);
    atomic_fetch_sub(&place->sleepers, 1);
  }
}

void sleep_wake(SleepingPlace* place, uint32_t kinds, uint32_t count) {
  if (count == 0 || atomic_load(&place->sleepers) == 0) return;
  atomic_fetch_add(&place->signal, 1);
  syscall(SYS_futex, &place->signal, futexWakeBitset, count > INT_MAX ? INT_MAX : count, NULL, NULL, kinds);
}
