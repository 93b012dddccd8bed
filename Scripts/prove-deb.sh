#!/usr/bin/env bash
# Proves the Debian package: in a bare Debian without Swift and without a network it installs with what it depends on, says its version, trains,
# goes on, predicts, reports, has its manual and completion, and goes again.
#   Scripts/prove-deb.sh              makes the package first
#   Scripts/prove-deb.sh PACKAGE      with one that is there
# Status 75, and a word why, where it cannot be done: it takes root, debootstrap, and a mirror for the packages that it depends on.
set -euo pipefail
cd "$(dirname "$0")/.."

left_out() { echo "Left out: the package was not proved, because $1." >&2; exit 75; }
section() { printf '%s\n' "- $1"; }
fail() { printf 'The package does not hold: %s\n' "$1" >&2; exit 1; }

[ "$#" -le 1 ] || { echo "usage: Scripts/prove-deb.sh [PACKAGE]" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
base=$(Scripts/bare-root.sh 2>"$work/reason") || left_out "$(tail -n 1 "$work/reason")"
package=${1:-}
if [ -z "$package" ]; then
  Scripts/make-deb.sh "$work/made"
  package=$(echo "$work"/made/*.deb)
fi
[ -s "$package" ] || fail "$package is not there"
mkdir -p "$work"/{in,out,root,overlay}
cp "$package" "$work/in/glissade.deb"

section "what it depends on, from the mirror"
# Fetched by this machine, which has a network, for the release of the bare one; the bare one installs it without.
depends=$(dpkg-deb --field "$package" Depends)
echo "$depends"
mkdir -p "$work"/apt/{lists/partial,archives/partial}
cp "$base/var/lib/dpkg/status" "$work/apt/status"
apt=(-o "Dir::State::status=$work/apt/status" -o "Dir::Cache::archives=$work/apt/archives" -o APT::Sandbox::User=root -o Debug::NoLocking=1)
apt-get "${apt[@]}" install -y -qq --download-only --no-install-recommends "$(realpath "$package")" >"$work/apt.log" 2>&1 \
  || left_out "what it depends on could not be fetched: $(tail -n 1 "$work/apt.log")"
find "$work/apt/archives" -name '*.deb' -exec cp {} "$work/in/" \;

# Runs a line of shell in the bare system: no network, /in read-only, /out to write to; what it changes is gone after the proof.
bare() {
  unshare --net --mount --pid --fork --kill-child sh -c '
    mount -t tmpfs none "$1/overlay" && mkdir "$1/overlay/upper" "$1/overlay/work" || exit 90
    mount -t overlay -o "lowerdir=$2,upperdir=$1/overlay/upper,workdir=$1/overlay/work" none "$1/root" || exit 90
    mkdir -p "$1/root/in" "$1/root/out" || exit 90
    mount --bind "$1/in" "$1/root/in" && mount -o remount,bind,ro "$1/root/in" && mount --bind "$1/out" "$1/root/out" || exit 90
    mount -t proc proc "$1/root/proc" && mount --bind /dev "$1/root/dev" && mount -t tmpfs none "$1/root/tmp" || exit 90
    exec chroot "$1/root" env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive sh -euc "$3"
  ' sh "$work" "$base" "$1"
}

section "it installs, works and goes"
bare '
  for tool in swift glissade gcc python3; do ! command -v $tool || { echo "it has $tool"; exit 1; }; done
  dpkg --install /in/*.deb >/out/dpkg.log 2>&1 || { tail -n 5 /out/dpkg.log; exit 1; }
  glissade --version
  glissade devices
  awk "BEGIN { print \"a,b,kind\"; srand(1); for (i = 0; i < 400; i++) { k = i % 2; print rand() + k * 0.8 \",\" rand() - k \",\" (k ? \"one\" : \"other\") } }" >/tmp/table.csv
  cd /out
  glissade train --data /tmp/table.csv --target kind --hidden 16 --epochs 8 --out runs/table --quiet
  glissade train --resume runs/table --epochs 10 --quiet
  glissade evaluate --run runs/table | head -n 2
  head -n 4 /tmp/table.csv >rows.csv
  glissade predict --run runs/table rows.csv
  glissade report runs/table >/dev/null
  test -s runs/table/report.html
  glissade recipe --check /usr/share/glissade/recipes/table-classification.yaml
  glissade weights | head -n 2
  for file in /usr/share/man/man1/glissade.train.1.gz /usr/share/bash-completion/completions/glissade /usr/share/zsh/vendor-completions/_glissade \
    /usr/share/fish/vendor_completions.d/glissade.fish /usr/share/doc/glissade/copyright /usr/share/doc/glissade/THIRD_PARTY.md; do
    grep -q "^$file$" /var/lib/dpkg/info/glissade.list || { echo "$file is not there"; exit 1; }
  done
  grep -q "^Copyright: [0-9]" /usr/share/doc/glissade/copyright
  dpkg --purge glissade >>/out/dpkg.log 2>&1
  for place in /usr/bin/glissade /usr/share/glissade /usr/share/doc/glissade; do ! test -e $place || { echo "$place is still there"; exit 1; }; done
' || fail "see above"
[ -s "$work/out/runs/table/summary.json" ] || fail "the training left nothing"
accuracy=$(python3 -c "import json, sys; print(json.load(open(sys.argv[1]))['test_accuracy'])" "$work/out/runs/table/summary.json")
awk "BEGIN { exit !($accuracy > 0.8) }" || fail "the training reached $accuracy"
echo "The package holds: $((($(stat -c %s "$package") + 524288) >> 20)) MiB, test accuracy $accuracy"
