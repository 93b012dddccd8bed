#!/bin/bash
# Runs the built command on devices that pretend to be GPUs (Tests/PretendingOpenCL): a processor's OpenCL driver behind what real drivers say
# and bear. On each: `auto` takes it, conformance, lenet as well as on the processor, the same bits again and after an interruption, tuning.
#   Scripts/pretended.sh                 a sample: two devices, a part of conformance
#   Scripts/pretended.sh all             every device and all of conformance: hours
#   Scripts/pretended.sh apple amd-gcn   those devices, each with a part of conformance
# A finding ends with status 1, after all the others were looked for. GLISSADE_COMMAND is the command, GLISSADE_CONFORMANCE the program of the
# conformance cases; PRETENDED_SEED chooses the sample.
set -u
cd "$(dirname "$0")/.."

command=$(realpath "${GLISSADE_COMMAND:-.build/release/glissade}")
# `make test` builds it, not optimised but for its C.
conformance=$(realpath "${GLISSADE_CONFORMANCE:-.build/debug/GlissadeConformance}")
known=$(sed -n 's/.*{\.name = "\([^"]*\)".*/\1/p' Tests/PretendingOpenCL/profiles.c)
filters=(relu softmax matmul convolution pool)
devices=""
for word in "$@"; do
  case " $(echo $known) all " in
    *" $word "*) devices="$devices $word" ;;
    *) echo "usage: Scripts/pretended.sh [all | $(echo $known | sed 's/ / | /g')]..." >&2; exit 2 ;;
  esac
done
case $devices in
  "") devices=$(shuf -n 2 --random-source=<(yes "${PRETENDED_SEED:-1}") <<<"$known") ;;
  *" all"*)
    devices=$known
    filters=("")
    ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
findings=0
finding() {
  findings=$((findings + 1))
  echo "FINDING: $*" >&2
}

for name in FailingOpenCL PretendingOpenCL; do
  clang -shared -fPIC -fvisibility=hidden -O1 -o "$work/lib$name.so" Tests/OpenCLInFront/*.c Tests/$name/*.c || exit 1
done
# The failing library in front only counts and fails where it is told to.
export GLISSADE_OPENCL_LIBRARY=$work/libFailingOpenCL.so GLISSADE_REAL_OPENCL=$work/libPretendingOpenCL.so
export GLISSADE_CACHE=$work/cache LC_ALL=C.UTF-8 SWIFT_BACKTRACE=enable=no

train() { # folder, more
  local out=$1
  shift
  "$command" train --data fashion-mnist --limit 1000 --model lenet --epochs 3 --batch-size 50 --seed 1 --quiet --out "$out" "$@"
}
value() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1] + "/summary.json"))[sys.argv[2]])' "$1" "$2"; }
digest() { sha256sum <"$1/model.safetensors"; }

train "$work/cpu" --device cpu || exit 1
for device in $devices; do
  begin=$SECONDS
  export GLISSADE_PRETEND=$device
  "$command" devices --json >"$work/devices.json" 2>"$work/log" || finding "$device: devices: $(tail -1 "$work/log")"
  grep -q '"auto": "opencl:0.0"' "$work/devices.json" || finding "$device: 'auto' does not take it: $(grep '"reason"' "$work/devices.json" | head -1)"

  for filter in "${filters[@]}"; do
    "$conformance" --device opencl --filter "$filter" >"$work/conformance" 2>&1 || finding "$device: conformance $filter: $(tail -5 "$work/conformance")"
  done

  run=$work/$device
  if ! GLISSADE_CALLS=$work/calls train "$run" --device opencl >"$work/log" 2>&1; then
    finding "$device: lenet: $(tail -1 "$work/log")"
    continue
  fi
  difference=$(awk -v a="$(value "$run" test_accuracy)" -v b="$(value "$work/cpu" test_accuracy)" 'BEGIN { d = a - b; print d < 0 ? -d : d }')
  awk -v d="$difference" 'BEGIN { exit !(d <= 0.03) }' || finding "$device: lenet's accuracy differs from the processor's by $difference"
  train "$run.again" --device opencl >"$work/log" 2>&1
  [ "$(digest "$run")" = "$(digest "$run.again")" ] || finding "$device: other bits in the second run"
  # Two thirds of the launches: in the second epoch or the third.
  launches=$(awk '$1 == "clEnqueueNDRangeKernel" { print int($2 * 2 / 3) }' "$work/calls")
  if GLISSADE_FAIL=clEnqueueNDRangeKernel:$launches:-5:late train "$run.resumed" --device opencl >"$work/log" 2>&1; then
    finding "$device: a late error of launch $launches was not noticed"
  elif ! "$command" train --resume "$run.resumed" --quiet >"$work/log" 2>&1; then
    finding "$device: not resumed: $(tail -1 "$work/log")"
  fi
  [ "$(digest "$run")" = "$(digest "$run.resumed")" ] || finding "$device: other bits after resuming"
  GLISSADE_FAIL=clEnqueueNDRangeKernel:$launches:-5:late train "$run.fallback" --device auto >"$work/log" 2>&1 ||
    finding "$device: no fallback: $(tail -1 "$work/log")"
  "$command" tune --device opencl --seconds 3 --filter 784x128 >"$work/log" 2>&1 || finding "$device: tune: $(tail -1 "$work/log")"
  echo "$device: $((SECONDS - begin)) s, lenet within $difference of the processor, $findings findings so far"
done
[ "$findings" -eq 0 ] || { echo "$findings findings" >&2; exit 1; }
echo "All devices behave."
