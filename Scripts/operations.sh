#!/bin/sh
# Puts the samples of PyTorch's own tests of operations through each operation that has a counterpart here, on the CPU and on OpenCL: values,
# gradients, and gradients of gradients. PyTorch is installed by pip into a folder of its own; where that is impossible, status 75 and a line
# that says so.
#   Scripts/operations.sh                             all of them
#   Scripts/operations.sh --only softmax,cat --verbose    those of two operations, with all that differs
#   PYTHON=/some/venv/bin/python Scripts/operations.sh    with what is there
set -eu
cd "$(dirname "$0")/.."

if [ -z "${PYTHON:-}" ]; then
  PYTHON=.build/witnesses/bin/python
  log=$(mktemp)
  if ! { "$PYTHON" -m pip --version || python3 -m venv --clear .build/witnesses; } >"$log" 2>&1 \
    || ! "$PYTHON" -m pip install --quiet -r Tests/Fixtures/requirements.txt expecttest >"$log" 2>&1; then
    echo "Left out: no operation was compared with PyTorch's samples, because PyTorch could not be installed: $(tail -n 1 "$log")" >&2
    rm -f "$log"
    exit 75
  fi
  rm -f "$log"
fi

program=${GLISSADE_OPERATIONS:-.build/debug/GlissadeOperations}
[ -n "${GLISSADE_OPERATIONS:-}" ] || swift build --product GlissadeOperations $(cat Scripts/test-flags)
status=0
for device in cpu opencl; do "$PYTHON" Scripts/operations.py "$program" --device "$device" "$@" || status=1; done
exit $status
