#!/bin/sh
# What kernels take of a GPU, as LLVM compiles them for AMD's: vector registers, of which more than 128 leave a compute unit too few
# work-items to hide its latencies, and memory of a work-item's own (arrays that are indexed, registers that did not fit). No GPU is needed,
# but a clang that knows AMD's (`clang-15`) and its OpenCL library (`libclc-15-dev`).
#
# registers.sh [FAMILY]... [-DNAME=VALUE]...: all families, or some; definitions as a plan's tiles make them (local_tile.h). The status is 1
# where a kernel is over the limit; register tiles, for devices without local memory worth it, are shown and not counted.
set -eu
cd "$(dirname "$0")/.."

clang=$(command -v clang-15 || command -v /usr/lib/llvm-15/bin/clang-15) || { echo "registers.sh needs clang-15 (Debian: clang-15)." >&2; exit 2; }
library=/usr/lib/clc/amdgcn--amdhsa.bc
[ -e "$library" ] || { echo "registers.sh needs $library (Debian: libclc-15-dev)." >&2; exit 2; }
definitions="" families=""
for argument in "$@"; do
  case $argument in
    -D*) definitions="$definitions $argument" ;;
    *) families="$families $argument" ;;
  esac
done
[ -n "$families" ] || families=$(sed -n 's/^static const char \(.*\)_text\[\] = {$/\1/p' Kernels/embed.c)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
for family in $families; do
  case $family in scalar | benchmark | winograd) continue ;; esac   # no kernels, none of a model, none of a GPU
  sed -n "/^static const char ${family}_text/,/};/s/^#embed \"\(.*\)\"/\1/p" Kernels/embed.c | while read -r file; do
    cat "Kernels/$file"
    echo
  done > "$work/$family.cl"
  # shellcheck disable=SC2086
  "$clang" -x cl -cl-std=CL1.2 -D__OPENCL_VERSION__=120 -O3 -w -Xclang -finclude-default-header -target amdgcn--amdhsa -mcpu=gfx900 \
    -nogpulib -Xclang -mlink-builtin-bitcode -Xclang "$library" -DTILE_ROWS=2 -DTILE_COLUMNS=16 $definitions -S -o "$work/$family.s" "$work/$family.cl"
  awk -v family="$family" '
    /^ *\.symbol:/ { name = $2; sub(/\.kd$/, "", name) }
    /^ *\.private_segment_fixed_size:/ { own = $2 }
    /^ *\.vgpr_count:/ { registers = $2 }
    /^ *\.vgpr_spill_count:/ {
      printf "%-18s %-36s %4d registers %5d bytes of its own\n", family, name, registers, own
      if (registers > 128 && family != "matmul" && family != "convolution") over = 1
    }
    END { exit over }' "$work/$family.s" || status=1
done
exit $status
