#!/bin/sh
# Trains on Fashion-MNIST by the built command, on the CPU and on OpenCL, and asks for a test accuracy.
#   Scripts/learning.sh 0.70 --epochs 1 --limit 6000      a slice of the data
#   Scripts/learning.sh 0.91 --epochs 5                   lenet, Adam at 1e-3, batches of 128: five epochs reach 91 %
set -eu
cd "$(dirname "$0")/.."

least=$1
shift
command=${GLISSADE_COMMAND:-.build/release/glissade}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

for device in cpu opencl; do
  "$command" train --data fashion-mnist --model lenet --optimizer adam --lr 1e-3 --batch-size 128 --seed 1 --device "$device" \
    --out "$out/$device" "$@"
  grep -E '"(device|train_loss|test_accuracy|samples_per_second|first_step_seconds)"' "$out/$device/summary.json"
  accuracy=$(sed -n 's/.*"test_accuracy": \([0-9.]*\).*/\1/p' "$out/$device/summary.json")
  echo "$accuracy $least" | awk '{ exit !($1 >= $2) }' || { echo "Test accuracy on $device is ${accuracy:-unknown}, below $least." >&2; exit 1; }
  "$command" evaluate --run "$out/$device" --data fashion-mnist --device cpu
done
