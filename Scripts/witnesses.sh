#!/bin/sh
# Asks PyTorch, ONNX Runtime and TensorBoard what they make of our files, and the library what it makes of theirs. They are installed by pip
# into a folder of their own; where that is impossible, status 75 and a line that says so.
#   Scripts/witnesses.sh                     into .build/witnesses, some 6 GB with PyTorch's CUDA
#   PYTHON=/some/venv/bin/python Scripts/witnesses.sh    with what is there
set -eu
cd "$(dirname "$0")/.."

if [ -z "${PYTHON:-}" ]; then
  PYTHON=.build/witnesses/bin/python
  log=$(mktemp)
  if ! { "$PYTHON" -m pip --version || python3 -m venv --clear .build/witnesses; } >"$log" 2>&1 \
    || ! "$PYTHON" -m pip install --quiet -r Tests/Fixtures/requirements.txt onnx==1.23.2 onnxruntime==1.31.1 >"$log" 2>&1; then
    echo "Left out: nothing was compared with PyTorch, ONNX Runtime and TensorBoard, because they could not be installed: $(tail -n 1 "$log")" >&2
    rm -f "$log"
    exit 75
  fi
  rm -f "$log"
fi
GLISSADE_WITNESS_PYTHON=$("$PYTHON" -c 'import sys; print(sys.executable)')
export GLISSADE_WITNESS_PYTHON

echo "The fixtures are what PyTorch computes today"
"$PYTHON" Tests/Fixtures/generate.py --check

echo "Networks that PyTorch saved, and what we export"
swift build --build-tests $(cat Scripts/test-flags)
swift test --skip-build $(cat Scripts/test-flags) --filter '^(FixtureTests\.(ExportTests|SavedNetworkTests)|CommandLineTests\.RunExportTests)/'

echo "A run's events as TensorBoard reads them"
run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
"${GLISSADE_COMMAND:-.build/debug/glissade}" train --limit 600 --epochs 3 --device cpu --tensorboard --monitor --monitor-every 2 --out "$run/run" --quiet
"$PYTHON" Scripts/check-tensorboard.py "$run/run"
