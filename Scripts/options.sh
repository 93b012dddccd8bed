#!/bin/bash
# Writes docs/options.md, the reference of all options of training, by the command that was built (default: .build/release/glissade).
set -eu
cd "$(dirname "$0")/.."
"${1:-.build/release/glissade}" recipe --reference > docs/options.md
