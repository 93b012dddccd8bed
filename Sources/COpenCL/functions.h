// The OpenCL 1.2 functions on buffers, programs, kernels and events: everything but images, samplers and native kernels.
// Includers define what to make of each kind:
//   STATUS(name, parameters, arguments)        returns its cl_int
//   CREATE(type, name, parameters, arguments)  returns a handle or a pointer, and its cl_int through the last parameter, `error`
//   COMMAND(name, isBlocking, parameters, arguments)
//                                              is a STATUS whose parameters begin with `queue` and end with waitCount, waitList, event;
//                                              where it is not defined, it is a STATUS

#ifndef COMMAND
#define COMMAND(name, isBlocking, parameters, arguments) STATUS(name, parameters, arguments)
#define COMMAND_IS_STATUS
#endif

#define INFO_PARAMETERS cl_uint parameter, size_t size, void *value, size_t *sizeReturned
#define INFO_ARGUMENTS parameter, size, value, sizeReturned
#define EVENT_PARAMETERS cl_uint waitCount, const cl_event *waitList, cl_event *event
#define EVENT_ARGUMENTS waitCount, waitList, event

// Platforms and devices
STATUS(clGetPlatformIDs, (cl_uint capacity, cl_platform_id *platforms, cl_uint *count), (capacity, platforms, count))
STATUS(clGetPlatformInfo, (cl_platform_id platform, INFO_PARAMETERS), (platform, INFO_ARGUMENTS))
STATUS(clGetDeviceIDs, (cl_platform_id platform, cl_device_type type, cl_uint capacity, cl_device_id *devices, cl_uint *count),
       (platform, type, capacity, devices, count))
STATUS(clGetDeviceInfo, (cl_device_id device, INFO_PARAMETERS), (device, INFO_ARGUMENTS))
STATUS(clCreateSubDevices,
       (cl_device_id device, const cl_device_partition_property *properties, cl_uint capacity, cl_device_id *devices, cl_uint *count),
       (device, properties, capacity, devices, count))
STATUS(clRetainDevice, (cl_device_id device), (device))
STATUS(clReleaseDevice, (cl_device_id device), (device))

// Contexts and queues
CREATE(cl_context, clCreateContext,
       (const cl_context_properties *properties, cl_uint deviceCount, const cl_device_id *devices,
        void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *data, cl_int *error),
       (properties, deviceCount, devices, notify, data, error))
CREATE(cl_context, clCreateContextFromType,
       (const cl_context_properties *properties, cl_device_type type,
        void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *data, cl_int *error),
       (properties, type, notify, data, error))
STATUS(clRetainContext, (cl_context context), (context))
STATUS(clReleaseContext, (cl_context context), (context))
STATUS(clGetContextInfo, (cl_context context, INFO_PARAMETERS), (context, INFO_ARGUMENTS))
CREATE(cl_command_queue, clCreateCommandQueue,
       (cl_context context, cl_device_id device, cl_command_queue_properties properties, cl_int *error),
       (context, device, properties, error))
STATUS(clRetainCommandQueue, (cl_command_queue queue), (queue))
STATUS(clReleaseCommandQueue, (cl_command_queue queue), (queue))
STATUS(clGetCommandQueueInfo, (cl_command_queue queue, INFO_PARAMETERS), (queue, INFO_ARGUMENTS))
STATUS(clFlush, (cl_command_queue queue), (queue))
STATUS(clFinish, (cl_command_queue queue), (queue))

// Buffers
CREATE(cl_mem, clCreateBuffer, (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *error),
       (context, flags, size, host, error))
CREATE(cl_mem, clCreateSubBuffer,
       (cl_mem buffer, cl_mem_flags flags, cl_buffer_create_type type, const void *region, cl_int *error),
       (buffer, flags, type, region, error))
STATUS(clRetainMemObject, (cl_mem memory), (memory))
STATUS(clReleaseMemObject, (cl_mem memory), (memory))
STATUS(clGetMemObjectInfo, (cl_mem memory, INFO_PARAMETERS), (memory, INFO_ARGUMENTS))
STATUS(clSetMemObjectDestructorCallback, (cl_mem memory, void(CL_CALLBACK *notify)(cl_mem, void *), void *data), (memory, notify, data))

// Programs
CREATE(cl_program, clCreateProgramWithSource,
       (cl_context context, cl_uint count, const char **strings, const size_t *lengths, cl_int *error),
       (context, count, strings, lengths, error))
CREATE(cl_program, clCreateProgramWithBinary,
       (cl_context context, cl_uint deviceCount, const cl_device_id *devices, const size_t *lengths, const unsigned char **binaries,
        cl_int *statuses, cl_int *error),
       (context, deviceCount, devices, lengths, binaries, statuses, error))
CREATE(cl_program, clCreateProgramWithBuiltInKernels,
       (cl_context context, cl_uint deviceCount, const cl_device_id *devices, const char *names, cl_int *error),
       (context, deviceCount, devices, names, error))
STATUS(clRetainProgram, (cl_program program), (program))
STATUS(clReleaseProgram, (cl_program program), (program))
STATUS(clBuildProgram,
       (cl_program program, cl_uint deviceCount, const cl_device_id *devices, const char *options,
        void(CL_CALLBACK *notify)(cl_program, void *), void *data),
       (program, deviceCount, devices, options, notify, data))
STATUS(clCompileProgram,
       (cl_program program, cl_uint deviceCount, const cl_device_id *devices, const char *options, cl_uint headerCount,
        const cl_program *headers, const char **headerNames, void(CL_CALLBACK *notify)(cl_program, void *), void *data),
       (program, deviceCount, devices, options, headerCount, headers, headerNames, notify, data))
CREATE(cl_program, clLinkProgram,
       (cl_context context, cl_uint deviceCount, const cl_device_id *devices, const char *options, cl_uint count,
        const cl_program *programs, void(CL_CALLBACK *notify)(cl_program, void *), void *data, cl_int *error),
       (context, deviceCount, devices, options, count, programs, notify, data, error))
STATUS(clUnloadPlatformCompiler, (cl_platform_id platform), (platform))
STATUS(clGetProgramInfo, (cl_program program, INFO_PARAMETERS), (program, INFO_ARGUMENTS))
STATUS(clGetProgramBuildInfo, (cl_program program, cl_device_id device, INFO_PARAMETERS), (program, device, INFO_ARGUMENTS))

// Kernels
CREATE(cl_kernel, clCreateKernel, (cl_program program, const char *name, cl_int *error), (program, name, error))
STATUS(clCreateKernelsInProgram, (cl_program program, cl_uint capacity, cl_kernel *kernels, cl_uint *count),
       (program, capacity, kernels, count))
STATUS(clRetainKernel, (cl_kernel kernel), (kernel))
STATUS(clReleaseKernel, (cl_kernel kernel), (kernel))
STATUS(clSetKernelArg, (cl_kernel kernel, cl_uint index, size_t size, const void *value), (kernel, index, size, value))
STATUS(clGetKernelInfo, (cl_kernel kernel, INFO_PARAMETERS), (kernel, INFO_ARGUMENTS))
STATUS(clGetKernelArgInfo, (cl_kernel kernel, cl_uint index, INFO_PARAMETERS), (kernel, index, INFO_ARGUMENTS))
STATUS(clGetKernelWorkGroupInfo, (cl_kernel kernel, cl_device_id device, INFO_PARAMETERS), (kernel, device, INFO_ARGUMENTS))

// Events
STATUS(clWaitForEvents, (cl_uint count, const cl_event *events), (count, events))
STATUS(clGetEventInfo, (cl_event event, INFO_PARAMETERS), (event, INFO_ARGUMENTS))
STATUS(clGetEventProfilingInfo, (cl_event event, INFO_PARAMETERS), (event, INFO_ARGUMENTS))
CREATE(cl_event, clCreateUserEvent, (cl_context context, cl_int *error), (context, error))
STATUS(clSetUserEventStatus, (cl_event event, cl_int status), (event, status))
STATUS(clSetEventCallback, (cl_event event, cl_int status, void(CL_CALLBACK *notify)(cl_event, cl_int, void *), void *data),
       (event, status, notify, data))
STATUS(clRetainEvent, (cl_event event), (event))
STATUS(clReleaseEvent, (cl_event event), (event))

// Commands
COMMAND(clEnqueueReadBuffer, blocking,
        (cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size, void *host, EVENT_PARAMETERS),
        (queue, buffer, blocking, offset, size, host, EVENT_ARGUMENTS))
COMMAND(clEnqueueReadBufferRect, blocking,
        (cl_command_queue queue, cl_mem buffer, cl_bool blocking, const size_t *origin, const size_t *hostOrigin, const size_t *region,
         size_t rowPitch, size_t slicePitch, size_t hostRowPitch, size_t hostSlicePitch, void *host, EVENT_PARAMETERS),
        (queue, buffer, blocking, origin, hostOrigin, region, rowPitch, slicePitch, hostRowPitch, hostSlicePitch, host, EVENT_ARGUMENTS))
COMMAND(clEnqueueWriteBuffer, blocking,
        (cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size, const void *host, EVENT_PARAMETERS),
        (queue, buffer, blocking, offset, size, host, EVENT_ARGUMENTS))
COMMAND(clEnqueueWriteBufferRect, blocking,
        (cl_command_queue queue, cl_mem buffer, cl_bool blocking, const size_t *origin, const size_t *hostOrigin, const size_t *region,
         size_t rowPitch, size_t slicePitch, size_t hostRowPitch, size_t hostSlicePitch, const void *host, EVENT_PARAMETERS),
        (queue, buffer, blocking, origin, hostOrigin, region, rowPitch, slicePitch, hostRowPitch, hostSlicePitch, host, EVENT_ARGUMENTS))
COMMAND(clEnqueueFillBuffer, CL_FALSE,
        (cl_command_queue queue, cl_mem buffer, const void *pattern, size_t patternSize, size_t offset, size_t size, EVENT_PARAMETERS),
        (queue, buffer, pattern, patternSize, offset, size, EVENT_ARGUMENTS))
COMMAND(clEnqueueCopyBuffer, CL_FALSE,
        (cl_command_queue queue, cl_mem from, cl_mem to, size_t fromOffset, size_t toOffset, size_t size, EVENT_PARAMETERS),
        (queue, from, to, fromOffset, toOffset, size, EVENT_ARGUMENTS))
COMMAND(clEnqueueCopyBufferRect, CL_FALSE,
        (cl_command_queue queue, cl_mem from, cl_mem to, const size_t *fromOrigin, const size_t *toOrigin, const size_t *region,
         size_t fromRowPitch, size_t fromSlicePitch, size_t toRowPitch, size_t toSlicePitch, EVENT_PARAMETERS),
        (queue, from, to, fromOrigin, toOrigin, region, fromRowPitch, fromSlicePitch, toRowPitch, toSlicePitch, EVENT_ARGUMENTS))
CREATE(void *, clEnqueueMapBuffer,
       (cl_command_queue queue, cl_mem buffer, cl_bool blocking, cl_map_flags flags, size_t offset, size_t size, EVENT_PARAMETERS,
        cl_int *error),
       (queue, buffer, blocking, flags, offset, size, EVENT_ARGUMENTS, error))
COMMAND(clEnqueueUnmapMemObject, CL_FALSE, (cl_command_queue queue, cl_mem memory, void *mapped, EVENT_PARAMETERS),
        (queue, memory, mapped, EVENT_ARGUMENTS))
COMMAND(clEnqueueMigrateMemObjects, CL_FALSE,
        (cl_command_queue queue, cl_uint count, const cl_mem *memory, cl_mem_migration_flags flags, EVENT_PARAMETERS),
        (queue, count, memory, flags, EVENT_ARGUMENTS))
COMMAND(clEnqueueNDRangeKernel, CL_FALSE,
        (cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset, const size_t *global, const size_t *local,
         EVENT_PARAMETERS),
        (queue, kernel, dimensions, offset, global, local, EVENT_ARGUMENTS))
COMMAND(clEnqueueMarkerWithWaitList, CL_FALSE, (cl_command_queue queue, EVENT_PARAMETERS), (queue, EVENT_ARGUMENTS))
COMMAND(clEnqueueBarrierWithWaitList, CL_FALSE, (cl_command_queue queue, EVENT_PARAMETERS), (queue, EVENT_ARGUMENTS))

#undef INFO_PARAMETERS
#undef INFO_ARGUMENTS
#undef EVENT_PARAMETERS
#undef EVENT_ARGUMENTS
#ifdef COMMAND_IS_STATUS
#undef COMMAND
#undef COMMAND_IS_STATUS
#endif
