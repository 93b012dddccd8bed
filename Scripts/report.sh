#!/usr/bin/env bash
# Pages about runs in a real browser: trains nine small runs and a search, among them one of 200 classes, one of hostile names, one that diverges and one that
# is stopped, previews of four trainings, and opens all these pages and a comparison in headless Chromium (Scripts/pages.py says what counts as wrong there).
#   Scripts/report.sh [FOLDER]    pictures of the pages are left in FOLDER
# Status 75, and a word why, where there is no browser and none can be installed.
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
if ! Scripts/install.sh report >"$log" 2>&1; then
  echo "Left out: no page was opened, because a browser could not be installed: $(tail -n 1 "$log")" >&2
  rm -f "$log"
  exit 75
fi
rm -f "$log"
command=$(realpath "${GLISSADE_COMMAND:-.build/debug/glissade}")
pages=$(realpath Scripts/pages.py)
pictures=${1:+$(realpath -m "$1")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 - <<'EOF'
import math
import random

random.seed(1)
with open("values.csv", "w") as table:
  table.write(",".join(f"x{i}" for i in range(1, 11)) + ",y\n")
  for _ in range(1500):
    x = [random.random() for _ in range(10)]
    y = 10 * math.sin(math.pi * x[0] * x[1]) + 20 * (x[2] - 0.5) ** 2 + 10 * x[3] + 5 * x[4] + random.gauss(0, 1)
    table.write(",".join(map(str, x + [y])) + "\n")
names = ["<script>alert(1)</script>", "plain & \"simple\" 'text'"]
with open("two.csv", "w") as table:
  table.write("a,b,sort\n")
  for i in range(600):
    k = int(i % 6 == 0)
    table.write(f"{random.gauss(1.5 * k, 1)},{random.gauss(k, 1)},\"{names[1 - k].replace(chr(34), chr(34) * 2)}\"\n")
hostile = ["\u202ereversed", "🦊 雪 مرحبا", "n" * 4000, "</table><img src=x onerror=alert(2)>", "{{title}} {{{curves}}}", "bell \x07"]
with open("hostile.csv", "w") as table:
  table.write("a,b,sort\n")
  for i in range(300):
    k = i % len(hostile)
    table.write(f"{random.gauss(k, 1)},{random.gauss(-k, 1)},\"{hostile[k]}\"\n")
with open("many.csv", "w") as table:
  table.write("a,b,c,d,sort\n")
  centres = [[random.gauss(0, 3) for _ in range(4)] for _ in range(200)]
  for i in range(8000):
    table.write(",".join(str(random.gauss(c, 1)) for c in centres[i % 200]) + f",kind {i % 200}\n")
EOF

python3 - <<'EOF'
import os, random, struct, zlib

random.seed(1)
def chunk(name, body):
  return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
for place, name in enumerate(["<b>warm", "cold & 'wet'", "🦊 مرحبا"]):
  os.makedirs(f"pictures/{name}")
  for number in range(12):
    rows = b"".join(
      b"\0" + bytes(v for x in range(96) for v in (80 * place + x // 2, 2 * y, 10 * number if (x // 12 + y // 12) % 2 else 200)) for y in range(64))
    with open(f"pictures/{name}/picture {number}.png", "wb") as file:
      file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 96, 64, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
EOF

train() {
  local name=$1
  shift
  "$command" train "$@" --device cpu --out "$name" --quiet || [ "$name" = diverged ]
}
train values --data values.csv --target y --hidden 32,32 --epochs 20 --batch-size 32 --lr 3e-3
train two --data two.csv --target sort --hidden 16 --epochs 8 --batch-size 32
train hostile --data hostile.csv --target sort --hidden 16 --epochs 3 --batch-size 32
train many --data many.csv --target sort --hidden 128 --epochs 8 --batch-size 64
train diverged --data values.csv --target y --hidden 32,32 --epochs 6 --batch-size 32 --lr 30 --optimizer sgd 2>/dev/null
train images --data fashion-mnist --model lenet --epochs 3 --limit 6000
# A fine-tuning on pictures: of what a short training of other classes came to, since published weights want a network.
train begun --data pictures --classes '<b>warm,🦊 مرحبا' --model resnet18 --size 32 --epochs 1 --batch-size 4
"$command" finetune --data pictures --model resnet18 --size 32 --pretrained begun --freeze backbone --epochs 3 --test 0.3 --device cpu \
  --out fine-tuned --quiet
# As if it went on: without its summary.
cp -r two going
rm going/summary.json
"$command" report going >/dev/null
"$command" report two hostile --out comparison.html >/dev/null
"$command" report images values diverged --out different.html >/dev/null
"$command" sweep --data two.csv --target sort --hidden 16 --epochs 9 --batch-size 32 --device cpu --out search --strategy halving --trials 9 \
  --vary lr=1e-4..1e30:log optimizer=sgd,adam momentum=0.5..0.95 'schedule=constant|cosine(to: 1e-5)' >/dev/null

# What trainings would get.
preview() {
  local name=$1
  shift
  "$command" preview "$@" --device cpu --out "preview-$name.html" >/dev/null 2>&1
}
preview pictures --data pictures --model resnet18 --size 64 --augment flip,resized-crop,rotation,color-jitter
preview images --data fashion-mnist --model lenet --limit 6000 --augment 'crop,cutmix' --schedule 'warmup(1 epochs) then cosine'
preview hostile --data hostile.csv --target sort
preview values --data values.csv --target y

for page in */report.html */sweep.html ./*.html; do
  size=$(stat -c %s "$page")
  [ "$size" -lt 2000000 ] || { echo "$page has $size bytes"; exit 1; }
done
if command -v tidy >/dev/null; then
  for page in */report.html */sweep.html ./*.html; do
    if wrong=$(tidy -q -e "$page" 2>&1 | grep -v 'proprietary attribute "aspect-ratio"'); then
      echo "$page: $wrong"
      exit 1
    fi
  done
fi
"$pages" ${pictures:+--pictures "$pictures"} */report.html */sweep.html ./*.html
