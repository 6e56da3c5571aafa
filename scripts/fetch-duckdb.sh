#!/usr/bin/env bash
# Fetches the pinned DuckDB library and its SQLite extension from the package registries,
# checks their SHA-256, and lays them side by side in a folder outside the checkout.
# Prints that folder. Does nothing when it is there already.
set -euo pipefail

library_package='@duckdb/node-bindings-linux-x64@1.5.5-r.5'
library_sha256='fc23f12e376c47be520f75221288281906e7942e8fd6f6ce4849198ba60d0405'
extension_package='duckdb-extension-sqlite==1.5.5'
extension_sha256='693d2bf90779df23ca5ebe0688639b9adfc11c2d55ae3466b33e28be16afaa5e'

cache="${XDG_CACHE_HOME:-$HOME/.cache}/retail-insights"
target="$cache/duckdb-1.5.5"
if [ -f "$target/libduckdb.so" ] && [ -f "$target/sqlite_scanner.duckdb_extension" ]; then
  echo "$target"
  exit 0
fi

mkdir -p "$cache"
work="$(mktemp -d "$cache/fetch.XXXXXX")"
trap 'rm -rf "$work"' EXIT

check() { # file, expected
  local found
  found="$(sha256sum "$1" | cut -d' ' -f1)"
  if [ "$found" != "$2" ]; then
    echo "error: checksum of $(basename "$1") is $found, expected $2" >&2
    exit 1
  fi
}

(cd "$work" && npm pack --silent "$library_package" >/dev/null 2>&1) || { echo "error: npm could not fetch $library_package" >&2; exit 1; }
tar -xzf "$work"/*.tgz -C "$work"
check "$work/package/libduckdb.so" "$library_sha256"

python3 -m pip download --quiet --no-deps --dest "$work" "$extension_package" >/dev/null 2>&1 || { echo "error: pip could not fetch $extension_package" >&2; exit 1; }
python3 - "$work" <<'PY'
import glob, sys, zipfile
work = sys.argv[1]
for wheel in glob.glob(work + "/*.whl"):
    with zipfile.ZipFile(wheel) as z:
        for name in z.namelist():
            if name.endswith("sqlite.duckdb_extension") or name.endswith("sqlite_scanner.duckdb_extension"):
                # The engine looks the entry point up by the file's name.
                open(work + "/sqlite_scanner.duckdb_extension", "wb").write(z.read(name))
PY
check "$work/sqlite_scanner.duckdb_extension" "$extension_sha256"

mkdir -p "$work/done"
mv "$work/package/libduckdb.so" "$work/sqlite_scanner.duckdb_extension" "$work/done/"
mv -T "$work/done" "$target" 2>/dev/null || true
echo "$target"
