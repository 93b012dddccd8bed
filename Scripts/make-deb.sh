#!/usr/bin/env bash
# Makes a Debian package of the command, for machines with the same Debian or a later one, with nothing of Swift there.
#   Scripts/make-deb.sh [FOLDER]      into .build, or FOLDER
# GLISSADE_STATIC is the command where it need not be built.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-.build}
command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null || { echo "dpkg-deb and dpkg-shlibdeps are not there; on Debian, apt-get install dpkg-dev." >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
root=$work/debian/glissade

DESTDIR=$root PREFIX=/usr Scripts/install-command.sh >/dev/null
rm "$root/usr/share/glissade/installed"
# Where Debian's zsh looks.
mkdir -p "$root/usr/share/zsh/vendor-completions"
mv "$root/usr/share/zsh/site-functions/_glissade" "$root/usr/share/zsh/vendor-completions/"
rmdir "$root/usr/share/zsh/site-functions"
{
  printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: glissade\n\nFiles: *\n'
  printf 'Copyright: %s\nLicense: Apache-2.0\n On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n' \
    "$(grep -m 1 '^ *Copyright' LICENSE NOTICE 2>/dev/null | head -n 1 | sed 's/.*Copyright *//')"
} >"$root/usr/share/doc/glissade/copyright"
rm "$root/usr/share/doc/glissade/LICENSE"

version=$("$root/usr/bin/glissade" --version)
version=${version#glissade }
architecture=$(dpkg --print-architecture)
# What the program is linked with, by the packages that hold it.
printf 'Source: glissade\n\nPackage: glissade\nArchitecture: any\n' >"$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O --ignore-missing-info -e"debian/glissade/usr/bin/glissade" 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
mkdir "$root/DEBIAN"
{
  echo "Package: glissade"
  echo "Version: $version"
  echo "Architecture: $architecture"
  echo "Maintainer: The Glissade contributors <nobody@localhost>"
  echo "Installed-Size: $(du -sk "$root/usr" | cut -f 1)"
  echo "Depends: $libraries"
  # Opened when they are needed: GPUs, weights by name.
  echo "Recommends: ocl-icd-libopencl1 | libopencl1, libcurl4, ca-certificates"
  echo "Suggests: dataset-fashion-mnist, pocl-opencl-icd"
  echo "Section: science"
  echo "Priority: optional"
  echo "Description: trains neural networks on any OpenCL GPU, and on the CPU when there is none"
  echo " Training from scratch and fine-tuning from the command line: pictures and"
  echo " tables, optimizers, schedules, recipes, evaluation, prediction, ONNX files,"
  echo " and benchmarks of the machine's devices."
} >"$root/DEBIAN/control"
mkdir -p "$folder"
package=$folder/glissade_${version}_$architecture.deb
dpkg-deb --root-owner-group --build "$root" "$package" >/dev/null
echo "$package: $((($(stat -c %s "$package") + 524288) >> 20)) MiB. On the machine: apt-get install ./$(basename "$package")"
