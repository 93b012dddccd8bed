#!/usr/bin/env bash
# Proves the pack without a GPU: in a bare Debian without a network, a compiler or Swift, with PoCL under another driver's name and, in front
# of it, the library of the tests that says it is a GPU.
#   Scripts/gpu/prove.sh           makes the pack first
#   Scripts/gpu/prove.sh FOLDER    with a pack that is there
# Status 75, and a word why, where it cannot be done: it takes root, and debootstrap, which it installs.
set -euo pipefail
cd "$(dirname "$0")/../.."

left_out() { echo "Left out: the pack was not proved, because $1." >&2; exit 75; }
section() { printf '%s\n' "- $1"; }
fail() { printf 'The pack does not hold: %s\n' "$1" >&2; exit 1; }

[ "$#" -le 1 ] || { echo "usage: Scripts/gpu/prove.sh [PACK]" >&2; exit 2; }
[ "$(uname -m)" = x86_64 ] || left_out "packs are for x86-64 and this is $(uname -m)"
reason=$(mktemp)
trap 'rm -f "$reason"' EXIT
base=$(Scripts/bare-root.sh 2>"$reason") || left_out "$(tail -n 1 "$reason")"

pack=${1:-}
if [ -z "$pack" ]; then
  pack=.build/gpu-pack
  Scripts/gpu/pack.sh "$pack"
fi
pack=$(realpath "$pack")

work=$(mktemp -d)
trap 'rm -rf "$work" "$reason"' EXIT
# What a part of this proof changes in the bare system is gone after it.
root=$work/root
mkdir -p "$work"/{out,driver,in,root}

section "size and content"
size=$(find "$pack" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
[ "$size" -le $((60 << 20)) ] || fail "it takes $((size >> 20)) MiB"
for file in run.sh with.sh drivers.sh environment.sh bin/glissade.xz bin/GlissadeConformance.xz tools/xz.gz lib/liblzma.so.5.gz loader/libOpenCL.so.1.gz \
  data/fashion-mnist/train-images-idx3-ubyte.gz bench/peers/run.py bench/peers/pytorch.py; do
  [ -s "$pack/$file" ] || fail "$file is missing"
done
[ -z "$(find "$pack" -type l)" ] || fail "it has links, which do not travel"
for program in "$pack"/bin/*.xz; do
  xz -dc "$program" >"$work/program"
  newest=$(objdump -T "$work/program" | grep -o 'GLIBC_2\.[0-9]*' | sort -Vu | tail -n 1)
  [ "$(printf '%s\nGLIBC_2.36\n' "$newest" | sort -V | tail -n 1)" = GLIBC_2.36 ] || fail "$program wants $newest"
  if ldd "$work/program" | grep -q libswift; then fail "$program needs Swift's libraries"; fi
done

# PoCL as a driver lies in a container: in NVIDIA's folder, named by no .icd file.
pocl=$(ldconfig -p | awk '$1 == "libpocl.so.2" { print $NF; exit }')
[ -n "$pocl" ] || left_out "PoCL is not installed"
place=$work/driver/usr/local/nvidia/lib64
mkdir -p "$place"
cp -L "$pocl" "$place/libnvidia-opencl.so.1"

# The libraries of a program that the bare system lacks.
lacking() {
  ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u | while read -r library; do
    [ -e "$base/$library" ] || [ -e "$base/usr$library" ] || echo "$library"
  done
}

lacking "$pocl" /usr/lib/x86_64-linux-gnu/pocl/*.so | grep -v /libpocl | while read -r library; do cp -L "$library" "$place/"; done
# Its own parts are looked for beside it and in ../../share.
cp -rL /usr/lib/x86_64-linux-gnu/pocl "$place/"
mkdir -p "$work/driver/usr/local/share"
cp -rL /usr/share/pocl "$work/driver/usr/local/share/"
# It links what it compiles: with the linker alone, since the process has the C library.
linker=$(realpath "$(command -v ld)")
mkdir -p "$work/driver/usr/bin"
cp "$linker" "$work/driver/usr/bin/ld.real"
cat >"$work/driver/usr/bin/ld" <<'LINKER'
#!/bin/sh
for word; do
  shift
  case $word in -l* | *crt*.o) ;; *) set -- "$@" "$word" ;; esac
done
exec /usr/bin/ld.real "$@"
LINKER
chmod 755 "$work/driver/usr/bin/ld"
lacking "$linker" | while read -r library; do cp -L "$library" "$place/"; done
clang -shared -fPIC -fvisibility=hidden -O1 -o "$work/in/pretending.so" Tests/PretendingOpenCL/*.c Tests/OpenCLInFront/*.c

# Runs a line of shell in the bare system: no network, the pack and /in read-only, /out to write to.
bare() { # with or without the driver, the line
  local driver=$1
  shift
  mkdir -p "$work/overlay"
  local layers
  layers=$(realpath "$base")
  [ "$driver" = without ] || layers=$work/driver:$layers
  unshare --net --mount --pid --fork --kill-child sh -c '
    mount -t tmpfs none "$1/overlay" && mkdir "$1/overlay/upper" "$1/overlay/work" || exit 90
    mount -t overlay -o "lowerdir=$2,upperdir=$1/overlay/upper,workdir=$1/overlay/work" none "$1/root" || exit 90
    mkdir -p "$1/root/pack" "$1/root/in" "$1/root/out" "$1/root/read-only"
    mount --bind "$3" "$1/root/pack" && mount -o remount,bind,ro "$1/root/pack" || exit 90
    mount --bind "$1/in" "$1/root/in" && mount --bind "$1/out" "$1/root/out" || exit 90
    mount -t tmpfs -o ro none "$1/root/read-only" && mount -t proc proc "$1/root/proc" || exit 90
    mount -t sysfs -o ro none "$1/root/sys" || exit 90
    mount --bind /dev "$1/root/dev" && mount -t tmpfs none "$1/root/tmp" || exit 90
    exec chroot "$1/root" env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/root LC_ALL=C.UTF-8 sh -c "$4"
  ' sh "$work" "$layers" "$pack" "$*"
}
reads() { python3 -m json.tool "$1" >/dev/null 2>&1; }
said() { awk -F '\t' -v name="$2" '$1 == name { print $2 }' "$work/out/$1/parts.tsv"; }
gpu="GLISSADE_OPENCL_LIBRARY=/in/pretending.so GLISSADE_PRETEND=nvidia-desktop"

section "the system is bare"
bare without 'for tool in swift clang gcc cc python3 ld clinfo nvidia-smi; do ! command -v $tool >/dev/null || { echo "it has $tool"; exit 1; }; done
  for library in OpenCL jpeg png16 tiff webp; do ! ls /usr/lib/x86_64-linux-gnu/lib$library.so* 2>/dev/null || exit 1; done
  [ "$(wc -l </proc/net/route)" -le 1 ]' || fail "the bare system is not bare"

section "without a driver: one line, and the processor's figures"
status=0
bare without '/pack/run.sh /out/none 30 there lenet-gpu lenet-cpu tune mlp' >"$work/none" 2>&1 || status=$?
cat "$work/none"
[ "$(grep -c '^No GPU: ' "$work/none")" -eq 1 ] || fail "without a driver there is no one line that says so"
[ "$(said none lenet-gpu) $(said none tune) $(said none mlp)" = "skipped skipped skipped" ] || fail "without a GPU its parts are not skipped"
case $(said none lenet-cpu) in done | cut) ;; *) fail "without a GPU the processor is not measured" ;; esac
reads "$work/out/none/summary.json" || fail "summary.json is broken"

section "the GPU is found, taken and trained on"
bare with "$gpu /pack/with.sh glissade devices && cd /tmp && $gpu /pack/with.sh glissade train --data fashion-mnist --limit 256 --epochs 1 --batch-size 64 --out /out/first --quiet" \
  || fail "nothing can be trained on the GPU"
grep -q '"device": ".*opencl:0\.0' "$work/out/first/summary.json" || fail "the training took $(grep '"device' "$work/out/first/summary.json")"

section "all parts, in their order, within the time"
begin=$SECONDS
status=0
bare with "cd /tmp && $gpu /pack/run.sh relative 120 && mkdir -p /out/all && cp -r relative/* /out/all/" >"$work/all" 2>&1 || status=$?
took=$((SECONDS - begin))
cat "$work/all"
[ "$status" -eq 0 ] || fail "a part failed: status $status"
[ "$took" -le 140 ] || fail "120 s took $took"
diff <("$pack/run.sh" --list | cut -d' ' -f1) <(cut -f1 "$work/out/all/parts.tsv") || fail "the parts do not come in their order"
[ "$(said all there) $(said all pytorch-mlp)" = "done skipped" ] || fail "the first part was not done, or PyTorch not skipped"
grep -q '"device": "opencl:' "$work/out/all/summary.json" || fail "the GPU was not measured"
[ -z "$(awk -F '\t' '$2 == "failed"' "$work/out/all/parts.tsv")" ] || fail "a part failed"

section "what is cut keeps what was done"
# A machine that is too slow for it finishes in place of being killed.
bare with "$gpu /pack/run.sh /out/killed 300 & until grep -qs 'at work on conformance\|finished' /out/killed/summary.txt; do sleep 1; done
  sleep 5; kill -KILL -1" >/dev/null 2>&1 || true
reads "$work/out/killed/summary.json" || fail "summary.json does not outlive a kill"
[ "$(said killed there)" = done ] || fail "the first part does not outlive a kill"
[ -s "$work/out/killed/02-conformance/conformance.json" ] && reads "$work/out/killed/02-conformance/conformance.json" || fail "what conformance had found does not outlive a kill"
bare with "$gpu /pack/run.sh /out/stopped 300 & sleep 20; kill -TERM \$!; wait" >/dev/null 2>&1 || true
grep -q '"state": "stopped"' "$work/out/stopped/summary.json" || fail "a run that is stopped does not say so"

section "folders that cannot be written to"
status=0
line=$(bare without '/pack/run.sh /read-only/out 30' 2>&1 >/dev/null) || status=$?
[ "$status" -eq 2 ] && [ "$(printf '%s\n' "$line" | wc -l)" -eq 1 ] || fail "a read-only OUT: status $status, $line"
echo "$line"
echo "The pack holds: $((size >> 20)) MiB"
