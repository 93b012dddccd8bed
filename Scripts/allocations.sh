#!/bin/sh
# Replaying a step on the CPU allocates nothing. A step that allocates calls malloc once at least, so that a training of eight times the steps has
# to stay below one call for every two steps more; a few hundred it may have, since its report has more to read and to say.
set -eu
cd "$(dirname "$0")/.."

command=${GLISSADE_COMMAND:-.build/release/glissade}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
clang -shared -fPIC -O1 Scripts/counting_malloc.c -o "$out/counting_malloc.so" -ldl

calls() {
  LD_PRELOAD="$out/counting_malloc.so" "$command" train --model mlp --batch-size 32 --limit "$1" --epochs 2 --validation 0 --device cpu --quiet \
    --replace --out "$out/run" 2>&1 | sed -n 's/^calls of malloc: //p'
}

few=$(calls 6400)
many=$(calls 51200)
echo "calls of malloc: $few in 400 steps, $many in 3200 steps"
[ $((many - few)) -lt 1400 ] || { echo "Steps allocate." >&2; exit 1; }
