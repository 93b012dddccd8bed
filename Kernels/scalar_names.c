// The scalar operations' names, in the order of their opcodes.
#include "include/Kernels.h"

#define NAMED(name) [SCALAR_##name] = #name,
static const char* const names[SCALAR_count] = {GLISSADE_UNARY(NAMED) GLISSADE_BINARY(NAMED)};

const char* glissade_scalar_name(int opcode) { return opcode >= 0 && opcode < SCALAR_count ? names[opcode] : NULL; }
