// Reads GLISSADE_PRETEND: a profile's name, then variations, separated by commas.
//
//   memory=MiB alloc=MiB group=N kernel-group=N local=BYTES units=N align=BYTES unified=0|1
//                         other numbers than the profile's; memory alone makes the largest buffer a quarter of it
//   claims-memory=MiB claims-alloc=MiB claims-group=N claims-local=BYTES
//                         a driver that lies: these are said, the profile's are borne
//   late, event           what the device does not bear fails after the call (see Arrival), or in the call without this;
//   silent                or it is not done, and nobody says so
//   lazy                  memory is taken when a buffer is first used, and missed then
//   watchdog=MS           kernels that take longer are stopped and the context is lost; 0 for never
//   stuck=N               the N-th launch ends as if the watchdog had stopped it
//   hang=N                the N-th launch never ends, nor does what is queued after it
//   vanish=N              the device is gone from the N-th call on (queries, retains and releases do not count)
//   wrong=KERNEL[:N]      the kernel of this name computes something wrong, from its N-th launch on
//   no-build=KERNEL       programs with this kernel do not build, with a long log of odd characters
//   no-log                programs that do not build have an empty log
//   slow-transfers=MB/s   copies between host and device take their time
//   warnings              build logs are never empty
//   odd-names             names with control characters, broken UTF-8, ends of lines, spaces and zeros behind
//   no-names              names, vendors and drivers are empty
//   no-version            so is the device's version
//   broken-platform       in front of the platform another one, whose calls fail
#include "pretending.h"

#define MEBIBYTE (1ull << 20)

Settings settings;

typedef struct {
  const char* key;
  char kind;  // 'z' size_t, 'q' MiB as cl_ulong, 'l' cl_ulong, 'u' cl_uint, 'b' bool, 'n' unsigned long
  void* place;
} Number;

static bool set_number(const char* key, const char* text) {
  Profile *is = &settings.is, *claims = &settings.claims;
  const Number numbers[] = {
      {"memory", 'q', &is->memory},           {"alloc", 'q', &is->allocation},           {"group", 'z', &is->group},
      {"kernel-group", 'z', &is->kernelGroup}, {"local", 'l', &is->localBytes},           {"units", 'u', &is->units},
      {"align", 'u', &is->alignment},         {"unified", 'b', &is->isUnified},          {"watchdog", 'l', &is->watchdog},
      {"claims-memory", 'q', &claims->memory}, {"claims-alloc", 'q', &claims->allocation}, {"claims-group", 'z', &claims->group},
      {"claims-local", 'l', &claims->localBytes}, {"vanish", 'n', &settings.vanishesAt},
      {"stuck", 'n', &settings.stuckAt},       {"hang", 'n', &settings.hangsAt},
  };
  char* end = NULL;
  const unsigned long long value = strtoull(text, &end, 10);
  if (end == text || *end) return false;
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    if (strcmp(numbers[i].key, key) != 0) continue;
    void* place = numbers[i].place;
    switch (numbers[i].kind) {
      case 'z': *(size_t*)place = value; break;
      case 'q': *(cl_ulong*)place = value * MEBIBYTE; break;
      case 'l': *(cl_ulong*)place = value; break;
      case 'u': *(cl_uint*)place = (cl_uint)value; break;
      case 'b': *(bool*)place = value != 0; break;
      default: *(unsigned long*)place = value;
    }
    if (strcmp(key, "memory") == 0) is->allocation = is->memory / 4;
    if (strcmp(key, "group") == 0) {
      is->kernelGroup = is->group;
      for (int axis = 0; axis < 3; axis++) is->groupSizes[axis] = is->group;
    }
    if (strcmp(key, "claims-group") == 0) {
      claims->kernelGroup = claims->group;
      for (int axis = 0; axis < 3; axis++) claims->groupSizes[axis] = claims->group;
    }
    return true;
  }
  return false;
}

static bool set_word(const char* word, const char* value) {
  if (strcmp(word, "late") == 0) return !value && (settings.arrival = late, true);
  if (strcmp(word, "event") == 0) return !value && (settings.arrival = inEvents, true);
  if (strcmp(word, "silent") == 0) return !value && (settings.isSilent = true);
  if (strcmp(word, "lazy") == 0) return !value && (settings.isLazy = true);
  if (strcmp(word, "warnings") == 0) return !value && (settings.hasWarnings = true);
  if (strcmp(word, "odd-names") == 0) return !value && (settings.hasOddNames = true);
  if (strcmp(word, "no-names") == 0) return !value && (settings.hasNoNames = true);
  if (strcmp(word, "no-version") == 0) return !value && (settings.hasNoVersion = true);
  if (strcmp(word, "no-log") == 0) return !value && (settings.hasNoLog = true);
  if (strcmp(word, "broken-platform") == 0) return !value && (settings.hasBrokenPlatform = true);
  if (!value || !*value) return false;
  if (strcmp(word, "slow-transfers") == 0) return (settings.transferRate = strtod(value, NULL) * 1e6) > 0;
  if (strcmp(word, "no-build") == 0) return snprintf(settings.unbuildableKernel, sizeof settings.unbuildableKernel, "%s", value) > 0;
  if (strcmp(word, "wrong") == 0) {
    settings.wrongFrom = 1;
    return sscanf(value, "%63[^:]:%lu", settings.wrongKernel, &settings.wrongFrom) >= 1 && settings.wrongFrom > 0;
  }
  return false;
}

void read_settings(void) {
  const char* text = getenv("GLISSADE_PRETEND");
  char* copy = strdup(text ? text : "");
  char* rest = copy;
  const char* name = strsep(&rest, ",");
  const Profile* profile = NULL;
  for (int i = 0; i < profileCount; i++) {
    if (strcmp(profiles[i].name, name) == 0) profile = &profiles[i];
  }
  if (!profile) {
    fprintf(stderr, "%s: GLISSADE_PRETEND begins with a profile:", libraryName);
    for (int i = 0; i < profileCount; i++) fprintf(stderr, " %s", profiles[i].name);
    fprintf(stderr, "\n");
    refuse("GLISSADE_PRETEND", name);
  }
  settings.is = settings.claims = *profile;
  // Lies last: they are set beside what the other variations make true.
  for (int pass = 0; pass < 2; pass++) {
    char* words = strdup(rest ? rest : "");
    char* others = words;
    for (char* word; (word = strsep(&others, ",")) != NULL;) {
      if (!*word || (strncmp(word, "claims-", 7) == 0) != (pass == 1)) continue;
      char* value = strchr(word, '=');
      if (value) *value++ = 0;
      if (!(value && set_number(word, value)) && !set_word(word, value)) refuse("GLISSADE_PRETEND", word);
    }
    free(words);
    if (pass == 0) settings.claims = settings.is;
  }
  free(copy);
}
