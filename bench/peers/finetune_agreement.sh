#!/bin/sh
# Compares the top-1 classes of EfficientNet-Lite0's published weights on 50 real pictures with the original's in PyTorch.
#   bench/peers/finetune_agreement.sh WEIGHTS STAMPS PYTHON [options of glissade predict…]
# WEIGHTS and STAMPS as finetune_stamps.py has them; PYTHON has torch, torchvision, pillow and efficientnet_lite_pytorch.
set -eu
weights=$1 stamps=$2 python=$3
shift 3
command=${GLISSADE_COMMAND:-.build/release/glissade}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

"$python" "$(dirname "$0")/finetune_stamps.py" agree "$weights" "$stamps" > "$out/theirs.json"
"$python" -c 'import json, sys; print("\n".join(each["file"] for each in json.load(open(sys.argv[1]))))' "$out/theirs.json" \
  | xargs -d '\n' "$command" predict --model efficientnet-lite0 --pretrained "$weights" --json --top 1 "$@" > "$out/ours.json"
"$python" - "$out/theirs.json" "$out/ours.json" <<'PYTHON'
import json, sys
theirs, ours = (json.load(open(path)) for path in sys.argv[1:])
agreeing = sum(a["file"] == b["file"] and str(a["class"]) == b["classes"][0]["class"] for a, b in zip(theirs, ours))
print(f"{agreeing} of {len(theirs)} pictures have the same most probable class")
sys.exit(0 if agreeing == len(theirs) == len(ours) else 1)
PYTHON
