// The devices that the library can be. Numbers are what people reported of real ones with clinfo or in programs' logs, in the repositories on
// GitHub that each entry names; where a report leaves a number out, it is the vendor's (product pages, programming guides). What the library
// behind cannot do (half precision, sub-groups) is not claimed, whatever the device has.
#include "pretending.h"

#define MEBIBYTE (1ull << 20)
#define KIBIBYTE (1ull << 10)

const Profile profiles[] = {
    // Reports: CNugteren/CLTune (GTX 1060 6GB), hashcat/hashcat (GTX 960); a quarter of memory for one buffer: NVIDIA's forum, "why is
    // CL_DEVICE_MAX_MEM_ALLOC_SIZE never larger than 25 %". Drivers stop a kernel after about two seconds where a display is attached.
    {.name = "nvidia-desktop", .platform = "NVIDIA CUDA", .platformVersion = "OpenCL 1.2 CUDA 10.2.185", .vendor = "NVIDIA Corporation",
     .device = "GeForce GTX 1060 6GB", .version = "OpenCL 1.2 CUDA", .driver = "430.64", .languageVersion = "OpenCL C 1.2 ",
     .extensions = "cl_khr_fp64 cl_nv_compiler_options cl_nv_device_attribute_query cl_nv_pragma_unroll", .languages = "",
     .vendorID = 0x10de, .units = 10, .clock = 1771, .group = 1024, .groupSizes = {1024, 1024, 64}, .kernelGroup = 1024, .groupMultiple = 32,
     .memory = 6076 * MEBIBYTE, .allocation = 1519 * MEBIBYTE, .localBytes = 48 * KIBIBYTE, .parameterBytes = 4352, .alignment = 512,
     .vectorWidth = 1, .isUnified = false, .hasDoubles = true, .hasDenormals = true, .hasFusedMultiplyAdd = true, .watchdog = 2000},
    // Reports: GPGPUCourse/GPGPUTasks2025 and 10gic/vanitygen-plusplus (Tesla T4), xmrig/xmrig (OpenCL 3.0 CUDA: no optional feature but
    // double precision, images, 64-bit integers).
    {.name = "nvidia-datacenter", .platform = "NVIDIA CUDA", .platformVersion = "OpenCL 3.0 CUDA 12.2.149", .vendor = "NVIDIA Corporation",
     .device = "Tesla T4", .version = "OpenCL 3.0 CUDA", .driver = "535.247.01", .languageVersion = "OpenCL C 1.2 ",
     .extensions = "cl_khr_fp64 cl_nv_compiler_options cl_nv_device_attribute_query cl_nv_pragma_unroll", .languages = "CL3.0",
     .vendorID = 0x10de, .units = 40, .clock = 1590, .group = 1024, .groupSizes = {1024, 1024, 64}, .kernelGroup = 1024, .groupMultiple = 32,
     .memory = 14930 * MEBIBYTE, .allocation = 3732 * MEBIBYTE, .localBytes = 48 * KIBIBYTE, .parameterBytes = 4352, .alignment = 512,
     .vectorWidth = 1, .isUnified = false, .hasDoubles = true, .hasDenormals = true, .hasFusedMultiplyAdd = true, .watchdog = 0},
    // Reports: janhq/jan (gfx1032 under PAL), ROCm/legacy-rocm-build (RX 6600 XT). Units are pairs of compute units there.
    {.name = "amd-rdna", .platform = "AMD Accelerated Parallel Processing", .platformVersion = "OpenCL 2.1 AMD-APP (3592.0)",
     .vendor = "Advanced Micro Devices, Inc.", .device = "gfx1032", .version = "OpenCL 2.0 AMD-APP (3592.0)",
     .driver = "3592.0 (PAL,LC)", .languageVersion = "OpenCL C 2.0 ", .extensions = "cl_khr_fp64 cl_amd_device_attribute_query",
     .languages = "CL2.0", .vendorID = 0x1002, .units = 16, .clock = 2589, .group = 256, .groupSizes = {1024, 1024, 1024}, .kernelGroup = 256,
     .groupMultiple = 32, .memory = 8176 * MEBIBYTE, .allocation = 6949 * MEBIBYTE, .localBytes = 64 * KIBIBYTE, .parameterBytes = 1024,
     .alignment = 256, .vectorWidth = 1, .isUnified = false, .hasDoubles = true, .hasDenormals = true, .hasFusedMultiplyAdd = true},
    // Reports: tugrul512bit/Cekirdekler (RX 580), ROCm/clr (gfx803), fireice-uk/xmr-stak (alignment, local memory).
    {.name = "amd-gcn", .platform = "AMD Accelerated Parallel Processing", .platformVersion = "OpenCL 2.0 AMD-APP (2639.3)",
     .vendor = "Advanced Micro Devices, Inc.", .device = "Ellesmere", .version = "OpenCL 1.2 AMD-APP (2639.3)", .driver = "2639.3",
     .languageVersion = "OpenCL C 1.2 ", .extensions = "cl_khr_fp64 cl_amd_device_attribute_query", .languages = "", .vendorID = 0x1002,
     .units = 36, .clock = 1411, .group = 256, .groupSizes = {256, 256, 256}, .kernelGroup = 256, .groupMultiple = 64,
     .memory = 8057 * MEBIBYTE, .allocation = 4048 * MEBIBYTE, .localBytes = 32 * KIBIBYTE, .parameterBytes = 1024, .alignment = 256,
     .vectorWidth = 1, .isUnified = false, .hasDoubles = true, .hasDenormals = false, .hasFusedMultiplyAdd = true},
    // Reports: intel/llvm (Iris Xe), diku-dk/futhark (largest buffer, alignment), openvinotoolkit/openvino (widths, no double precision).
    {.name = "intel-xe", .platform = "Intel(R) OpenCL Graphics", .platformVersion = "OpenCL 3.0 ", .vendor = "Intel(R) Corporation",
     .device = "Intel(R) Iris(R) Xe Graphics", .version = "OpenCL 3.0 NEO ", .driver = "22.49.25018.24", .languageVersion = "OpenCL C 1.2 ",
     .extensions = "cl_intel_planar_yuv", .languages = "CL3.0", .vendorID = 0x8086, .units = 96, .clock = 1350, .group = 512,
     .groupSizes = {512, 512, 512}, .kernelGroup = 512, .groupMultiple = 64, .memory = 6348 * MEBIBYTE, .allocation = 4294959104ull,
     .localBytes = 64 * KIBIBYTE, .parameterBytes = 2048, .alignment = 128, .vectorWidth = 1, .isUnified = true, .hasDenormals = true,
     .hasFusedMultiplyAdd = true},
    // Reports: hominoids/sgminer-arm (G610: memory, all of it for one buffer), Arm's guides (groups, local memory that is ordinary memory).
    {.name = "arm-mali", .platform = "ARM Platform", .platformVersion = "OpenCL 3.0 v1.r32p1-01eac0.54329dee8f160f288c574caaf67bbe3f",
     .vendor = "ARM", .device = "Mali-G610 MC6 r0p0", .version = "OpenCL 3.0 v1.r32p1-01eac0.54329dee8f160f288c574caaf67bbe3f",
     .driver = "3.0", .languageVersion = "OpenCL C 3.0 v1.r32p1-01eac0.54329dee8f160f288c574caaf67bbe3f",
     .extensions = "cl_arm_core_id cl_arm_printf", .languages = "CL2.0 CL3.0", .vendorID = 0xa8670000, .units = 6, .clock = 1000,
     .group = 1024, .groupSizes = {1024, 1024, 1024}, .kernelGroup = 512, .groupMultiple = 16, .memory = 7797280768ull,
     .allocation = 7797280768ull, .localBytes = 32 * KIBIBYTE, .parameterBytes = 1024, .alignment = 128, .vectorWidth = 4, .isUnified = true,
     .hasDenormals = true, .hasFusedMultiplyAdd = true, .localIsGlobal = true},
    // Reports: ARM-software/ComputeLibrary and CNugteren/CLBlast (G52): groups of 384, no power of two.
    {.name = "arm-mali-bifrost", .platform = "ARM Platform", .platformVersion = "OpenCL 2.0 git.c8adbf9.122c9daed32dbba4b3056f41a2f23c58",
     .vendor = "ARM", .device = "Mali-G52", .version = "OpenCL 2.0 git.c8adbf9.122c9daed32dbba4b3056f41a2f23c58", .driver = "2.0",
     .languageVersion = "OpenCL C 2.0 git.c8adbf9.122c9daed32dbba4b3056f41a2f23c58", .extensions = "cl_arm_core_id cl_arm_printf",
     .languages = "CL2.0", .vendorID = 0x72120000, .units = 2, .clock = 750, .group = 384, .groupSizes = {384, 384, 384}, .kernelGroup = 384,
     .groupMultiple = 8, .memory = 3700 * MEBIBYTE, .allocation = 3700 * MEBIBYTE, .localBytes = 32 * KIBIBYTE, .parameterBytes = 1024,
     .alignment = 128, .vectorWidth = 4, .isUnified = true, .hasDenormals = true, .hasFusedMultiplyAdd = true, .localIsGlobal = true},
    // Reports: Oblomov/clinfo (memory, largest buffer), CodeLinaro/llama.cpp (Adreno 740: no denormals, no IEEE fused multiply-add),
    // BOINC/boinc (local memory, size of arguments); what a kernel's registers leave of a group: Qualcomm's OpenCL guide.
    {.name = "qualcomm-adreno", .platform = "QUALCOMM Snapdragon(TM)", .platformVersion = "OpenCL 3.0 QUALCOMM build: commit unknown",
     .vendor = "QUALCOMM", .device = "QUALCOMM Adreno(TM) 740", .version = "OpenCL 3.0 Adreno(TM) 740",
     .driver = "OpenCL 3.0 QUALCOMM build: commit unknown Compiler E031.41.03.36", .languageVersion = "OpenCL C 3.0 Adreno(TM) 740",
     .extensions = "cl_qcom_ion_host_ptr", .languages = "CL2.0 CL3.0", .vendorID = 0x5143, .units = 6, .clock = 680, .group = 1024,
     .groupSizes = {1024, 1024, 1024}, .kernelGroup = 512, .groupMultiple = 64, .memory = 5814714368ull, .allocation = 1073741824ull,
     .localBytes = 32 * KIBIBYTE, .parameterBytes = 1024, .alignment = 128, .vectorWidth = 1, .isUnified = true, .hasDenormals = false,
     .hasFusedMultiplyAdd = false},
    // Reports: hashcat/hashcat and diku-dk/futhark (Apple M1), GPGPUCourse/GPGPUTasks2025 (group, memory of M2 to M4: two thirds of all).
    {.name = "apple", .platform = "Apple", .platformVersion = "OpenCL 1.2 (Oct  1 2021 19:40:58)", .vendor = "Apple", .device = "Apple M1",
     .version = "OpenCL 1.2 ", .driver = "1.2 1.0", .languageVersion = "OpenCL C 1.2 ", .extensions = "cl_APPLE_SetMemObjectDestructor",
     .languages = "", .vendorID = 0x1027f00, .units = 8, .clock = 1000, .group = 256, .groupSizes = {256, 256, 256}, .kernelGroup = 256,
     .groupMultiple = 32, .memory = 5461 * MEBIBYTE, .allocation = 1024 * MEBIBYTE, .localBytes = 32 * KIBIBYTE, .parameterBytes = 4096,
     .alignment = 4096, .vectorWidth = 1, .isUnified = true, .hasDenormals = false, .hasFusedMultiplyAdd = true},
    // No device: little more than what OpenCL 1.2 demands of every one (table of clGetDeviceInfo in its specification).
    {.name = "small-64", .platform = "Small Platform", .platformVersion = "OpenCL 1.2 small", .vendor = "Nobody", .device = "Small GPU 64",
     .version = "OpenCL 1.2 small", .driver = "1", .languageVersion = "OpenCL C 1.2 ", .extensions = "", .languages = "", .vendorID = 1,
     .units = 4, .clock = 500, .group = 64, .groupSizes = {64, 64, 64}, .kernelGroup = 64, .groupMultiple = 16, .memory = 2048 * MEBIBYTE,
     .allocation = 512 * MEBIBYTE, .localBytes = 32 * KIBIBYTE, .parameterBytes = 1024, .alignment = 4096, .vectorWidth = 4,
     .isUnified = true, .hasDenormals = false, .hasFusedMultiplyAdd = false},
    {.name = "small-1", .platform = "Small Platform", .platformVersion = "OpenCL 1.2 small", .vendor = "Nobody", .device = "Small GPU 1",
     .version = "OpenCL 1.2 small", .driver = "1", .languageVersion = "OpenCL C 1.2 ", .extensions = "", .languages = "", .vendorID = 1,
     .units = 1, .clock = 300, .group = 1, .groupSizes = {1, 1, 1}, .kernelGroup = 1, .groupMultiple = 1, .memory = 2048 * MEBIBYTE,
     .allocation = 512 * MEBIBYTE, .localBytes = 32 * KIBIBYTE, .parameterBytes = 1024, .alignment = 4096, .vectorWidth = 1,
     .isUnified = true, .hasDenormals = false, .hasFusedMultiplyAdd = false},
};
const int profileCount = sizeof profiles / sizeof profiles[0];
