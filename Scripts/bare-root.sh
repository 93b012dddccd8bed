#!/usr/bin/env bash
# A bare Debian of this machine's release, in .build/bare-root, for proofs of what runs without a toolchain. Made once, by debootstrap.
#   Scripts/bare-root.sh    prints where it is
# Status 75, and a word why, where it cannot be had: it takes root, leave to make namespaces, and debootstrap, which it installs.
set -euo pipefail
cd "$(dirname "$0")/.."

left_out() { echo "$1" >&2; exit 75; }

[ "$(id -u)" -eq 0 ] || left_out "chroot wants root"
unshare --net --mount --pid --fork true 2>/dev/null || left_out "unshare may not take network and mounts away here"
command -v apt-get >/dev/null || left_out "this is no Debian"
if ! command -v debootstrap >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap; } >/dev/null 2>&1 \
    || left_out "debootstrap cannot be installed"
fi

# Kept, because it comes from the network: the base system as it is.
base=.build/bare-root
if [ ! -e "$base/etc/debian_version" ]; then
  # The machine's own mirror and release.
  release=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)*\([^ ]*\) .*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n 1p || true)
  mkdir -p .build
  rm -rf "$base.new"
  debootstrap --variant=minbase "$release" "$base.new" "$mirror" >"$base.log" 2>&1 || left_out "no bare system could be had from $mirror: $(tail -n 1 "$base.log")"
  rm -rf "$base"
  mv "$base.new" "$base"
fi
realpath "$base"
