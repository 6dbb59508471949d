#!/bin/sh
# Fetches the third-party browser files this project keeps in its own tree, at the versions pinned below.
# Developers only: nothing at build or run time needs Node or the network, because the results are committed.
#
#   tools/vendor.sh          fetch again and rewrite both VENDOR.md files
#   tools/vendor.sh --check  re-hash the committed files against VENDOR.md (used by CI, offline)
set -eu
cd "$(dirname "$0")/.."

# target folder | package | version | file inside the package | licence file | licence | why it is here
PINS='static/vendor|htmx.org|2.0.11|dist/htmx.min.js|LICENSE|0BSD|partial page updates
tests/browser/vendor|axe-core|4.14.1|axe.min.js|LICENSE|MPL-2.0|accessibility checks in the browser tests only'

folder_of() { echo "$1/$(echo "$2" | sed 's/\.org$//')-$3"; }

check() {
    for folder in static/vendor tests/browser/vendor; do
        sed -n 's/^| .* | `\([0-9a-f]\{64\}\)` | `\(.*\)` |$/\1  \2/p' "$folder/VENDOR.md" |
            (cd "$folder" && sha256sum --strict --quiet --check -)
    done
    echo "Vendored files match their recorded hashes."
}

fetch() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    for folder in static/vendor tests/browser/vendor; do
        mkdir -p "$folder"
        printf '%s\n\n%s\n\n%s\n%s\n' '# Files from elsewhere' \
            'Unchanged copies, fetched by `tools/vendor.sh`. Do not edit them.' \
            '| name | version | licence | why | SHA-256 | file |' \
            '|---|---|---|---|---|---|' >"$folder/VENDOR.md"
    done
    echo "$PINS" | while IFS='|' read -r folder name version file licence_file licence why; do
        into=$(folder_of "$folder" "$name" "$version")
        rm -rf "$folder/$(echo "$name" | sed 's/\.org$//')"-*
        mkdir -p "$into"
        (cd "$work" && tar -xzf "$(npm pack --silent "$name@$version")")
        cp "$work/package/$file" "$work/package/$licence_file" "$into/"
        rm -rf "$work/package"
        kept="$(basename "$into")/$(basename "$file")"
        hash=$(sha256sum "$folder/$kept" | cut -d' ' -f1)
        echo "| $name | $version | $licence | $why | \`$hash\` | \`$kept\` |" >>"$folder/VENDOR.md"
        echo "$name $version -> $into"
    done
}

case "${1:-}" in
    --check) check ;;
    '') fetch && check ;;
    *) echo "usage: tools/vendor.sh [--check]" >&2; exit 2 ;;
esac
