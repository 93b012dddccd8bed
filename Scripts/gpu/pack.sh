#!/usr/bin/env bash
# Makes a folder that runs on a bare x86-64 Linux with nothing but a GPU's driver: no Swift, no compiler, no registry, a C library from
# 2022 or later. At most 60 MiB: programs and libraries are compressed, and run.sh unpacks them. Swift's Foundation, which reading YAML brings
# with its tables of all languages, makes the command large; xz makes a third less of it than gzip, and comes along.
#   Scripts/gpu/pack.sh [FOLDER]      into .build/gpu-pack, or FOLDER
# Then, there: FOLDER/run.sh OUT SECONDS
# GLISSADE_PACK_PROGRAMS is a folder with both programs, built with Swift's runtime linked statically, where they need not be built.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$#" -le 1 ] || { echo "usage: Scripts/gpu/pack.sh [FOLDER]" >&2; exit 2; }
[ "$(uname -m)" = x86_64 ] || { echo "A pack is for x86-64 and has to be made there; this is $(uname -m)." >&2; exit 1; }
folder=${1:-.build/gpu-pack}
most=$((60 << 20))
dataset=${GLISSADE_DATASETS:-/usr/share/datasets}/fashion-mnist
loader=/usr/lib/x86_64-linux-gnu/libOpenCL.so.1
programs=(glissade GlissadeConformance)
peers=(contestants ours page pytorch run workload)
# Every system with glibc has these.
everywhere='^(linux-vdso|ld-linux-x86-64|libc|libm|libdl|libpthread|librt|libutil|libresolv)\.so'

if [ -e "$folder" ] && [ -n "$(ls -A "$folder")" ] && [ ! -e "$folder/ABOUT" ]; then
  echo "$folder holds something that is no pack; name another folder." >&2
  exit 2
fi
[ -d "$dataset" ] || { echo "$dataset is not there; Scripts/install.sh demo installs it." >&2; exit 1; }
command -v xz >/dev/null || { echo "xz is not there; on Debian, apt-get install xz-utils." >&2; exit 1; }
[ -e "$loader" ] || { echo "$loader is not there; Scripts/install.sh build installs it." >&2; exit 1; }

built=${GLISSADE_PACK_PROGRAMS:-}
if [ -z "$built" ]; then
  for program in "${programs[@]}"; do
    swift build -c release --static-swift-stdlib --scratch-path .build/static --product "$program"
  done
  built=$(swift build -c release --static-swift-stdlib --scratch-path .build/static --show-bin-path)
fi

# Beside its final place, so that nobody finds half a pack there.
mkdir -p "$(dirname "$folder")"
fresh=$(mktemp -d "$(dirname "$folder")/pack-XXXXXX")
trap 'rm -rf "$fresh"' EXIT
chmod 755 "$fresh"
mkdir -p "$fresh"/{bin,lib,loader,tools,data/fashion-mnist,bench/peers}

compressed() { # file, where to
  gzip -9 -n -c "$1" >"$2/$(basename "$1").gz"
}

libraries_of() { # program
  { ldd "$1" 2>/dev/null || true; } | awk '$2 == "=>" { print $1, $3 }' | while read -r name place; do
    [ -e "$place" ] || { echo "$1 needs $name, and it is not there." >&2; exit 1; }
    if [[ $name =~ $everywhere ]] || [ -e "$fresh/lib/$name.gz" ]; then continue; fi
    gzip -9 -n -c "$place" >"$fresh/lib/$name.gz"
  done
}

for program in "${programs[@]}"; do
  [ -x "$built/$program" ] || { echo "$built/$program is not there." >&2; exit 1; }
  cp "$built/$program" "$fresh/$program"
  strip --strip-all "$fresh/$program" 2>/dev/null || true
  # And what its libraries need.
  libraries_of "$fresh/$program"
  xz -6 -T1 -c "$fresh/$program" >"$fresh/bin/$program.xz"
  rm "$fresh/$program"
done
xz=$(command -v xz)
compressed "$xz" "$fresh/tools"
libraries_of "$xz"
compressed "$loader" "$fresh/loader"
cp "$dataset"/*.gz "$fresh/data/fashion-mnist/"
for script in run.sh with.sh drivers.sh environment.sh; do cp "Scripts/gpu/$script" "$fresh/"; done
for script in "${peers[@]}"; do cp "bench/peers/$script.py" "$fresh/bench/peers/"; done
cp LICENSE "$fresh/"
{
  echo "Glissade, packed $(date -u +%Y-%m-%dT%H:%M:%SZ) from $(git describe --always --dirty 2>/dev/null || echo 'no repository')."
  echo "./run.sh OUT SECONDS measures the machine's GPU and writes to OUT; ./with.sh glissade devices lists what is there."
  echo "Libraries of $(. /etc/os-release && echo "$PRETTY_NAME") in lib and loader are used where the machine lacks them, under their own licences."
} >"$fresh/ABOUT"
chmod -R a+rX "$fresh"

size=$(find "$fresh" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
if [ "$size" -gt "$most" ]; then
  echo "The pack takes $((size >> 20)) MiB, more than the $((most >> 20)) that it may." >&2
  exit 1
fi
rm -rf "$folder"
mv "$fresh" "$folder"
trap - EXIT
echo "$folder: $(((size + 524288) >> 20)) MiB. On the machine with the GPU: $folder/run.sh OUT SECONDS"
