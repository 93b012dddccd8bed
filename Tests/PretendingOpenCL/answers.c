// What platforms and devices say of themselves.
#include "pretending.h"

BEFORE(clGetPlatformIDs);
BEFORE(clGetPlatformInfo);
BEFORE(clGetDeviceIDs);
BEFORE(clGetDeviceInfo);
BEFORE(clCreateContextFromType);

// The broken platform: nothing but an address.
static int brokenPlatform;

static cl_int tell(const void* answer, size_t length, size_t size, void* value, size_t* sizeReturned) {
  if (value && size < length) return CL_INVALID_VALUE;
  if (value) memcpy(value, answer, length);
  if (sizeReturned) *sizeReturned = length;
  return CL_SUCCESS;
}

// A name as drivers have given it: with escape sequences, a registered sign in Latin-1, half a character of UTF-8, an end of line, spaces and
// zeros behind; or none at all.
static cl_int tell_name(const char* name, size_t size, void* value, size_t* sizeReturned) {
  if (settings.hasNoNames) name = "";
  if (!settings.hasOddNames) return tell(name, strlen(name) + 1, size, value, sizeReturned);
  char odd[512];
  memset(odd, 0, sizeof odd);
  const int length = snprintf(odd, sizeof odd - 8, "\x1b[31m %s\xae\t(R)\x07\r\n \xf0\x9f\x94  ", name);
  return tell(odd, (size_t)length + 3, size, value, sizeReturned);
}

// MARK: - Platforms

// The first platform that has a CPU: what does the work.
static cl_platform_id worker(void) {
  cl_platform_id platforms[16];
  cl_uint count = 0;
  if (before_clGetPlatformIDs(16, platforms, &count) != CL_SUCCESS) return NULL;
  for (cl_uint i = 0; i < count && i < 16; i++) {
    cl_uint devices = 0;
    if (before_clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_CPU, 0, NULL, &devices) == CL_SUCCESS && devices) return platforms[i];
  }
  return NULL;
}

static cl_int platform_ids(cl_uint capacity, cl_platform_id* platforms, cl_uint* count) {
  cl_platform_id found[2];
  cl_uint number = 0;
  if (settings.hasBrokenPlatform) found[number++] = (cl_platform_id)&brokenPlatform;
  const cl_platform_id real = worker();
  if (real) found[number++] = real;
  if (count) *count = number;
  for (cl_uint i = 0; platforms && i < number && i < capacity; i++) platforms[i] = found[i];
  return number ? CL_SUCCESS : CL_PLATFORM_NOT_FOUND_KHR;
}

static cl_int platform_info(cl_platform_id platform, cl_platform_info parameter, size_t size, void* value, size_t* sizeReturned) {
  if (platform == (cl_platform_id)&brokenPlatform) return CL_INVALID_PLATFORM;
  const Profile* claims = &settings.claims;
  switch (parameter) {
    case CL_PLATFORM_NAME: return tell_name(claims->platform, size, value, sizeReturned);
    case CL_PLATFORM_VENDOR: return tell_name(claims->vendor, size, value, sizeReturned);
    case CL_PLATFORM_VERSION: return tell(claims->platformVersion, strlen(claims->platformVersion) + 1, size, value, sizeReturned);
    case CL_PLATFORM_EXTENSIONS: return tell("cl_khr_icd", sizeof "cl_khr_icd", size, value, sizeReturned);
    default: return before_clGetPlatformInfo(platform, parameter, size, value, sizeReturned);
  }
}

// MARK: - Devices

static cl_int device_ids(cl_platform_id platform, cl_device_type type, cl_uint capacity, cl_device_id* devices, cl_uint* count) {
  if (platform == (cl_platform_id)&brokenPlatform) return CL_OUT_OF_HOST_MEMORY;
  const bool isWanted = type == CL_DEVICE_TYPE_ALL || type & (CL_DEVICE_TYPE_GPU | CL_DEVICE_TYPE_DEFAULT);
  if (!isWanted) {
    if (count) *count = 0;
    return CL_DEVICE_NOT_FOUND;
  }
  cl_uint all = 0;
  const cl_int status = before_clGetDeviceIDs(platform, CL_DEVICE_TYPE_CPU, devices ? 1 : capacity, devices, &all);
  if (count) *count = all ? 1 : 0;
  return status;
}

static cl_context context_from_type(
    const cl_context_properties* properties, cl_device_type type,
    void(CL_CALLBACK* notify)(const char*, const void*, size_t, void*), void* data, cl_int* error) {
  if (type == CL_DEVICE_TYPE_ALL || type & (CL_DEVICE_TYPE_GPU | CL_DEVICE_TYPE_DEFAULT)) {
    return before_clCreateContextFromType(properties, CL_DEVICE_TYPE_CPU, notify, data, error);
  }
  if (error) *error = CL_DEVICE_NOT_FOUND;
  return NULL;
}

static cl_device_fp_config single_precision(const Profile* claims) {
  return CL_FP_INF_NAN | CL_FP_ROUND_TO_NEAREST | (claims->hasDenormals ? CL_FP_DENORM : 0) | (claims->hasFusedMultiplyAdd ? CL_FP_FMA : 0);
}

static cl_int device_info(cl_device_id device, cl_device_info parameter, size_t size, void* value, size_t* sizeReturned) {
  const Profile* claims = &settings.claims;
#define TELL(type, answer)                                            \
  {                                                                   \
    const type told = answer;                                         \
    return tell(&told, sizeof told, size, value, sizeReturned);       \
  }
#define TEXT(answer) return tell(answer, strlen(answer) + 1, size, value, sizeReturned)
  switch (parameter) {
    case CL_DEVICE_TYPE: TELL(cl_device_type, CL_DEVICE_TYPE_GPU)
    case CL_DEVICE_NAME: return tell_name(claims->device, size, value, sizeReturned);
    case CL_DEVICE_VENDOR: return tell_name(claims->vendor, size, value, sizeReturned);
    case CL_DRIVER_VERSION: return tell_name(claims->driver, size, value, sizeReturned);
    case CL_DEVICE_VERSION: TEXT(settings.hasNoVersion ? "" : claims->version);
    case CL_DEVICE_OPENCL_C_VERSION: TEXT(claims->languageVersion);
    case CL_DEVICE_EXTENSIONS: {
      char text[1024];
      snprintf(
          text, sizeof text,
          "cl_khr_global_int32_base_atomics cl_khr_global_int32_extended_atomics cl_khr_local_int32_base_atomics "
          "cl_khr_local_int32_extended_atomics cl_khr_byte_addressable_store cl_khr_icd %s",
          claims->extensions);
      TEXT(text);
    }
    case CL_DEVICE_AVAILABLE: TELL(cl_bool, !atomic_load(&hasVanished))
    case CL_DEVICE_VENDOR_ID: TELL(cl_uint, claims->vendorID)
    case CL_DEVICE_MAX_COMPUTE_UNITS: TELL(cl_uint, claims->units)
    case CL_DEVICE_MAX_CLOCK_FREQUENCY: TELL(cl_uint, claims->clock)
    case CL_DEVICE_MAX_WORK_GROUP_SIZE: TELL(size_t, claims->group)
    case CL_DEVICE_MAX_WORK_ITEM_SIZES: return tell(claims->groupSizes, sizeof claims->groupSizes, size, value, sizeReturned);
    case CL_DEVICE_GLOBAL_MEM_SIZE: TELL(cl_ulong, claims->memory)
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE: TELL(cl_ulong, claims->allocation)
    case CL_DEVICE_LOCAL_MEM_SIZE: TELL(cl_ulong, claims->localBytes)
    case CL_DEVICE_LOCAL_MEM_TYPE: TELL(cl_device_local_mem_type, claims->localIsGlobal ? CL_GLOBAL : CL_LOCAL)
    case CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE: TELL(cl_ulong, 65536)
    case CL_DEVICE_MAX_PARAMETER_SIZE: TELL(size_t, claims->parameterBytes)
    case CL_DEVICE_MEM_BASE_ADDR_ALIGN: TELL(cl_uint, claims->alignment * 8)
    case CL_DEVICE_HOST_UNIFIED_MEMORY: TELL(cl_bool, claims->isUnified)
    case CL_DEVICE_SINGLE_FP_CONFIG: TELL(cl_device_fp_config, single_precision(claims))
    case CL_DEVICE_DOUBLE_FP_CONFIG:
      if (claims->hasDoubles) return before_clGetDeviceInfo(device, parameter, size, value, sizeReturned);
      TELL(cl_device_fp_config, 0)
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_CHAR:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_CHAR: TELL(cl_uint, 4 * claims->vectorWidth)
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_SHORT:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_SHORT: TELL(cl_uint, 2 * claims->vectorWidth)
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_INT:
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_INT:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT: TELL(cl_uint, claims->vectorWidth)
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_LONG:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_LONG: TELL(cl_uint, 1)
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_DOUBLE:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_DOUBLE: TELL(cl_uint, claims->hasDoubles)
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_HALF:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_HALF: TELL(cl_uint, 0)
    default:
      // What OpenCL 2.0 and later ask for is unknown to drivers of 1.2.
      if (parameter > CL_DEVICE_REFERENCE_COUNT && parameter < 0x1100 && strncmp(claims->version, "OpenCL 1.2", 10) == 0 &&
          parameter != CL_DEVICE_PREFERRED_INTEROP_USER_SYNC && parameter != CL_DEVICE_PRINTF_BUFFER_SIZE) {
        return CL_INVALID_VALUE;
      }
      return before_clGetDeviceInfo(device, parameter, size, value, sizeReturned);
  }
}

void start_answers(void) {
  REPLACE(clGetPlatformIDs, platform_ids);
  REPLACE(clGetPlatformInfo, platform_info);
  REPLACE(clGetDeviceIDs, device_ids);
  REPLACE(clGetDeviceInfo, device_info);
  REPLACE(clCreateContextFromType, context_from_type);
}
