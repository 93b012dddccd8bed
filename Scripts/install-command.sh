#!/usr/bin/env bash
# Installs the command for everybody: with Swift's runtime linked into it, so that it runs where no toolchain is, its manual pages, its
# completion for bash, zsh and fish, and the recipes.
#   Scripts/install-command.sh            into PREFIX (/usr/local), below DESTDIR where that is set
#   Scripts/install-command.sh uninstall  takes what it installed away again
# GLISSADE_STATIC is the command where it need not be built.
set -euo pipefail
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/usr/local}
[[ $prefix = /* ]] || { echo "PREFIX is $prefix, and it has to begin with /." >&2; exit 2; }
prefix=${prefix%/}
destination=${DESTDIR:-}
# The list of what was installed, by which it goes again.
list=$prefix/share/glissade/installed

case "${1:-install}" in
  install) ;;
  uninstall)
    [ -f "$destination$list" ] || { echo "$destination$list is not there: nothing was installed into $prefix." >&2; exit 1; }
    while IFS= read -r file; do rm -f "$destination$file"; done <"$destination$list"
    # Folders that are empty now and that nobody else would miss.
    rmdir "$destination$prefix"/share/glissade/recipes "$destination$prefix"/share/glissade "$destination$prefix"/share/doc/glissade 2>/dev/null || true
    echo "Uninstalled what was in $destination$prefix."
    exit 0
    ;;
  *) echo "usage: [PREFIX=/usr/local] [DESTDIR=] Scripts/install-command.sh [install|uninstall]" >&2; exit 2 ;;
esac

command=${GLISSADE_STATIC:-}
if [ -z "$command" ]; then
  swift build -c release --static-swift-stdlib --scratch-path .build/static --product glissade
  command=$(swift build -c release --static-swift-stdlib --scratch-path .build/static --show-bin-path)/glissade
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
files=()
put() { # file, its place below the prefix, its mode
  install -D -m "$3" "$1" "$destination$prefix/$2"
  files+=("$prefix/$2")
}

cp "$command" "$work/glissade"
strip --strip-all "$work/glissade" 2>/dev/null || true
put "$work/glissade" bin/glissade 755
"$command" --generate-completion-script bash >"$work/bash"
"$command" --generate-completion-script zsh >"$work/zsh"
"$command" --generate-completion-script fish >"$work/fish"
put "$work/bash" share/bash-completion/completions/glissade 644
put "$work/zsh" share/zsh/site-functions/_glissade 644
put "$work/fish" share/fish/vendor_completions.d/glissade.fish 644
# The argument parser's own generator, which comes with its sources.
parser=.build/checkouts/swift-argument-parser
[ -d "$parser" ] || swift package resolve
swift build -c release --package-path "$parser" --scratch-path .build/manual --product generate-manual
mkdir "$work/man"
.build/manual/release/generate-manual "$command" --multi-page --output-directory "$work/man"
for page in "$work"/man/*.1; do
  gzip -9 -n "$page"
  put "$page.gz" "share/man/man1/$(basename "$page").gz" 644
done
for recipe in Recipes/*.yaml; do put "$recipe" "share/glissade/recipes/$(basename "$recipe")" 644; done
for text in README.md LICENSE THIRD_PARTY.md; do put "$text" "share/doc/glissade/$text" 644; done
gzip -9 -n -c CHANGELOG.md >"$work/changelog"
put "$work/changelog" share/doc/glissade/CHANGELOG.md.gz 644
printf '%s\n' "${files[@]}" "$list" >"$work/installed"
put "$work/installed" share/glissade/installed 644
echo "Installed $prefix/bin/glissade$([ -z "$destination" ] || echo " below $destination"), with manual pages and completion for bash, zsh and fish."
