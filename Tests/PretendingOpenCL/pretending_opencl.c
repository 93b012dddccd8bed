// An OpenCL library that makes a processor's driver look like a GPU's: it says what GPUs say (profiles.c) and bears no more than they do.
// Tests open it with GLISSADE_OPENCL_LIBRARY; PretendingOpenCL.swift builds it. GLISSADE_PRETEND says which device it is (settings.c), and
// GLISSADE_REAL_OPENCL what does the work.
#include "pretending.h"

#include <pthread.h>

const char* const libraryName = "PretendingOpenCL";
atomic_bool hasVanished;

// MARK: - What is known of handles

static pthread_mutex_t tables = PTHREAD_MUTEX_INITIALIZER;
void lock_tables(void) { pthread_mutex_lock(&tables); }
void unlock_tables(void) { pthread_mutex_unlock(&tables); }

static Entry** chain(Table* table, const void* handle) { return &table->chains[((size_t)handle >> 5) % 256]; }

void* known(Table* table, const void* handle) {
  Entry* entry = *chain(table, handle);
  while (entry && entry->handle != handle) entry = entry->next;
  return entry;
}

void* added(Table* table, const void* handle) {
  Entry* entry = known(table, handle);
  if (entry) {
    memset(entry + 1, 0, table->entrySize - sizeof *entry);
    return entry;
  }
  Entry** place = chain(table, handle);
  entry = calloc(1, table->entrySize);
  *entry = (Entry){*place, handle};
  return *place = entry;
}

// MARK: - Starting

Fault fault_of(Function* function, unsigned long call) {
  static atomic_ulong calls;
  (void)call;
  const Fault none = {CL_SUCCESS, atOnce};
  if (!settings.vanishesAt) return none;
  for (const char* const* harmless = (const char* const[]){"clGet", "clRetain", "clRelease", NULL}; *harmless; harmless++) {
    if (strncmp(function->name, *harmless, strlen(*harmless)) == 0) return none;
  }
  if (atomic_fetch_add(&calls, 1) + 1 < settings.vanishesAt) return none;
  atomic_store(&hasVanished, true);
  return (Fault){CL_DEVICE_NOT_AVAILABLE, atOnce};
}

void library_starts(bool isOpen) {
  read_settings();
  if (!isOpen) return;
  start_answers();
  start_memory();
  start_programs();
  start_launches();
}
