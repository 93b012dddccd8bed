#!/bin/sh
# Feeds damaged files to every reader, for so many seconds; a trap, a hang or an absurd demand for memory fails.
#   Scripts/fuzz.sh 60                                     other files every day
#   FUZZ_SEED=1 Scripts/fuzz.sh 60                         the same files every time
#   Scripts/fuzz.sh 60 --scratch-path .build/warnings      more options for the build
set -eu
cd "$(dirname "$0")/.."

seconds=${1:-60}
[ "$#" -eq 0 ] || shift
swift build -c release --product GlissadeFuzz "$@"
fuzz=$(swift build -c release --show-bin-path "$@")/GlissadeFuzz
state=$(mktemp)
trap 'rm -f "$state"' EXIT

if ! "$fuzz" "$seconds" --seed "${FUZZ_SEED:-$(date +%Y%m%d)}" --state "$state"; then
  read -r reader seed iteration <"$state" || true
  input=fuzz-failure-$reader
  SWIFT_BACKTRACE=enable=no "$fuzz" --replay "$reader" "$seed" "$iteration" --keep "$input" || true
  echo "A reader failed. Its input is in $input; again: $fuzz --replay $reader $seed $iteration" >&2
  exit 1
fi
