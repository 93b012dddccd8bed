#!/bin/bash
# Lets every OpenCL implementation that can be had here compute the conformance cases, and train lenet for ten steps, with the kernels that it
# gets by itself and, where it is a processor's, with a GPU's. What cannot be installed is left out with a word.
#   Scripts/implementations.sh                    a sample, on what the tests do not run on anyway: intel and rusticl
#   Scripts/implementations.sh all                all cases on all of them: an hour and more
#   Scripts/implementations.sh all pocl intel     certain ones: pocl, intel, rusticl, oclgrind, debian13 (PoCL and Mesa of that Debian, in a
#                                                 root of its own; as root, with debootstrap), pretended (devices of the tests)
# Findings are left in .build/implementations/results, of which Scripts/conformance-table.py makes docs/conformance.md.
# Status 0 if all passed, 1 if something did not, 75 if there was nothing that could be installed.
# GLISSADE_COMMAND is the command, GLISSADE_CONFORMANCE the conformance program.
set -u
cd "$(dirname "$0")/.."

command=$(realpath "${GLISSADE_COMMAND:-.build/debug/glissade}")
program=$(realpath "${GLISSADE_CONFORMANCE:-.build/debug/GlissadeConformance}")
size=sample
wanted=""
for word in "$@"; do
  case $word in
    all | sample) size=$word ;;
    pocl | intel | rusticl | oclgrind | debian13 | pretended) wanted="$wanted $word" ;;
    *) echo "usage: Scripts/implementations.sh [sample|all] [pocl] [intel] [rusticl] [oclgrind] [debian13] [pretended]" >&2; exit 2 ;;
  esac
done
if [ -z "$wanted" ]; then
  if [ "$size" = all ]; then wanted="pocl intel rusticl oclgrind debian13 pretended"; else wanted="intel rusticl"; fi
fi

place=$PWD/.build/implementations
results=$place/results
mkdir -p "$results"
work=$(mktemp -d "$place/work.XXXX")
log=$work/log
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 SWIFT_BACKTRACE=enable=no
tried=0
failed=0

# Empty caches for what runs a program, so that times are those of the first time.
cold() { echo "GLISSADE_CACHE=$work/$1 POCL_CACHE_DIR=$work/$1 MESA_SHADER_CACHE_DIR=$work/$1"; }

leave_out() { echo "Left out: $1 could not be installed: $2" >&2; }
last_line() { grep -v '^[[:space:]]*$' "$log" | tail -n 1; }

# lenet's loss over ten steps, the seconds before the first of them ended, and the milliseconds of the others: FOLDER, DEVICE, and what runs
# a program.
lenet() {
  local out=$1 device=$2
  shift 2
  "$@" "$command" train --device "$device" --model lenet --limit 320 --validation 0 --epochs 1 --batch-size 32 --seed 1 --out "$out" --quiet \
    >"$log" 2>&1 || return
  python3 -c 'import json, sys; run = json.load(open(sys.argv[1]))
print(run["train_loss"], run["first_step_seconds"], run["step_milliseconds_median"])' "$out/summary.json"
}
expected=$(lenet "$work/cpu" cpu env) || { echo "lenet on the processor: $(last_line)" >&2; exit 1; }
expected=${expected%% *}

# Trains lenet under an implementation: NAME, the style of kernels (cpu, gpu), and what runs a program there.
train() {
  local name=$1 style=$2 found
  shift 2
  # shellcheck disable=SC2046  # a list of words
  if ! found=$(lenet "$work/$name-$style" opencl "$@" $(cold "cache-$name-$style") GLISSADE_OPENCL_STYLE="$style"); then
    found="failed: $(last_line)"
  elif python3 -c 'import sys; a, b = map(float, sys.argv[1:]); sys.exit(not abs(a - b) <= 1e-4 * a)' "$expected" "${found%% *}"; then
    echo "$name: lenet trains as on the processor, with the kernels of a $style"
    echo "$expected $found" >"$results/$name.$style.lenet"
    return
  fi
  echo "FAILED $name: lenet with the kernels of a $style: its loss is $expected on the processor, and here: $found" >&2
  echo "$expected $found" >"$results/$name.$style.lenet"
  failed=$((failed + 1))
}

# Runs everything under an implementation: NAME, the styles of kernels that lenet is trained with, the cases (few, or as many as $size has),
# and what runs a program there, which ends in `env` and its variables.
check() {
  local name=$1 styles=$2 cases=$3 style
  shift 3
  echo "$name"
  tried=$((tried + 1))
  rm -f "$results/$name".*
  [ "$cases" = few ] || [ "$size" = sample ] && set -- "$@" GLISSADE_CONFORMANCE_SUBSET=1
  # shellcheck disable=SC2046  # a list of words
  "$@" $(cold "cache-$name") "$program" --device opencl --json "$results/$name.json" || failed=$((failed + 1))
  for style in $styles; do train "$name" "$style" "$@"; done
}

run_pocl() {
  local driver
  driver=$(grep -il pocl /etc/OpenCL/vendors/*.icd 2>/dev/null | head -n 1)
  if [ -z "$driver" ]; then leave_out PoCL "there is none among /etc/OpenCL/vendors"; return; fi
  mkdir -p "$place/vendors/pocl"
  cp "$driver" "$place/vendors/pocl/"
  check pocl "cpu gpu" all env OCL_ICD_VENDORS="$place/vendors/pocl"
}

run_intel() {
  local python=$place/intel/bin/python
  if ! { "$python" -m pip --version || python3 -m venv --clear "$place/intel"; } >"$log" 2>&1 \
    || ! "$python" -m pip install --quiet intel-opencl-rt==2026.2.0 intel-cmplr-lib-rt==2026.2.0 >"$log" 2>&1; then
    leave_out "Intel's runtime for processors" "$(last_line)"
    return
  fi
  mkdir -p "$place/vendors/intel"
  echo "$place/intel/lib/libintelocl.so" >"$place/vendors/intel/intel.icd"
  check intel "cpu gpu" all env OCL_ICD_VENDORS="$place/vendors/intel" LD_LIBRARY_PATH="$place/intel/lib"
}

# Mesa's driver on its processor device, which is planned for as a GPU. With several threads Mesa 22.3 computes wrongly.
run_rusticl() {
  if ! Scripts/install.sh rusticl >"$log" 2>&1; then leave_out "Mesa's rusticl" "$(last_line)"; return; fi
  mkdir -p "$place/vendors/rusticl"
  echo libRusticlOpenCL.so.1 >"$place/vendors/rusticl/rusticl.icd"
  check rusticl gpu all env RUSTICL_ENABLE=llvmpipe LP_NUM_THREADS=1 OCL_ICD_VENDORS="$place/vendors/rusticl"
}

# An interpreter: a few cases. It calls itself a GPU.
run_oclgrind() {
  if ! command -v oclgrind >/dev/null; then leave_out oclgrind "it is not there (Scripts/install.sh test)"; return; fi
  check oclgrind "" few oclgrind env
  check oclgrind-cpu "" few oclgrind env GLISSADE_OPENCL_STYLE=cpu
}

# PoCL and Mesa of the Debian after the one that this was written on. Programs run in its root, with the libraries of this system that it
# lacks; what is mounted there goes with the program.
run_debian13() {
  local root=$place/debian13 driver
  if [ "$(id -u)" -ne 0 ] || ! command -v debootstrap >/dev/null; then leave_out "Debian 13" "that takes root and debootstrap"; return; fi
  if [ ! -e "$root/complete" ]; then
    rm -rf "$root"
    if ! debootstrap --variant=minbase --include=pocl-opencl-icd,mesa-opencl-icd trixie "$root" >"$log" 2>&1; then
      leave_out "Debian 13" "$(last_line)"
      return
    fi
    touch "$root/complete"
  fi
  mkdir -p "$root/opt/libraries"
  ldd "$command" "$program" | awk '$2 == "=>" && $3 ~ "^/" { print $3 }' | sort -u \
    | grep -vE '/(libc|libm|libgcc_s|libstdc\+\+|libpthread|libdl|librt)\.so' | xargs cp -t "$root/opt/libraries"
  for driver in pocl rusticl; do
    mkdir -p "$place/vendors/debian13-$driver"
    cp "$root/etc/OpenCL/vendors/$driver.icd" "$place/vendors/debian13-$driver/"
    check "debian13-$driver" "$([ $driver = pocl ] && echo cpu) gpu" all \
      env programs="$(dirname "$program")" unshare --mount sh -c 'root=$1; shift
        for folder in /proc /sys /dev /usr/share/datasets "$PWD" "$programs"; do
          mkdir -p "$root$folder" && mount --bind "$folder" "$root$folder" || exit
        done
        exec chroot "$root" "$@"' sh "$root" \
      env HOME=/root LD_LIBRARY_PATH=/opt/libraries RUSTICL_ENABLE=llvmpipe OCL_ICD_VENDORS="$place/vendors/debian13-$driver"
  done
}

# Devices that the library of the tests pretends to have, in front of PoCL: a few cases, since PoCL takes its time over a GPU's kernels.
run_pretended() {
  local library=$place/libPretendingOpenCL.so device
  clang -shared -fPIC -fvisibility=hidden -O1 -o "$library" Tests/OpenCLInFront/*.c Tests/PretendingOpenCL/*.c || exit 1
  for device in $(grep -o '{\.name = "[^"]*"' Tests/PretendingOpenCL/profiles.c | cut -d '"' -f 2); do
    check "pretended-$device" gpu few env GLISSADE_OPENCL_LIBRARY="$library" GLISSADE_PRETEND="$device"
  done
}

for name in $wanted; do "run_$name"; done
if [ "$tried" -eq 0 ]; then exit 75; fi
[ "$failed" -eq 0 ] || { echo "$failed of the runs on OpenCL implementations failed" >&2; exit 1; }
