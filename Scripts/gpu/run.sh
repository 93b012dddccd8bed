#!/bin/sh
# A short time on a GPU, used well: what is there, whether it computes rightly, whether it learns, how fast it is, also after tuning and beside
# PyTorch. Part after part, each under its own limit, and each written to OUT as it goes: whatever is cut, what was done is there.
#   run.sh OUT SECONDS             all parts, within so many seconds
#   run.sh OUT SECONDS PART…       these parts alone, beside what OUT has of the others
#   run.sh --list                  the parts in their order
# It lies in a folder that Scripts/gpu/pack.sh made; Scripts/gpu/run.sh of a clone uses the one in .build/gpu-pack. In OUT, summary.txt and
# summary.json say what came of each part, whose folder has what it printed. Without a GPU the figures are the processor's.
# GLISSADE_GPU_ARCHIVE names a file that is written anew after each part, with all that is worth sending; GLISSADE_PYTHON, the Python that has
# PyTorch. Nothing outside OUT is written and no setting of the GPU is touched.
set -u

# Name, share of the time, and what it needs: nothing, a GPU, or PyTorch on one. A part's share of the time that is left is its own part of
# those from it on, so that what one leaves over goes to the others. The first one, on which
# all the others hang, may take half of the time.
parts='there 60 -
conformance 80 -
lenet-gpu 30 gpu
lenet-cpu 45 -
bench-kernels 75 -
bench-train 55 -
tune 130 gpu
bench-kernels-tuned 65 gpu
bench-train-tuned 45 gpu
pytorch-mlp 40 pytorch
pytorch-lenet 40 pytorch
pytorch-resnet18 50 pytorch
pytorch-adam100m 35 pytorch
pytorch-matmul4096 30 pytorch
half-matmul4096 15 gpu
half-resnet18 20 gpu
half-lenet 20 gpu
adam100m 20 gpu
matmul4096 15 gpu
resnet18 25 gpu
mlp 10 gpu'

usage() { echo "usage: run.sh OUT SECONDS [PART…] | run.sh --list" >&2; exit 2; }
complain() { echo "run.sh: $1" >&2; exit "$2"; }

# MARK: Parts. Each runs in its folder, `place`, on `device`, and has `limit` seconds.

# A number of seconds in limits: so many times the part's time, at least and at most so much.
share() {
  awk -v limit="$limit" -v factor="$1" -v least="$2" -v most="$3" \
    'BEGIN { s = limit * factor; if (s < least) s = least; if (s > most) s = most; print s }'
}

part_there() {
  uname -srm
  sed -n 's/^PRETTY_NAME="*\([^"]*\)"*$/\1/p' /etc/os-release 2>/dev/null
  sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | sort | uniq -c
  if [ -r /proc/driver/nvidia/version ]; then cat /proc/driver/nvidia/version; fi
  if command -v nvidia-smi >/dev/null; then timeout 20 nvidia-smi; timeout 20 nvidia-smi -q -d CLOCK,POWER,MEMORY >nvidia-smi.txt 2>&1; else echo "There is no nvidia-smi."; fi
  echo "OpenCL drivers:"
  cat "$work/drivers.txt" "$work/drivers-missing.txt"
  glissade --version
  glissade devices --json >devices.json || return 1
  glissade devices
}

part_conformance() { GlissadeConformance --device "$device" --json conformance.json; }

lenet() { # the device
  glissade train --data fashion-mnist --model lenet --optimizer adam --lr 1e-3 --batch-size 128 --seed 1 --epochs 5 --device "$1" --out run --replace || return
  accuracy=$(sed -n 's/.*"test_accuracy": \([0-9.]*\).*/\1/p' run/summary.json)
  echo "test accuracy ${accuracy:-unknown}, on $1"
  echo "${accuracy:-0} 0.91" | awk '{ exit !($1 >= $2) }' || { echo "that is below 0.91" >&2; return 1; }
}
part_lenet_gpu() { lenet "$device"; }
part_lenet_cpu() { lenet cpu; }

part_bench_kernels() { glissade bench kernels --device "$device" --seconds "$(share 0.0025 0.02 0.15)" --json bench.json; }
part_bench_train() { glissade bench train --device "$device" --seconds "$(share 0.06 0.5 5)" --json bench.json; }
part_bench_kernels_tuned() { part_bench_kernels; }
part_bench_train_tuned() { part_bench_train; }

part_tune() {
  glissade tune --device "$device" --seconds "$(share 0.9 1 120)"
  status=$?
  cp "$GLISSADE_CACHE"/*.json . 2>/dev/null
  return $status
}

# By turns with ours: the best of what PyTorch offers in float32, and as most people write it.
beside_pytorch() { # the workload, PyTorch's variants
  workload=$1
  shift
  "$python" "$pack/bench/peers/run.py" --cuda --workloads "$workload" --peers pytorch --variants "$@" --python "$python" --rounds 3 \
    --seconds "$(share 0.03 0.3 3)" --device "$device" --turns-only --output "$place/turns.json"
}
part_pytorch_mlp() { beside_pytorch mlp eager eager-fused; }
part_pytorch_lenet() { beside_pytorch lenet eager-fused channels-last; }
part_pytorch_resnet18() { beside_pytorch resnet18 eager-fused channels-last; }
part_pytorch_adam100m() { beside_pytorch adam100m fused; }
part_pytorch_matmul4096() { beside_pytorch matmul4096 eager; }

alone() { # the suite, seconds at most, more
  suite=$1
  most=$2
  shift 2
  glissade bench "$suite" --device "$device" --seconds "$(share 0.2 0.2 "$most")" --json bench.json "$@"
}
part_adam100m() { alone optimizers 2 --filter 'adam 100M'; }
part_matmul4096() { alone kernels 2 --filter 'matmul 4096^3'; }
part_resnet18() { alone train 5 --model resnet18 --batch-size 256; }
part_mlp() { alone train 3 --model mlp; }
part_half_matmul4096() { GLISSADE_MATMUL_PRECISION=half && export GLISSADE_MATMUL_PRECISION && part_matmul4096; }
part_half_resnet18() { GLISSADE_MATMUL_PRECISION=half && export GLISSADE_MATMUL_PRECISION && part_resnet18; }
part_half_lenet() { GLISSADE_MATMUL_PRECISION=half && export GLISSADE_MATMUL_PRECISION && part_lenet_gpu; }

if [ "${1:-}" = --part ]; then
  cd "$place" || exit 1
  "part_$(echo "$2" | tr - _)"
  exit
fi

# MARK: What is asked for

if [ "${1:-}" = --list ]; then
  echo "$parts" | while read -r name _ need; do
    case $need in gpu) echo "$name (with a GPU)" ;; pytorch) echo "$name (with a GPU and PyTorch)" ;; *) echo "$name" ;; esac
  done
  exit
fi
[ "$#" -ge 2 ] || usage
case $1 in -* | '') usage ;; esac
case $2 in '' | *[!0-9]*) complain "SECONDS is '$2', and it has to be a whole number" 2 ;; esac
seconds=$2
[ "$seconds" -ge 10 ] || complain "SECONDS is $seconds, and it has to be at least 10" 2
out=$1
shift 2
for name in "$@"; do
  echo "$parts" | grep -q "^$name " || complain "there is no part '$name'; there are $(echo "$parts" | awk '{ printf "%s%s", sep, $1; sep = ", " }')" 2
done
chosen=" $* "

start=$(date +%s)
here=$(cd "$(dirname "$0")" && pwd)
pack=$here
[ -d "$pack/bin" ] || pack=$(cd "$here/../.." && pwd)/.build/gpu-pack
[ -d "$pack/bin" ] || complain "there is no pack here; Scripts/gpu/pack.sh makes one in .build/gpu-pack" 2
command -v timeout >/dev/null || complain "this machine has no 'timeout', which coreutils and busybox have" 1

if [ -e "$out" ] && [ -n "$(ls -A "$out" 2>/dev/null)" ] && [ ! -e "$out/parts.tsv" ]; then
  complain "$out holds something else; name another folder" 2
fi
mkdir -p "$out" 2>/dev/null || complain "the folder $out cannot be made" 2
out=$(cd "$out" && pwd) || complain "the folder $out cannot be entered" 2
{ : >"$out/parts.new"; } 2>/dev/null || complain "nothing can be written to $out" 2
work=$out/work
python=${GLISSADE_PYTHON:-python3}

# MARK: The record: a line for each part that is over, and what people and programs read of it.

one_line() { printf '%s' "$1" | tr '\t\n"\\' "  ''" | tr -cd '[:print:]' | cut -c1-300; }

write_summary() { # what is going on
  elapsed=$(($(date +%s) - start))
  awk -F '\t' -v now="$1" -v device="$device${gpu:+ ($gpu)}" -v elapsed="$elapsed" -v seconds="$seconds" '
    BEGIN { printf "device: %s\n%d of %d s; %s\n\n", device, elapsed, seconds, now }
    { printf "%-20s %-8s %4d s of %4d s  %s\n", $1, $2, $3, $4, $5 }' "$out/parts.tsv" >"$out/summary.txt.new"
  awk -F '\t' -v now="$1" -v device="$device" -v gpu="$gpu" -v elapsed="$elapsed" -v seconds="$seconds" '
    BEGIN {
      printf "{\n  \"schema\": 1,\n  \"device\": \"%s\",\n  \"name\": \"%s\",\n  \"seconds\": %d,\n", device, gpu, seconds
      printf "  \"elapsed\": %d,\n  \"state\": \"%s\",\n  \"parts\": [", elapsed, now
    }
    {
      printf "%s\n    { \"name\": \"%s\", \"state\": \"%s\", \"seconds\": %d, ", comma, $1, $2, $3
      printf "\"limit\": %d, \"says\": \"%s\" }", $4, $5
      comma = ","
    }
    END { printf "\n  ]\n}\n" }' "$out/parts.tsv" >"$out/summary.json.new"
  mv "$out/summary.txt.new" "$out/summary.txt"
  mv "$out/summary.json.new" "$out/summary.json"
  [ -n "${GLISSADE_GPU_ARCHIVE:-}" ] || return 0
  tar -C "$out" --exclude=work --exclude='*.safetensors' --exclude='*.new' -czf "$GLISSADE_GPU_ARCHIVE.new" . 2>/dev/null \
    && mv "$GLISSADE_GPU_ARCHIVE.new" "$GLISSADE_GPU_ARCHIVE"
}

record() { # name, state, seconds, limit, what it says
  awk -F '\t' -v name="$1" '$1 != name' "$out/parts.tsv" >"$out/parts.new"
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$(one_line "$5")" >>"$out/parts.new"
  mv "$out/parts.new" "$out/parts.tsv"
  printf '%-20s %-8s %4d s  %s\n' "$1" "$2" "$3" "$(one_line "$5")"
}

# MARK: The run

if [ "$#" -eq 0 ]; then
  : >"$out/parts.tsv"
  for folder in "$out"/[0-9][0-9]-*; do [ ! -d "$folder" ] || rm -rf "$folder"; done
  rm -rf "$work"
fi
[ -e "$out/parts.tsv" ] || : >"$out/parts.tsv"
device=cpu
gpu=''
absence='the part "there" found none'
without_pytorch=''
child=''
cut_off() {
  trap '' TERM INT HUP
  if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; wait "$child" 2>/dev/null; fi
  record "$name" cut $(($(date +%s) - begin)) "$limit" "the run was stopped"
  write_summary stopped
  exit 143
}

# Which device the others are for: the one that is chosen by itself, or else a GPU that was not, so as to see what is wrong with it.
choose_device() {
  found=$out/01-there/devices.json
  if [ ! -s "$found" ]; then
    absence="'glissade devices' did not end well"
    return
  fi
  device=$(sed -n 's/.*"auto": "\([^"]*\)".*/\1/p' "$found" | head -n 1)
  reason=$(sed -n 's/.*"auto_reason": "\(.*\)".*/\1/p' "$found" | head -n 1)
  case $device in
    opencl:*) ;;
    *)
      device=$(awk -F '"' '/"identifier":/ { id = $4 } /"kind": "gpu"/ { print id; exit }' "$found")
      if [ -z "$device" ]; then
        device=cpu
        absence=${reason:-OpenCL has no GPU here}
        [ -s "$work/drivers.txt" ] || absence="no OpenCL driver was found, neither by the names of NVIDIA's, AMD's and Intel's nor by an .icd file"
        missing=$(head -n 1 "$work/drivers-missing.txt" 2>/dev/null)
        [ -z "$missing" ] || absence="$absence; $missing"
      fi
      ;;
  esac
  gpu=$(one_line "$(awk -F '"' -v id="$device" '/"identifier":/ { at = $4 } /"name":/ && at == id { print $4; exit }' "$found")")
}

look_for_pytorch() {
  if [ "$device" = cpu ]; then without_pytorch="no GPU"; return; fi
  if ! command -v "$python" >/dev/null; then without_pytorch="no PyTorch here: there is no $python"; return; fi
  words=$(timeout 60 "$python" -c 'import torch, numpy; print("yes" if torch.cuda.is_available() else "PyTorch sees no CUDA device")' 2>&1) \
    || words="no PyTorch here: $python says '$(printf '%s\n' "$words" | tail -n 1)'"
  [ "$words" = yes ] || without_pytorch=$words
}

name=setup
begin=$start
limit=$seconds
trap cut_off TERM INT HUP
problem=$(. "$here/environment.sh" && prepare_environment) || complain "${problem:-the pack cannot be unpacked into $work}" 1
. "$here/environment.sh"
prepare_environment >/dev/null
export pack work out python place limit device

if [ "$#" -gt 0 ] && [ -s "$out/01-there/devices.json" ]; then
  choose_device
  look_for_pytorch
fi
number=0
while read -r name weight need; do
  number=$((number + 1))
  case $chosen in *" $name "* | '  ') ;; *) continue ;; esac
  begin=$(date +%s)
  left=$((seconds - (begin - start) - 2))
  limit=0
  if [ "$need" != - ] && [ "$device" = cpu ]; then
    record "$name" skipped 0 0 "no GPU: $absence"
    continue
  fi
  if [ "$need" = pytorch ] && [ -n "$without_pytorch" ]; then
    record "$name" skipped 0 0 "$without_pytorch"
    continue
  fi
  if [ "$left" -lt 1 ]; then
    record "$name" skipped 0 0 "the time was over"
    continue
  fi
  # The shares of the parts from here on that will run, as far as that is known.
  total=$(echo "$parts" | awk -v from="$number" -v chosen="$chosen" -v gpu="$([ "$device" = cpu ] && [ "$number" -gt 1 ] || echo yes)" -v torch="$([ -n "$without_pytorch" ] || echo yes)" '
    NR >= from && (chosen == "  " || index(chosen, " " $1 " ")) && ($3 == "-" || gpu == "yes" && ($3 == "gpu" || torch == "yes")) { sum += $2 }
    END { print sum }')
  limit=$((left * weight / total))
  [ "$limit" -ge 1 ] || limit=1
  if [ "$name" = there ]; then limit=$((left / 2)); fi
  place=$out/$(printf '%02d' "$number")-$name
  rm -rf "$place"
  mkdir -p "$place"
  write_summary "at work on $name"
  timeout -k 3 "$limit" sh "$here/run.sh" --part "$name" </dev/null >"$place/stdout" 2>"$place/stderr" &
  child=$!
  wait "$child"
  status=$?
  child=''
  took=$(($(date +%s) - begin))
  echo "$status" >"$place/status"
  echo "$took" >"$place/seconds"
  if [ "$name" = there ]; then
    choose_device
    if [ "$device" = cpu ]; then echo "No GPU: $(one_line "$absence"). The figures are the processor's."; fi
    look_for_pytorch
    if [ -n "$without_pytorch" ]; then echo "$without_pytorch" >"$place/without-pytorch"; fi
  fi
  case $status in
    0) record "$name" done "$took" "$limit" "$(grep -v '^ *$' "$place/stdout" | tail -n 1)" ;;
    124 | 137) record "$name" cut "$took" "$limit" "$(grep -v '^ *$' "$place/stdout" | tail -n 1)" ;;
    *) record "$name" failed "$took" "$limit" "status $status: $(grep -v '^ *$' "$place/stderr" | tail -n 1)" ;;
  esac
  if command -v nvidia-smi >/dev/null; then
    timeout 5 nvidia-smi --query-gpu=timestamp,name,driver_version,clocks.sm,clocks.mem,temperature.gpu,power.draw --format=csv,noheader \
      2>/dev/null | sed "s/^/$name, /" >>"$out/clocks.csv"
  fi
  write_summary "done with $name"
done <<END
$parts
END
name=end
write_summary finished
rm -rf "$work/bin" "$work/lib" "$work/loader" "$out/parts.new"
if grep -q "$(printf '\tfailed\t')" "$out/parts.tsv"; then exit 1; fi
