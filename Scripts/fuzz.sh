#!/bin/sh
# Feeds damaged files to every reader, for so many seconds each, on all processors; a trap, a hang or an absurd demand for memory fails.
#   Scripts/fuzz.sh 60                                     other files every day
#   FUZZ_SEED=1 Scripts/fuzz.sh 60                         the same files every time
#   Scripts/fuzz.sh 60 --scratch-path .build/warnings      more options for the build
set -eu
cd "$(dirname "$0")/.."

seconds=${1:-60}
[ "$#" -eq 0 ] || shift
swift build -c release --product GlissadeFuzz "$@"
fuzz=$(swift build -c release --show-bin-path "$@")/GlissadeFuzz
states=$(mktemp -d)
trap 'rm -rf "$states"' EXIT

# Each process takes a share of the readers, and keeps a note of the file it is at.
shares=$(nproc)
processes=""
trap 'kill $processes 2>/dev/null; exit 130' INT TERM
share=0
while [ "$share" -lt "$shares" ]; do
  "$fuzz" "$seconds" --seed "${FUZZ_SEED:-$(date +%Y%m%d)}" --share "$share/$shares" --state "$states/$share" &
  processes="$processes $!"
  share=$((share + 1))
done
failed=""
share=0
for process in $processes; do
  wait "$process" || failed="$failed $share"
  share=$((share + 1))
done
for share in $failed; do
  reader='' seed='' iteration=''
  [ -s "$states/$share" ] || { echo "The fuzzer ended before its first file." >&2; continue; }
  read -r reader seed iteration <"$states/$share" || true
  input=fuzz-failure-$reader
  SWIFT_BACKTRACE=enable=no "$fuzz" --replay "$reader" "$seed" "$iteration" --keep "$input" || true
  echo "A reader failed. Its input is in $input; again: $fuzz --replay $reader $seed $iteration" >&2
done
[ -z "$failed" ]
