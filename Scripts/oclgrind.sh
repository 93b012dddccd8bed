#!/bin/sh
# Runs kernels under oclgrind, which checks every access: out of bounds, data races, divergent barriers, wrong arguments. Its exit status says
# nothing, so the log has to be empty. Needs the test bundle (`make test` builds it) and a built command.
set -eu
cd "$(dirname "$0")/.."

bundle=.build/debug/glissadePackageTests.xctest
command=${GLISSADE_COMMAND:-.build/release/glissade}
log=$(mktemp)
out=$(mktemp -d)
trap 'rm -rf "$log" "$out"' EXIT

checked() {
  : > "$log"
  echo "oclgrind: $1"
  shift
  oclgrind --data-races --check-api --log "$log" "$@" > "$out/output" 2>&1 || { cat "$out/output" >&2; exit 1; }
  if [ -s "$log" ]; then
    head -60 "$log" >&2
    echo "oclgrind found mistakes." >&2
    exit 1
  fi
}

checked "a training of lenet, one sample at a time" \
  "$command" train --device opencl --model lenet --limit 2 --validation 0 --epochs 1 --batch-size 1 --out "$out/lenet"
grep -q Oclgrind "$out/lenet/summary.json" || { echo "The training did not run on oclgrind." >&2; exit 1; }

# The smaller conformance tables; an interpreter is slow.
# Serially: oclgrind takes one thread at a time.
GLISSADE_CONFORMANCE_SUBSET=1 checked "conformance of operations" "$bundle" --testing-library swift-testing --no-parallel \
  --filter ConformanceTests.ConformanceTests
grep -E "Test run with [1-9]" "$out/output" || { echo "No conformance test ran." >&2; exit 1; }
