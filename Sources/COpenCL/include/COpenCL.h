// OpenCL 1.2 under its own names, from a library that is opened when glissade_opencl_load is called.
//
// A program that links libOpenCL does not start on a machine without it, and a machine without OpenCL is a normal machine. So every
// function below is, to the linker, glissade_clName: a forwarder that costs one indirect call and returns CL_INVALID_OPERATION (and
// NULL) while nothing is loaded or where the library lacks the function. The names cannot clash with those of a real or preloaded
// libOpenCL. clGetPlatformIDs finds zero platforms where a loader without drivers says CL_PLATFORM_NOT_FOUND_KHR; everything else is
// passed on as it is. Functions of CL/cl.h that are not in this list (images, samplers, native kernels) do not link.
#pragma once

#pragma redefine_extname clGetExtensionFunctionAddressForPlatform glissade_clGetExtensionFunctionAddressForPlatform
#pragma redefine_extname clGetPlatformIDs glissade_clGetPlatformIDs
#pragma redefine_extname clGetPlatformInfo glissade_clGetPlatformInfo
#pragma redefine_extname clGetDeviceIDs glissade_clGetDeviceIDs
#pragma redefine_extname clGetDeviceInfo glissade_clGetDeviceInfo
#pragma redefine_extname clCreateSubDevices glissade_clCreateSubDevices
#pragma redefine_extname clRetainDevice glissade_clRetainDevice
#pragma redefine_extname clReleaseDevice glissade_clReleaseDevice
#pragma redefine_extname clCreateContext glissade_clCreateContext
#pragma redefine_extname clCreateContextFromType glissade_clCreateContextFromType
#pragma redefine_extname clRetainContext glissade_clRetainContext
#pragma redefine_extname clReleaseContext glissade_clReleaseContext
#pragma redefine_extname clGetContextInfo glissade_clGetContextInfo
#pragma redefine_extname clCreateCommandQueue glissade_clCreateCommandQueue
#pragma redefine_extname clRetainCommandQueue glissade_clRetainCommandQueue
#pragma redefine_extname clReleaseCommandQueue glissade_clReleaseCommandQueue
#pragma redefine_extname clGetCommandQueueInfo glissade_clGetCommandQueueInfo
#pragma redefine_extname clFlush glissade_clFlush
#pragma redefine_extname clFinish glissade_clFinish
#pragma redefine_extname clCreateBuffer glissade_clCreateBuffer
#pragma redefine_extname clCreateSubBuffer glissade_clCreateSubBuffer
#pragma redefine_extname clRetainMemObject glissade_clRetainMemObject
#pragma redefine_extname clReleaseMemObject glissade_clReleaseMemObject
#pragma redefine_extname clGetMemObjectInfo glissade_clGetMemObjectInfo
#pragma redefine_extname clSetMemObjectDestructorCallback glissade_clSetMemObjectDestructorCallback
#pragma redefine_extname clCreateProgramWithSource glissade_clCreateProgramWithSource
#pragma redefine_extname clCreateProgramWithBinary glissade_clCreateProgramWithBinary
#pragma redefine_extname clCreateProgramWithBuiltInKernels glissade_clCreateProgramWithBuiltInKernels
#pragma redefine_extname clRetainProgram glissade_clRetainProgram
#pragma redefine_extname clReleaseProgram glissade_clReleaseProgram
#pragma redefine_extname clBuildProgram glissade_clBuildProgram
#pragma redefine_extname clCompileProgram glissade_clCompileProgram
#pragma redefine_extname clLinkProgram glissade_clLinkProgram
#pragma redefine_extname clUnloadPlatformCompiler glissade_clUnloadPlatformCompiler
#pragma redefine_extname clGetProgramInfo glissade_clGetProgramInfo
#pragma redefine_extname clGetProgramBuildInfo glissade_clGetProgramBuildInfo
#pragma redefine_extname clCreateKernel glissade_clCreateKernel
#pragma redefine_extname clCreateKernelsInProgram glissade_clCreateKernelsInProgram
#pragma redefine_extname clRetainKernel glissade_clRetainKernel
#pragma redefine_extname clReleaseKernel glissade_clReleaseKernel
#pragma redefine_extname clSetKernelArg glissade_clSetKernelArg
#pragma redefine_extname clGetKernelInfo glissade_clGetKernelInfo
#pragma redefine_extname clGetKernelArgInfo glissade_clGetKernelArgInfo
#pragma redefine_extname clGetKernelWorkGroupInfo glissade_clGetKernelWorkGroupInfo
#pragma redefine_extname clWaitForEvents glissade_clWaitForEvents
#pragma redefine_extname clGetEventInfo glissade_clGetEventInfo
#pragma redefine_extname clGetEventProfilingInfo glissade_clGetEventProfilingInfo
#pragma redefine_extname clCreateUserEvent glissade_clCreateUserEvent
#pragma redefine_extname clSetUserEventStatus glissade_clSetUserEventStatus
#pragma redefine_extname clSetEventCallback glissade_clSetEventCallback
#pragma redefine_extname clRetainEvent glissade_clRetainEvent
#pragma redefine_extname clReleaseEvent glissade_clReleaseEvent
#pragma redefine_extname clEnqueueReadBuffer glissade_clEnqueueReadBuffer
#pragma redefine_extname clEnqueueReadBufferRect glissade_clEnqueueReadBufferRect
#pragma redefine_extname clEnqueueWriteBuffer glissade_clEnqueueWriteBuffer
#pragma redefine_extname clEnqueueWriteBufferRect glissade_clEnqueueWriteBufferRect
#pragma redefine_extname clEnqueueFillBuffer glissade_clEnqueueFillBuffer
#pragma redefine_extname clEnqueueCopyBuffer glissade_clEnqueueCopyBuffer
#pragma redefine_extname clEnqueueCopyBufferRect glissade_clEnqueueCopyBufferRect
#pragma redefine_extname clEnqueueMapBuffer glissade_clEnqueueMapBuffer
#pragma redefine_extname clEnqueueUnmapMemObject glissade_clEnqueueUnmapMemObject
#pragma redefine_extname clEnqueueMigrateMemObjects glissade_clEnqueueMigrateMemObjects
#pragma redefine_extname clEnqueueNDRangeKernel glissade_clEnqueueNDRangeKernel
#pragma redefine_extname clEnqueueMarkerWithWaitList glissade_clEnqueueMarkerWithWaitList
#pragma redefine_extname clEnqueueBarrierWithWaitList glissade_clEnqueueBarrierWithWaitList

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 120
#endif
// clCreateCommandQueue is what every 1.2 driver has; OpenCL 2.0 deprecates it.
#ifndef CL_USE_DEPRECATED_OPENCL_1_2_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#endif
#include <CL/cl.h>
#include <CL/cl_ext.h>

/// Opens the OpenCL library; any thread may call it, any number of times.
///
/// With `library` NULL it takes, in this order: the library that the environment variable GLISSADE_OPENCL_LIBRARY names (when it is
/// set and not empty, only that one), the OpenCL functions that are already in the process (a preloaded tool such as oclgrind),
/// libOpenCL.so.1, libOpenCL.so. Otherwise it takes `library`, a name or a path as dlopen takes it, and nothing else.
///
/// Returns NULL on success, and also when a library is open already and `library` is NULL or names that same one. Otherwise returns
/// why not, with the dynamic linker's own words; the text stays valid until the same thread calls this function again. After a failure
/// the next call tries afresh. A library, once open, stays open and cannot be replaced.
const char* glissade_opencl_load(const char* library);

/// What is open: the name that was given to the dynamic linker, "preloaded" for functions that were in the process already, or NULL.
const char* glissade_opencl_library(void);

/// The name of an OpenCL status code, for example "CL_OUT_OF_RESOURCES" for -5; "unknown OpenCL error" for a code without a name.
const char* glissade_opencl_error_name(cl_int code);
