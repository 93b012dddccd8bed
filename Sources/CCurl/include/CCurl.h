// What Glissade wants of libcurl, which is opened when the first file is fetched.
//
// A program that links libcurl brings some forty libraries with it, which cost every start, and does not start where they are not. So nothing
// of it is linked, and no header of it is needed: the few numbers of options are part of libcurl's interface and never change.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Opens libcurl, once for all: the library that GLISSADE_CURL_LIBRARY names, or the installed one.
// Returns NULL, or why it cannot be opened; the text stays as it is.
const char* glissade_curl_load(void);

// A file to be fetched by http or https, and who takes it.
typedef struct {
  const char* address;
  // What the server is told that we are.
  const char* agent;
  // Where to begin; 0 for the whole.
  int64_t offset;
  long connect_milliseconds;
  // Given up after so long without a byte.
  long stall_seconds;
  void* context;
  // Called before the first byte of what is at the end of all redirections: the status (200 or 206), where the bytes begin, and how many the
  // whole file has, each -1 where the server does not say. Returns 0 to stop.
  int (*begin)(void* context, long status, int64_t first, int64_t total);
  // Takes bytes. Returns 0 to stop.
  int (*take)(void* context, const void* bytes, size_t count);
} GlissadeTransfer;

// How it went.
typedef enum {
  GLISSADE_TRANSFER_DONE,
  // begin or take wanted no more.
  GLISSADE_TRANSFER_STOPPED,
  // The server has answered something else than a file.
  GLISSADE_TRANSFER_STATUS,
  // The connection broke, or nothing came: another try may go better.
  GLISSADE_TRANSFER_BROKEN,
  // There is no such server, no connection to it, or none that can be trusted.
  GLISSADE_TRANSFER_FAILED,
} GlissadeTransferEnd;

typedef struct {
  GlissadeTransferEnd end;
  // The last answer's; 0 where there was none.
  long status;
  char message[512];
} GlissadeTransferOutcome;

// Fetches; returns when all is over.
void glissade_curl_fetch(const GlissadeTransfer* transfer, GlissadeTransferOutcome* outcome);
