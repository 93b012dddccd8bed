// Programs: what they may use, what their binaries are, what their logs say.
#include "pretending.h"

typedef struct {
  Entry entry;
  char* source;
  bool cannotBuild;
} Program;

static Table programs = {sizeof(Program), {NULL}};

BEFORE(clCreateProgramWithSource);
BEFORE(clCreateProgramWithBinary);
BEFORE(clBuildProgram);
BEFORE(clGetProgramInfo);
BEFORE(clGetProgramBuildInfo);

static const char warnings[] =
    "<source>:12:7: warning: unused variable 'x'\n<source>:40:1: warning: loop not unrolled: the optimizer was unable to perform the "
    "requested transformation\nptxas info    : 0 bytes gmem\n";

// Without the extension these words mean nothing: a program that uses them does not compile, and one that asks first does.
static const char withoutDoubles[] =
    "#undef cl_khr_fp64\n#undef __opencl_c_fp64\n#define double no_double_precision_on_this_device\n"
    "#define double2 no_double_precision_on_this_device\n#define double4 no_double_precision_on_this_device\n"
    "#define double8 no_double_precision_on_this_device\n#define double16 no_double_precision_on_this_device\n";
static const char withoutOptions[] =
    "#undef cl_khr_fp16\n#undef cl_khr_subgroups\n#undef cl_intel_subgroups\n#undef __opencl_c_subgroups\n"
    "#undef __opencl_c_generic_address_space\n#undef __opencl_c_work_group_collective_functions\n"
    "#undef __opencl_c_program_scope_global_variables\n#define get_sub_group_size no_sub_groups_on_this_device\n"
    "#define get_sub_group_local_id no_sub_groups_on_this_device\n#define sub_group_barrier no_sub_groups_on_this_device\n"
    "#define sub_group_broadcast no_sub_groups_on_this_device\n#define sub_group_reduce_add no_sub_groups_on_this_device\n"
    "#define work_group_reduce_add no_group_functions_on_this_device\n#define work_group_broadcast no_group_functions_on_this_device\n";

static cl_program create(cl_context context, char* source, cl_int* error) {
  const char* texts[] = {withoutOptions, settings.is.hasDoubles ? "" : withoutDoubles, "#line 1\n", source};
  cl_program program = before_clCreateProgramWithSource(context, 4, texts, NULL, error);
  if (!program) {
    free(source);
    return NULL;
  }
  lock_tables();
  Program* entry = known(&programs, program);
  if (entry) free(entry->source);
  entry = added(&programs, program);
  entry->source = source;
  unlock_tables();
  return program;
}

static cl_program create_with_source(cl_context context, cl_uint count, const char** strings, const size_t* lengths, cl_int* error) {
  size_t size = 1;
  for (cl_uint i = 0; strings && i < count; i++) size += lengths && lengths[i] ? lengths[i] : strlen(strings[i]);
  char* source = malloc(size);
  source[0] = 0;
  size_t used = 0;
  for (cl_uint i = 0; strings && i < count; i++) {
    const size_t length = lengths && lengths[i] ? lengths[i] : strlen(strings[i]);
    memcpy(source + used, strings[i], length);
    used += length;
    source[used] = 0;
  }
  return create(context, source, error);
}

// MARK: - Binaries: the source behind a line that says whose it is. Drivers refuse those of other devices and versions.

static void make_header(char* header, size_t capacity) {
  snprintf(header, capacity, "PRETENDED %s, driver %s\n", settings.is.device, settings.is.driver);
}

static cl_program create_with_binary(
    cl_context context, cl_uint deviceCount, const cl_device_id* devices, const size_t* lengths, const unsigned char** binaries,
    cl_int* statuses, cl_int* error) {
  char header[512];
  make_header(header, sizeof header);
  const size_t begin = strlen(header);
  (void)devices;
  const bool isOurs = deviceCount == 1 && lengths && binaries && binaries[0] && lengths[0] > begin && memcmp(binaries[0], header, begin) == 0;
  if (statuses) statuses[0] = isOurs ? CL_SUCCESS : CL_INVALID_BINARY;
  if (!isOurs) {
    if (error) *error = CL_INVALID_BINARY;
    return NULL;
  }
  return create(context, strndup((const char*)binaries[0] + begin, lengths[0] - begin), error);
}

static cl_int program_info(cl_program program, cl_program_info parameter, size_t size, void* value, size_t* sizeReturned) {
  if (parameter != CL_PROGRAM_BINARY_SIZES && parameter != CL_PROGRAM_BINARIES) {
    return before_clGetProgramInfo(program, parameter, size, value, sizeReturned);
  }
  char header[512];
  make_header(header, sizeof header);
  const size_t begin = strlen(header);
  lock_tables();
  const Program* entry = known(&programs, program);
  const size_t length = entry && entry->source ? strlen(entry->source) : 0;
  if (sizeReturned) *sizeReturned = sizeof(size_t);
  if (value && size >= sizeof(size_t) && parameter == CL_PROGRAM_BINARY_SIZES) *(size_t*)value = length ? begin + length : 0;
  if (value && size >= sizeof(char*) && parameter == CL_PROGRAM_BINARIES && length && *(char**)value) {
    memcpy(*(char**)value, header, begin);
    memcpy(*(char**)value + begin, entry->source, length);
  }
  unlock_tables();
  return CL_SUCCESS;
}

// MARK: - Building

// Whether the device builds the language that the options ask for.
static bool knows_language(const char* options) {
  const char* option = options ? strstr(options, "-cl-std=") : NULL;
  if (!option) return true;
  char language[16] = "";
  sscanf(option, "-cl-std=%15s", language);
  if (strcmp(language, "CL1.0") == 0 || strcmp(language, "CL1.1") == 0 || strcmp(language, "CL1.2") == 0) return true;
  return *language && strstr(settings.is.languages, language) != NULL;
}

static cl_int build(
    cl_program program, cl_uint deviceCount, const cl_device_id* devices, const char* options,
    void(CL_CALLBACK* notify)(cl_program, void*), void* data) {
  if (!knows_language(options)) return CL_INVALID_BUILD_OPTIONS;
  char kernel[96];
  snprintf(kernel, sizeof kernel, "void %s(", settings.unbuildableKernel);
  lock_tables();
  Program* entry = known(&programs, program);
  const bool cannotBuild = *settings.unbuildableKernel && entry && entry->source && strstr(entry->source, kernel);
  if (entry) entry->cannotBuild = cannotBuild;
  unlock_tables();
  if (cannotBuild) return CL_BUILD_PROGRAM_FAILURE;
  return before_clBuildProgram(program, deviceCount, devices, options, notify, data);
}

static cl_int build_info(
    cl_program program, cl_device_id device, cl_program_build_info parameter, size_t size, void* value, size_t* sizeReturned) {
  lock_tables();
  const Program* entry = known(&programs, program);
  const bool cannotBuild = entry && entry->cannotBuild;
  unlock_tables();
  if (cannotBuild && parameter == CL_PROGRAM_BUILD_STATUS && value && size >= sizeof(cl_build_status)) {
    *(cl_build_status*)value = CL_BUILD_ERROR;
    return CL_SUCCESS;
  }
  if (parameter != CL_PROGRAM_BUILD_LOG || !(cannotBuild || settings.hasWarnings)) {
    return before_clGetProgramBuildInfo(program, device, parameter, size, value, sizeReturned);
  }
  if (cannotBuild && settings.hasNoLog) {
    if (sizeReturned) *sizeReturned = 1;
    if (value && size > 0) *(char*)value = 0;
    return CL_SUCCESS;
  }
  // A compiler that falls over says much, and not in the user's character set.
  static const char line[] = "\x1b[1m<source>\xae:7:3: internal compiler error: \xe2\x80 segmentation fault\x1b[0m\r\n\t~~~^\n";
  const size_t repeats = 4000, length = cannotBuild ? repeats * (sizeof line - 1) + 1 : sizeof warnings;
  if (sizeReturned) *sizeReturned = length;
  if (!value) return CL_SUCCESS;
  if (size < length) return CL_INVALID_VALUE;
  if (!cannotBuild) {
    memcpy(value, warnings, length);
    return CL_SUCCESS;
  }
  for (size_t i = 0; i < repeats; i++) memcpy((char*)value + i * (sizeof line - 1), line, sizeof line);
  return CL_SUCCESS;
}

void start_programs(void) {
  REPLACE(clCreateProgramWithSource, create_with_source);
  REPLACE(clCreateProgramWithBinary, create_with_binary);
  REPLACE(clBuildProgram, build);
  REPLACE(clGetProgramInfo, program_info);
  REPLACE(clGetProgramBuildInfo, build_info);
}
