// Opens libcurl, and fetches files by it.
#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "numbers.h"

typedef void Handle;

static struct {
  int (*global_init)(long);
  Handle* (*easy_init)(void);
  int (*easy_setopt)(Handle*, int, ...);
  int (*easy_perform)(Handle*);
  int (*easy_getinfo)(Handle*, int, ...);
  void (*easy_cleanup)(Handle*);
  const char* (*easy_strerror)(int);
} curl;

static pthread_once_t loading = PTHREAD_ONCE_INIT;
static int is_loaded;
static char objection[1024];

static void complain(const char* text) {
  const size_t used = strlen(objection);
  snprintf(objection + used, sizeof objection - used, "%s%s", used ? "; " : "", text);
}

static int open_library(const char* name) {
  // Libraries that libcurl brings must not take the place of those that the program has.
  void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* reason = dlerror();
    complain(reason ? reason : name);
    return 0;
  }
#define TAKE(name) (curl.name = (__typeof__(curl.name))dlsym(library, "curl_" #name))
  if (TAKE(global_init) && TAKE(easy_init) && TAKE(easy_setopt) && TAKE(easy_perform) && TAKE(easy_getinfo) && TAKE(easy_cleanup) &&
      TAKE(easy_strerror)) {
    if (curl.global_init(GLOBAL_DEFAULT) == 0) return 1;
    complain("curl_global_init failed");
  } else {
    char text[512];
    snprintf(text, sizeof text, "%s: not libcurl, some of its functions are missing", name);
    complain(text);
  }
  dlclose(library);
  return 0;
}

static void load(void) {
  const char* named = getenv("GLISSADE_CURL_LIBRARY");
  if (named && *named) {
    is_loaded = open_library(named);
    return;
  }
  is_loaded = open_library("libcurl.so.4") || open_library("libcurl-gnutls.so.4") || open_library("libcurl.so");
}

const char* glissade_curl_load(void) {
  pthread_once(&loading, load);
  return is_loaded ? NULL : objection;
}

typedef struct {
  const GlissadeTransfer* transfer;
  Handle* handle;
  // Of the answer that is being read.
  int64_t first, total;
  int has_begun, is_stopped, is_other;
} Progress;

// Headers come line by line, those of redirections as well.
static size_t take_header(char* text, size_t size, size_t count, void* context) {
  Progress* progress = context;
  const size_t length = size * count;
  char line[256];
  snprintf(line, sizeof line, "%.*s", (int)(length < sizeof line ? length : sizeof line - 1), text);
  if (strncasecmp(line, "HTTP/", 5) == 0) progress->first = progress->total = -1;
  if (strncasecmp(line, "content-range:", 14) == 0) {
    long long first, last, total;
    const int found = sscanf(line + 14, " bytes %lld-%lld/%lld", &first, &last, &total);
    if (found >= 2 && first >= 0) progress->first = first;
    if (found == 3 && total >= 0) progress->total = total;
  }
  return length;
}

static size_t take_body(char* bytes, size_t size, size_t count, void* context) {
  Progress* progress = context;
  const GlissadeTransfer* transfer = progress->transfer;
  if (!progress->has_begun) {
    progress->has_begun = 1;
    long status = 0;
    curl.easy_getinfo(progress->handle, RESPONSE_CODE, &status);
    if (status != 200 && status != 206) {
      progress->is_other = 1;
      return 0;
    }
    if (status == 200) {
      int64_t length = -1;
      curl.easy_getinfo(progress->handle, CONTENT_LENGTH, &length);
      progress->first = 0;
      progress->total = length;
    }
    if (!transfer->begin(transfer->context, status, progress->first, progress->total)) {
      progress->is_stopped = 1;
      return 0;
    }
  }
  if (!transfer->take(transfer->context, bytes, size * count)) {
    progress->is_stopped = 1;
    return 0;
  }
  return size * count;
}

static GlissadeTransferEnd end_of(int code) {
  switch (code) {
    case OK: return GLISSADE_TRANSFER_DONE;
    case HTTP_RETURNED_ERROR: return GLISSADE_TRANSFER_STATUS;
    case PARTIAL_FILE:
    case OPERATION_TIMEDOUT:
    case GOT_NOTHING:
    case SEND_ERROR:
    case RECV_ERROR:
    case HTTP2_ERROR:
    case HTTP2_STREAM: return GLISSADE_TRANSFER_BROKEN;
    default: return GLISSADE_TRANSFER_FAILED;
  }
}

// A write to a connection that the server has closed must not end the process. Returns whether the signal was blocked before.
static int block_broken_pipe(void) {
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, &before);
  return sigismember(&before, SIGPIPE);
}

static void unblock_broken_pipe(void) {
  const struct timespec now = {0, 0};
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  // One that came meanwhile is over.
  sigtimedwait(&set, NULL, &now);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void glissade_curl_fetch(const GlissadeTransfer* transfer, GlissadeTransferOutcome* outcome) {
  memset(outcome, 0, sizeof *outcome);
  outcome->end = GLISSADE_TRANSFER_FAILED;
  const char* reason = glissade_curl_load();
  Handle* handle = reason ? NULL : curl.easy_init();
  if (!handle) {
    snprintf(outcome->message, sizeof outcome->message, "%s", reason ? reason : "out of memory");
    return;
  }
  Progress progress = {transfer, handle, -1, -1, 0, 0, 0};
  char text[ERROR_SIZE] = "";
  char range[32] = "";
  const long web = strncasecmp(transfer->address, "https:", 6) == 0 ? PROTOCOL_HTTPS : PROTOCOL_HTTP | PROTOCOL_HTTPS;
  int code = OK;
#define SET(option, value) if (code == OK) code = curl.easy_setopt(handle, option, value)
  SET(ERRORBUFFER, text);
  SET(URL, transfer->address);
  SET(USERAGENT, transfer->agent);
  SET(PROTOCOLS, PROTOCOL_HTTP | PROTOCOL_HTTPS);
  // What began safely does not go on unsafely.
  SET(REDIR_PROTOCOLS, web);
  SET(FOLLOWLOCATION, 1L);
  SET(MAXREDIRS, 10L);
  SET(FAILONERROR, 1L);
  SET(NOSIGNAL, 1L);
  SET(CONNECTTIMEOUT_MS, transfer->connect_milliseconds);
  SET(LOW_SPEED_LIMIT, 1L);
  SET(LOW_SPEED_TIME, transfer->stall_seconds);
  SET(HEADERFUNCTION, take_header);
  SET(HEADERDATA, &progress);
  SET(WRITEFUNCTION, take_body);
  SET(WRITEDATA, &progress);
  if (transfer->offset > 0) {
    snprintf(range, sizeof range, "%lld-", (long long)transfer->offset);
    SET(RANGE, range);
  }
#undef SET
  const int was_blocked = block_broken_pipe();
  if (code == OK) code = curl.easy_perform(handle);
  if (!was_blocked) unblock_broken_pipe();
  curl.easy_getinfo(handle, RESPONSE_CODE, &outcome->status);
  outcome->end = progress.is_stopped ? GLISSADE_TRANSFER_STOPPED : progress.is_other ? GLISSADE_TRANSFER_STATUS : end_of(code);
  // An answer without a file is none, whatever its status.
  if (outcome->end == GLISSADE_TRANSFER_DONE && !progress.has_begun) outcome->end = GLISSADE_TRANSFER_STATUS;
  snprintf(outcome->message, sizeof outcome->message, "%s", text[0] ? text : curl.easy_strerror(code));
  curl.easy_cleanup(handle);
}
