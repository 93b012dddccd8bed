// The devices that the library can be. Numbers are what people reported of real ones, with clinfo or in programs' logs, in the issues and
// pull requests on GitHub (owner/repository#number) that each entry names with what was compared with them in November 2026. What is called
// typical was seen in none of these reports of this very device: it is what a report of a related one says, or what is customary there.
// What the library behind cannot do (half precision, sub-groups) is not claimed, whatever the device has.
#include "pretending.h"

#define MEBIBYTE (1ull << 20)
#define KIBIBYTE (1ull << 10)

const Profile profiles[] = {
    // CNugteren/CLTune#57, a GTX 1060 6GB: driver, versions, units, clock, groups along each axis, warps of 32. The same groups:
    // hashcat/hashcat#1640 (GTX 960), mbevand/silentarmy#72 (GTX 1070: vectors of 1). A quarter of memory for one buffer: the T4 below, and
    // arrayfire/arrayfire-python#150 (2147352576 and 536838144 bytes). Typical: memory, platform's version, local memory, size of
    // arguments, alignment. Two seconds are what Windows lets a kernel take by default where a display is attached (TdrDelay).
    {.name = "nvidia-desktop", .platform = "NVIDIA CUDA", .platformVersion = "OpenCL 1.2 CUDA 10.2.185", .vendor = "NVIDIA Corporation",
     .device = "GeForce GTX 1060 6GB", .version = "OpenCL 1.2 CUDA", .driver = "430.64", .languageVersion = "OpenCL C 1.2 ",
     .extensions = "cl_khr_fp64 cl_nv_compiler_options cl_nv_device_attribute_query cl_nv_pragma_unroll", .languages = "",
     .vendorID = 0x10de, .units = 10, .clock = 1771, .group = 1024, .groupSizes = {1024, 1024, 64}, .kernelGroup = 1024, .groupMultiple = 32,
     .memory = 6076 * MEBIBYTE, .allocation = 1519 * MEBIBYTE, .localBytes = 48 * KIBIBYTE, .parameterBytes = 4352, .alignment = 512,
     .vectorWidth = 1, .isUnified = false, .hasDoubles = true, .hasDenormals = true, .hasFusedMultiplyAdd = true, .watchdog = 2000},
    // GPGPUCourse/GPGPUTasks2025#309 and #316, a Tesla T4: driver, platform's version, units, memory, largest buffer, groups, warps.
    // 10gic/vanitygen-plusplus#100, the same: clock, language. xmrig/xmrig#3784 (OpenCL 3.0 CUDA): atomics of a work-group's scope only.
    // Typical: local memory (GPGPUCourse/GPGPUTasks2026#15 has 48 KiB of an RTX 2080, of the same generation), size of arguments,
    // alignment.
    {.name = "nvidia-datacenter", .platform = "NVIDIA CUDA", .platformVersion = "OpenCL 3.0 CUDA 12.2.149", .vendor = "NVIDIA Corporation",
     .device = "Tesla T4", .version = "OpenCL 3.0 CUDA", .driver = "535.247.01", .languageVersion = "OpenCL C 1.2 ",
     .extensions = "cl_khr_fp64 cl_nv_compiler_options cl_nv_device_attribute_query cl_nv_pragma_unroll", .languages = "CL3.0",
     .vendorID = 0x10de, .units = 40, .clock = 1590, .group = 1024, .groupSizes = {1024, 1024, 64}, .kernelGroup = 1024, .groupMultiple = 32,
     .memory = 14930 * MEBIBYTE, .allocation = 3732 * MEBIBYTE, .localBytes = 48 * KIBIBYTE, .parameterBytes = 4352, .alignment = 512,
     .vectorWidth = 1, .isUnified = false, .hasDoubles = true, .hasDenormals = true, .hasFusedMultiplyAdd = true, .watchdog = 0},
    // janhq/jan#1608, gfx1032 on Windows: driver, language, multiple of groups, memory of its own. ROCm/legacy-rocm-build#1575, RX 6600
    // XTs: groups of 256, 1024 along each axis, wavefronts of 32, vectors of 1. Lolliedieb/lolMiner-releases#265, the same: units, which
    // are pairs of compute units; both have 2900 MHz, 2589 is AMD's boost clock. Memory and largest buffer (85 % of it):
    // ROCm/ROCm-OpenCL-Runtime#81, of another 8 GiB card. Typical: local memory, size of arguments, alignment.
    {.name = "amd-rdna", .platform = "AMD Accelerated Parallel Processing", .platformVersion = "OpenCL 2.1 AMD-APP (3592.0)",
     .vendor = "Advanced Micro Devices, Inc.", .device = "gfx1032", .version = "OpenCL 2.0 AMD-APP (3592.0)",
     .driver = "3592.0 (PAL,LC)", .languageVersion = "OpenCL C 2.0 ", .extensions = "cl_khr_fp64 cl_amd_device_attribute_query",
     .languages = "CL2.0", .vendorID = 0x1002, .units = 16, .clock = 2589, .group = 256, .groupSizes = {1024, 1024, 1024}, .kernelGroup = 256,
     .groupMultiple = 32, .memory = 8176 * MEBIBYTE, .allocation = 6949 * MEBIBYTE, .localBytes = 64 * KIBIBYTE, .parameterBytes = 1024,
     .alignment = 256, .vectorWidth = 1, .isUnified = false, .hasDoubles = true, .hasDenormals = true, .hasFusedMultiplyAdd = true},
    // tugrul512bit/Cekirdekler#51, 36 units: groups of 256 in all and along each axis, largest buffer (4244635648 bytes), size of
    // arguments, alignment, no denormals, vectors of 1. ROCm/legacy-rocm-build#361: name, driver, versions (of a card with 32 units).
    // ROCm/clr#97, an RX 580 of 36 units: clock. mimblewimble/grin-miner#158 (RX 588): local memory, fused multiply-add, no denormals.
    // Memory: typical of 8 GiB cards.
    {.name = "amd-gcn", .platform = "AMD Accelerated Parallel Processing", .platformVersion = "OpenCL 2.0 AMD-APP (2639.3)",
     .vendor = "Advanced Micro Devices, Inc.", .device = "Ellesmere", .version = "OpenCL 1.2 AMD-APP (2639.3)", .driver = "2639.3",
     .languageVersion = "OpenCL C 1.2 ", .extensions = "cl_khr_fp64 cl_amd_device_attribute_query", .languages = "", .vendorID = 0x1002,
     .units = 36, .clock = 1411, .group = 256, .groupSizes = {256, 256, 256}, .kernelGroup = 256, .groupMultiple = 64,
     .memory = 8057 * MEBIBYTE, .allocation = 4048 * MEBIBYTE, .localBytes = 32 * KIBIBYTE, .parameterBytes = 1024, .alignment = 256,
     .vectorWidth = 1, .isUnified = false, .hasDoubles = true, .hasDenormals = false, .hasFusedMultiplyAdd = true},
    // darktable-org/darktable#20985, an Iris Xe: units, groups of 512 in all and along each axis, alignment, names, shared memory.
    // diku-dk/futhark#1901, of the 12th generation: largest buffer, alignment. hashcat/hashcat#4011, an Iris Xe: names, versions, language.
    // CNugteren/CLBlast#521, an Intel GPU: local memory, size of arguments. Typical: driver, clock, memory (which follows the host's),
    // multiple of groups.
    {.name = "intel-xe", .platform = "Intel(R) OpenCL Graphics", .platformVersion = "OpenCL 3.0 ", .vendor = "Intel(R) Corporation",
     .device = "Intel(R) Iris(R) Xe Graphics", .version = "OpenCL 3.0 NEO ", .driver = "22.49.25018.24", .languageVersion = "OpenCL C 1.2 ",
     .extensions = "cl_intel_planar_yuv", .languages = "CL3.0", .vendorID = 0x8086, .units = 96, .clock = 1350, .group = 512,
     .groupSizes = {512, 512, 512}, .kernelGroup = 512, .groupMultiple = 64, .memory = 6348 * MEBIBYTE, .allocation = 4294959104ull,
     .localBytes = 64 * KIBIBYTE, .parameterBytes = 2048, .alignment = 128, .vectorWidth = 1, .isUnified = true, .hasDenormals = true,
     .hasFusedMultiplyAdd = true},
    // hominoids/sgminer-arm#12, a G610: names, versions, vendor, memory and that one buffer may be all of it, denormals, fused
    // multiply-add, shared memory. Local memory that is ordinary memory: Arm's "Mali GPU OpenCL Developer Guide" (100614), 3.8. Local
    // memory's size, size of arguments and alignment: MichaIng/DietPi#4101 and plaidml/plaidml#182, older Malis. Typical: groups, clock,
    // vectors, a kernel's group of half of the largest (its registers).
    {.name = "arm-mali", .platform = "ARM Platform", .platformVersion = "OpenCL 3.0 v1.r32p1-01eac0.54329dee8f160f288c574caaf67bbe3f",
     .vendor = "ARM", .device = "Mali-G610 MC6 r0p0", .version = "OpenCL 3.0 v1.r32p1-01eac0.54329dee8f160f288c574caaf67bbe3f",
     .driver = "3.0", .languageVersion = "OpenCL C 3.0 v1.r32p1-01eac0.54329dee8f160f288c574caaf67bbe3f",
     .extensions = "cl_arm_core_id cl_arm_printf", .languages = "CL2.0 CL3.0", .vendorID = 0xa8670000, .units = 6, .clock = 1000,
     .group = 1024, .groupSizes = {1024, 1024, 1024}, .kernelGroup = 512, .groupMultiple = 16, .memory = 7797280768ull,
     .allocation = 7797280768ull, .localBytes = 32 * KIBIBYTE, .parameterBytes = 1024, .alignment = 128, .vectorWidth = 4, .isUnified = true,
     .hasDenormals = true, .hasFusedMultiplyAdd = true, .localIsGlobal = true},
    // ARM-software/ComputeLibrary#999 and #953, G52s: names, versions, vendor, units, clock, groups of 384, no power of two, along each
    // axis, too. Typical: memory; local memory, size of arguments and alignment as above.
    {.name = "arm-mali-bifrost", .platform = "ARM Platform", .platformVersion = "OpenCL 2.0 git.c8adbf9.122c9daed32dbba4b3056f41a2f23c58",
     .vendor = "ARM", .device = "Mali-G52", .version = "OpenCL 2.0 git.c8adbf9.122c9daed32dbba4b3056f41a2f23c58", .driver = "2.0",
     .languageVersion = "OpenCL C 2.0 git.c8adbf9.122c9daed32dbba4b3056f41a2f23c58", .extensions = "cl_arm_core_id cl_arm_printf",
     .languages = "CL2.0", .vendorID = 0x72120000, .units = 2, .clock = 750, .group = 384, .groupSizes = {384, 384, 384}, .kernelGroup = 384,
     .groupMultiple = 8, .memory = 3700 * MEBIBYTE, .allocation = 3700 * MEBIBYTE, .localBytes = 32 * KIBIBYTE, .parameterBytes = 1024,
     .alignment = 128, .vectorWidth = 4, .isUnified = true, .hasDenormals = true, .hasFusedMultiplyAdd = true, .localIsGlobal = true},
    // Oblomov/clinfo#92, an Adreno 750: platform, vendor, memory, largest buffer, no denormals, no IEEE fused multiply-add, shared memory.
    // CodeLinaro/llama.cpp#17: that a 740 calls itself so. BOINC/boinc#3613, an older one: local memory of its own, size of arguments.
    // Typical: driver's version, units, clock, groups, multiple, alignment, and that a kernel of many registers has half of the largest
    // group.
    {.name = "qualcomm-adreno", .platform = "QUALCOMM Snapdragon(TM)", .platformVersion = "OpenCL 3.0 QUALCOMM build: commit unknown",
     .vendor = "QUALCOMM", .device = "QUALCOMM Adreno(TM) 740", .version = "OpenCL 3.0 Adreno(TM) 740",
     .driver = "OpenCL 3.0 QUALCOMM build: commit unknown Compiler E031.41.03.36", .languageVersion = "OpenCL C 3.0 Adreno(TM) 740",
     .extensions = "cl_qcom_ion_host_ptr", .languages = "CL2.0 CL3.0", .vendorID = 0x5143, .units = 6, .clock = 680, .group = 1024,
     .groupSizes = {1024, 1024, 1024}, .kernelGroup = 512, .groupMultiple = 64, .memory = 5814714368ull, .allocation = 1073741824ull,
     .localBytes = 32 * KIBIBYTE, .parameterBytes = 1024, .alignment = 128, .vectorWidth = 1, .isUnified = true, .hasDenormals = false,
     .hasFusedMultiplyAdd = false},
    // hashcat/hashcat#3068, an M1: platform's version, units. diku-dk/futhark#1708 and hashcat/hashcat#2976, M1s: driver, versions, vendor,
    // extension. GPGPUCourse/GPGPUTasks2025#43 (M1 Pro): local memory, groups of 256, clock; #166 and #148 (M3 Pro, M2): groups; two thirds
    // of the host's memory: #18 and #43 (10922 MiB, of 16 GiB). Typical: largest buffer, size of arguments; the alignment is a page, which
    // is more than was seen anywhere, and what the tests want of one device.
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
