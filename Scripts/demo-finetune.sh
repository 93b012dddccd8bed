#!/bin/sh
# Fine-tunes EfficientNet-Lite0 on real pictures: fetches ImageNet weights and Debian's stamps, trains, and looks at some of the pictures.
#   Scripts/demo-finetune.sh [options of glissade finetune…]
set -eu
cd "$(dirname "$0")/.."

command=${GLISSADE_COMMAND:-.build/release/glissade}
stamps=${GLISSADE_STAMPS:-/usr/share/tuxpaint/stamps}

"$command" finetune --model efficientnet-lite0 --pretrained imagenet --data "$stamps" \
  --classes animals,food,household,plants,seasonal,symbols,town,vehicles --freeze backbone --epochs 10 --lr 1e-3 --out runs/stamps --replace \
  "$@"
"$command" predict --run runs/stamps --top 3 "$stamps/animals/birds" | head -5
