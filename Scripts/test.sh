#!/usr/bin/env bash
# Runs the built tests, and says at the end again what failed: among hundreds of lines nobody finds it.
# usage: Scripts/test.sh COMMAND…
set -uo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
if [ "$status" -ne 0 ]; then
  printf '\nWhat failed:\n' >&2
  grep -aE 'recorded an issue|^(✘|error:|Fatal error)|unexpected signal' "$log" | grep -avE '^✘ (Suite|Test run)' | cut -c1-2000 | sort -u | head -40 >&2
fi
exit "$status"
