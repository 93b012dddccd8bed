#!/bin/sh
# Installs the Debian packages that a job needs and that are not there yet.
#   Scripts/install.sh build         what building needs
#   Scripts/install.sh demo          and the Fashion-MNIST data set
#   Scripts/install.sh demo-finetune what building needs, the stamps of Tux Paint, and what fetches weights
#   Scripts/install.sh test          and an OpenCL implementation, a checker, what fetches weights, and Python for what PyTorch is asked
#   Scripts/install.sh deb           and what Debian packages are made with
#   Scripts/install.sh report        what building needs, a browser, a checker of HTML, and the Fashion-MNIST data set
#   Scripts/install.sh rusticl       Mesa's OpenCL implementation, and what runs on a processor there
#   Scripts/install.sh peers         and what the peers' benchmarks are installed and compiled with
set -eu

build="zlib1g-dev libjpeg62-turbo-dev libpng-dev libwebp-dev libtiff-dev opencl-headers ocl-icd-opencl-dev pkg-config make"
case "${1:-build}" in
  build) packages="$build" ;;
  demo) packages="$build dataset-fashion-mnist" ;;
  demo-finetune) packages="$build tuxpaint-stamps-default libcurl4 ca-certificates" ;;
  test) packages="$build dataset-fashion-mnist pocl-opencl-icd oclgrind libcurl4 python3-venv xz-utils" ;;
  deb) packages="$build dpkg-dev" ;;
  report) packages="$build dataset-fashion-mnist chromium python3 tidy" ;;
  rusticl) packages="mesa-opencl-icd" ;;
  peers) packages="$build dataset-fashion-mnist pocl-opencl-icd tuxpaint-stamps-default libcurl4 ca-certificates python3-pip python3-venv python3-dev g++" ;;
  *) echo "usage: $0 build|demo|demo-finetune|test|deb|report|rusticl|peers" >&2; exit 2 ;;
esac

command -v swift >/dev/null || { echo "Glissade needs the Swift toolchain (6.3 is what it is tested with): https://www.swift.org/install" >&2; exit 1; }
missing=""
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || { echo "Please install what these Debian packages hold:$missing" >&2; exit 1; }
as_root=""
[ "$(id -u)" -eq 0 ] || as_root="sudo"
echo "Installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086  # a list of words
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
