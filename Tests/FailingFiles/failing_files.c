// A library to be preloaded that fails calls on files below one folder, as disks do: the n-th write, fsync, rename, open for writing or mkdir.
// Scripts/faults.sh builds and uses it. It is told by the environment:
//
//   GLISSADE_FILES          the folder; calls on anything else are passed on and not counted.
//   GLISSADE_FILE_FAIL      call:n:errno[:once], as in write:3:28:once. The n-th such call, counted from 1, and all later ones fail, as a full
//                           disk stays full; with `once` only the n-th does. A write that fails writes half of its bytes first.
//   GLISSADE_FILE_CALLS     a file to which the number of calls is written at exit, one "call count" a line.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITE, FSYNC, RENAME, OPEN, MKDIR, kinds };
static const char* const names[kinds] = {"write", "fsync", "rename", "open", "mkdir"};
static atomic_ulong calls[kinds];

static const char* folder;
static int failing = -1, code;
static unsigned long first;
static bool once;

__attribute__((constructor)) static void begin(void) {
  folder = getenv("GLISSADE_FILES");
  const char* rule = getenv("GLISSADE_FILE_FAIL");
  char name[16], rest[16] = "";
  if (!rule || sscanf(rule, "%15[a-z]:%lu:%d:%15s", name, &first, &code, rest) < 3) return;
  for (int kind = 0; kind < kinds; kind++) {
    if (strcmp(name, names[kind]) == 0) failing = kind;
  }
  once = strcmp(rest, "once") == 0;
}

__attribute__((destructor)) static void end(void) {
  const char* path = getenv("GLISSADE_FILE_CALLS");
  FILE* file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  for (int kind = 0; kind < kinds; kind++) fprintf(file, "%s %lu\n", names[kind], (unsigned long)atomic_load(&calls[kind]));
  fclose(file);
}

static bool lies_below(const char* path) {
  size_t length = folder ? strlen(folder) : 0;
  return length > 0 && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static bool is_ours(int file) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return false;
  path[length] = 0;
  return lies_below(path);
}

// Counts a call, and says whether it is to fail.
static bool fails(int kind) {
  unsigned long number = atomic_fetch_add(&calls[kind], 1) + 1;
  if (kind != failing || (once ? number != first : number < first)) return false;
  errno = code;
  return true;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void* bytes, size_t count) {
  static __typeof__(&write) real;
  if (!real) real = REAL(write);
  if (file > 2 && is_ours(file) && fails(WRITE)) {
    if (count > 1) real(file, bytes, count / 2);
    errno = code;
    return -1;
  }
  return real(file, bytes, count);
}

int fsync(int file) {
  static __typeof__(&fsync) real;
  if (!real) real = REAL(fsync);
  return is_ours(file) && fails(FSYNC) ? -1 : real(file);
}

int rename(const char* from, const char* to) {
  static __typeof__(&rename) real;
  if (!real) real = REAL(rename);
  return lies_below(to) && fails(RENAME) ? -1 : real(from, to);
}

int mkdir(const char* path, mode_t mode) {
  static __typeof__(&mkdir) real;
  if (!real) real = REAL(mkdir);
  return lies_below(path) && fails(MKDIR) ? -1 : real(path, mode);
}

#define OPEN_AS(name)                                                      \
  int name(const char* path, int flags, ...) {                             \
    static __typeof__(&name) real;                                         \
    if (!real) real = REAL(name);                                          \
    mode_t mode = 0;                                                       \
    if (flags & (O_CREAT | O_TMPFILE)) {                                   \
      va_list rest;                                                        \
      va_start(rest, flags);                                               \
      mode = va_arg(rest, mode_t);                                         \
      va_end(rest);                                                        \
    }                                                                      \
    bool writes = (flags & O_ACCMODE) != O_RDONLY;                         \
    return writes && lies_below(path) && fails(OPEN) ? -1 : real(path, flags, mode); \
  }
OPEN_AS(open)
OPEN_AS(open64)
