#!/bin/sh
# Runs one program of the pack with the machine's OpenCL drivers, for looking at a single thing.
#   with.sh glissade devices
#   with.sh GlissadeConformance --device opencl --filter matmul
set -eu
pack=$(cd "$(dirname "$0")" && pwd)
[ "$#" -gt 0 ] || { echo "usage: with.sh glissade|GlissadeConformance [argument…]" >&2; exit 2; }
[ -d "$pack/bin" ] || { echo "with.sh: $pack is no pack; Scripts/gpu/pack.sh makes one" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$pack/environment.sh"
prepare_environment >"$work/problem" || { echo "with.sh: $(cat "$work/problem")" >&2; exit 1; }
"$@"
