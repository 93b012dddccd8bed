#!/bin/sh
# Has exported networks evaluated by ONNX Runtime and by their own PyTorch classes, which it installs into a folder of its own.
#   Scripts/exports.sh                     into .build/exports
#   PYTHON=/some/venv/bin/python Scripts/exports.sh   with what is there
set -eu
cd "$(dirname "$0")/.."

if [ -z "${PYTHON:-}" ]; then
  PYTHON=.build/exports/bin/python
  [ -x "$PYTHON" ] || python3 -m venv .build/exports
  "$PYTHON" -m pip install --quiet -r Tests/Fixtures/requirements.txt onnx==1.23.2 onnxruntime==1.31.1
fi
GLISSADE_EXPORTS_PYTHON=$("$PYTHON" -c 'import sys; print(sys.executable)')
export GLISSADE_EXPORTS_PYTHON
swift build --build-tests -Xcc -O2
swift test --skip-build -Xcc -O2 --filter ExportTests
