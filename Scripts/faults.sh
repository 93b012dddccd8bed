#!/bin/bash
# Lets trainings fail in every way there is, and looks at what is left: status, files, and whether resuming leads to the same bytes.
#   Scripts/faults.sh              a sample of everything, in three minutes
#   Scripts/faults.sh all          everything: more than an hour
#   Scripts/faults.sh opencl all   only the calls of OpenCL; likewise pretended, which are those on a GPU that is none, files, kills, and sweeps,
#                                  which are kills of searches (about a minute)
# A finding ends with status 1, after all the others were looked for. GLISSADE_COMMAND is the command; FAULTS_SEED chooses the sample,
# FAULTS_DEVICE the pretended GPU (Tests/PretendingOpenCL), FAULTS_MODEL what opencl, pretended and files train: a small perceptron on a table, or
# a model on pictures, such as lenet, for calls that convolutions need; and FAULTS_PART=2/3 is the second of three parts of all but kills and
# sweeps, for several machines or processors. One device and one model more, a third of a sample:
#   FAULTS_DEVICE=amd-gcn FAULTS_MODEL=lenet FAULTS_PART=1/3 Scripts/faults.sh pretended
set -u
cd "$(dirname "$0")/.."

command=$(realpath "${GLISSADE_COMMAND:-.build/release/glissade}")
what=""
size=sample
for word in "$@"; do
  case $word in
    all | sample) size=$word ;;
    opencl | pretended | files | kills | sweeps) what="$what $word" ;;
    *) echo "usage: Scripts/faults.sh [opencl] [pretended] [files] [kills] [sweeps] [sample|all]" >&2; exit 2 ;;
  esac
done
what=${what:- opencl pretended files kills sweeps}
part=${FAULTS_PART:-1/1}
[[ $part =~ ^[1-9][0-9]*/[1-9][0-9]*$ && ${part%/*} -le ${part#*/} ]] || { echo "FAULTS_PART=$part is no part, as 2/3 is" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 SWIFT_BACKTRACE=enable=no
RANDOM=${FAULTS_SEED:-1}
findings=0
tried=0
pretended_device=${FAULTS_DEVICE:-nvidia-desktop}

finding() {
  findings=$((findings + 1))
  echo "FINDING: $*" >&2
}

# Takes so many of the lines that come in when only a sample is wanted, and of them this part.
some() {
  if [ "$size" = all ]; then cat; else shuf -n "$1" --random-source=<(yes "${FAULTS_SEED:-1}"); fi |
    awk -v part="$part" 'BEGIN { split(part, p, "/") } NR % p[2] == p[1] % p[2]'
}

# A table of two classes, and pictures of two.
awk 'BEGIN { srand(1); print "a,b,c"; for (i = 0; i < 120; i++) { x = rand(); y = rand(); print x "," y "," (x > y ? "up" : "down") } }' >"$work/table.csv"
python3 - "$work/pictures" <<'P'
import os, struct, sys, zlib
def png(path, colour):
    def chunk(name, body): return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    rows = b"".join(b"\0" + bytes(colour) * 28 for _ in range(28))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 28, 28, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
for name, colour in (("green", (20, 190, 60)), ("red", (200, 40, 30))):
    os.makedirs(f"{sys.argv[1]}/{name}")
    for number in range(12): png(f"{sys.argv[1]}/{name}/{number}.png", [min(255, value + 4 * number) for value in colour])
P

training=(--data "$work/table.csv" --target c --hidden 8 --epochs 3 --batch-size 16 --seed 1 --threads 1)
if [ -n "${FAULTS_MODEL:-}" ]; then
  training=(--data "$work/pictures" --size 28 --model "$FAULTS_MODEL" --epochs 3 --batch-size 8 --seed 1 --threads 1)
fi
train() { # folder, more
  local out=$1
  shift
  "$command" train "${training[@]}" --out "$out" "$@"
}

# What a run leaves that has to be the same each time: its weights; of a search its table and the recipe of its best.
digest() { (cd "$1" && if [ -e sweep.json ]; then sha256sum sweep.csv best.yaml; else sha256sum model.safetensors best.safetensors; fi | sha256sum); }

# Every file of a run that is there has to be whole.
whole() {
  local file
  for file in "$1"/*.safetensors; do
    [ ! -e "$file" ] || "$command" inspect "$file" >/dev/null 2>&1 || finding "$2: $file is broken"
  done
  while read -r file; do finding "$2: $file is broken"; done < <(python3 -IS -c '
import json, pathlib, sys
for file in pathlib.Path(sys.argv[1]).glob("*.json"):
    try: json.loads(file.read_text())
    except ValueError: print(file)' "$1")
}

# Builds one of the libraries that stand in front of OpenCL.
library() { # its folder in Tests
  clang -shared -fPIC -fvisibility=hidden -O1 -o "$work/lib$1.so" Tests/OpenCLInFront/*.c Tests/"$1"/*.c || { finding "the library $1"; return 1; }
}

loss() { python3 -c 'import json, sys; print("%.3f" % json.load(open(sys.argv[1]))["train_loss"])' "$1/summary.json" 2>/dev/null; }

# The calls of OpenCL of a training on `auto`, each failing: with these codes, at once and from then on, once, and what else is named.
calls() { # what it is called, size of the sample, "codes", "what commands may do besides"
  local name=$1 function count code number rule expected status
  # Once to fill the caches, once to count.
  train "$work/cl" --device auto --replace --quiet
  if ! GLISSADE_CALLS=$work/calls train "$work/cl" --device auto --replace >"$work/log" 2>&1 || ! grep -q opencl "$work/log"; then
    finding "$name: without a fault 'auto' does not train on OpenCL: $(tail -1 "$work/log")"
    return
  fi
  expected=$(loss "$work/cl")
  while read -r function count; do
    case $function in clRelease* | clRetain*) continue ;; esac
    for number in $(seq "$count"); do
      for code in $3; do
        for rule in "$function:$number:$code" "$function:$number:$code:once"; do echo "$rule"; done
        case $function in clEnqueueMap*) ;; clEnqueue*) for rule in $4; do echo "$function:$number:$code:$rule"; done ;; esac
      done
    done
  done <"$work/calls" | some "$2" >"$work/rules"
  while read -r rule; do
    tried=$((tried + 1))
    GLISSADE_FAIL=$rule timeout 120 "$command" train "${training[@]}" --out "$work/cl" --device auto --replace >"$work/log" 2>&1
    status=$?
    if [ $status -ne 0 ]; then
      finding "$name, GLISSADE_FAIL=$rule: status $status: $(tail -1 "$work/log")"
    elif [ "$(loss "$work/cl")" != "$expected" ]; then
      finding "$name, GLISSADE_FAIL=$rule: the loss is $(loss "$work/cl") and not $expected"
    fi
    whole "$work/cl" "$name, GLISSADE_FAIL=$rule"
  done <"$work/rules"
}

opencl() {
  library FailingOpenCL || return
  export GLISSADE_OPENCL_LIBRARY=$work/libFailingOpenCL.so GLISSADE_PRETEND_GPU=1 POCL_MAX_PTHREAD_COUNT=1 GLISSADE_CACHE=$work/cache
  calls "PoCL as a GPU" 20 "-5 -4" ""
  unset GLISSADE_OPENCL_LIBRARY GLISSADE_PRETEND_GPU POCL_MAX_PTHREAD_COUNT GLISSADE_CACHE
}

# A GPU's driver: errors arrive late, too, and the device goes away.
pretended() {
  library FailingOpenCL && library PretendingOpenCL || return
  export GLISSADE_OPENCL_LIBRARY=$work/libFailingOpenCL.so GLISSADE_REAL_OPENCL=$work/libPretendingOpenCL.so
  export GLISSADE_PRETEND=$pretended_device POCL_MAX_PTHREAD_COUNT=1 GLISSADE_CACHE=$work/cache.$pretended_device
  calls "$pretended_device" 20 "-5 -4" "late event"
  local number count expected status
  expected=$(loss "$work/cl")
  count=$(awk '!/^cl(Get|Retain|Release)/ { sum += $2 } END { print sum }' "$work/calls")
  for number in $(seq "$count" | some 6); do
    tried=$((tried + 1))
    GLISSADE_PRETEND=$pretended_device,vanish=$number timeout 120 "$command" train "${training[@]}" --out "$work/cl" --device auto --replace \
      >"$work/log" 2>&1
    status=$?
    if [ $status -ne 0 ]; then
      finding "GLISSADE_PRETEND=$pretended_device,vanish=$number: status $status: $(tail -1 "$work/log")"
    elif [ "$(loss "$work/cl")" != "$expected" ]; then
      finding "GLISSADE_PRETEND=$pretended_device,vanish=$number: the loss is $(loss "$work/cl") and not $expected"
    fi
  done
  unset GLISSADE_OPENCL_LIBRARY GLISSADE_REAL_OPENCL GLISSADE_PRETEND POCL_MAX_PTHREAD_COUNT GLISSADE_CACHE
}

files() {
  local library=$work/failing_files.so run=$work/run call count code number rule expected status
  if ! clang -shared -fPIC -O1 -o "$library" Tests/FailingFiles/failing_files.c -ldl; then finding "the library of failing files"; return; fi
  local options=(--device cpu --tensorboard --checkpoint-every 3 --quiet)
  if ! GLISSADE_FILES=$run GLISSADE_FILE_CALLS=$work/calls LD_PRELOAD=$library train "$run" "${options[@]}"; then
    finding "a training without a fault"
    return
  fi
  expected=$(digest "$run")
  while read -r call count; do
    [ "$count" -gt 0 ] || finding "no call of $call was counted"
    # 28: no space left; 5: an error of the device.
    for number in $(seq "$count"); do for code in 28 5; do for rule in "$call:$number:$code" "$call:$number:$code:once"; do echo "$rule"; done; done; done
  done <"$work/calls" | some 60 >"$work/rules"
  while read -r rule; do
    tried=$((tried + 1))
    rm -rf "$run"
    GLISSADE_FILES=$run GLISSADE_FILE_FAIL=$rule LD_PRELOAD=$library train "$run" "${options[@]}" >"$work/log" 2>&1
    status=$?
    case $status in
      0) [ "$(digest "$run")" = "$expected" ] || finding "GLISSADE_FILE_FAIL=$rule: status 0 and other bytes" ;;
      1) [ "$(grep -c '^glissade: ' "$work/log")" = 1 ] || finding "GLISSADE_FILE_FAIL=$rule: not one line: $(cat "$work/log")" ;;
      *) finding "GLISSADE_FILE_FAIL=$rule: status $status: $(tail -1 "$work/log")" ;;
    esac
    [ -d "$run" ] || continue
    whole "$run" "GLISSADE_FILE_FAIL=$rule"
    # Where not even the options could be written, there is no run, and the folder can be filled as if it were new.
    if [ -e "$run/recipe.yaml" ]; then
      "$command" train --resume "$run" --quiet >"$work/log" 2>&1
    else
      train "$run" "${options[@]}" >"$work/log" 2>&1
    fi || finding "GLISSADE_FILE_FAIL=$rule: not resumed: $(tail -1 "$work/log")"
    [ "$(digest "$run")" = "$expected" ] || finding "GLISSADE_FILE_FAIL=$rule: resuming ends with other bytes"
  done <"$work/rules"
}

# Kills a training, or a search, at so many random instants, and resumes it until it ends.
killed() { # name, number of kills, command line…
  local name=$1 kills=$2 run=$work/$1 expected process begin length number folder
  shift 2
  begin=$(date +%s%N)
  "$@" --out "$run" --quiet >"$work/log" || { finding "$name without a fault"; return; }
  length=$((($(date +%s%N) - begin) / 1000))
  expected=$(digest "$run")
  for number in $(seq "$kills"); do
    tried=$((tried + 1))
    rm -rf "$run"
    "$@" --out "$run" --quiet >"$work/log" 2>&1 &
    process=$!
    sleep "$(awk -v r=$RANDOM -v l=$length 'BEGIN { print l / 1e6 * r / 32767 }')"
    kill -KILL $process 2>/dev/null
    wait $process 2>/dev/null
    for folder in "$run" "$run"/trial-*; do whole "$folder" "$name, kill $number"; done
    if [ -e "$run/recipe.yaml" ] || [ -e "$run/sweep.json" ]; then
      "$command" "$2" --resume "$run" --quiet >"$work/log" 2>&1
    else
      "$@" --out "$run" --quiet >"$work/log" 2>&1
    fi || finding "$name, kill $number: not resumed: $(tail -1 "$work/log")"
    [ "$(digest "$run")" = "$expected" ] || finding "$name, kill $number: resuming ends with other bytes"
  done
}

kills() {
  local number=8
  [ "$size" = sample ] || number=60
  local common=(--data "$work/pictures" --model lenet --batch-size 4 --seed 1 --device cpu --threads 1 --checkpoint-every 2)
  killed train $number "$command" train "${common[@]}" --size 28 --epochs 8
  "$command" train "${common[@]}" --size 28 --epochs 1 --out "$work/beginning" --quiet || finding "a network to begin with"
  killed finetune $number "$command" finetune "${common[@]}" --size 28 --epochs 8 --pretrained "$work/beginning" --freeze backbone --unfreeze-at 5
}

sweeps() {
  local number=10
  [ "$size" = sample ] || number=60
  local common=(--vary lr=1e-3..1e-1:log optimizer=sgd,adam --data "$work/table.csv" --target c --hidden 8 --batch-size 16 --seed 1)
  killed sweep $number "$command" sweep "${common[@]}" --device cpu --threads 1 --trials 4 --epochs 4 --checkpoint-every 2
  killed halving $((number / 2)) "$command" sweep "${common[@]}" --device cpu --threads 1 --trials 4 --epochs 4 --strategy halving
}

for kind in $what; do
  before=$tried
  begin=$SECONDS
  $kind
  echo "$kind: $((tried - before)) faults in $((SECONDS - begin)) s, $findings findings so far"
done
[ "$tried" -gt 0 ] || finding "nothing was tried"
[ "$findings" -eq 0 ] || { echo "$findings findings in $tried faults" >&2; exit 1; }
echo "$tried faults, and nothing was lost"
