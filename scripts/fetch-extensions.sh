#!/usr/bin/env bash
# Fetches the engine's extensions for addresses (s3://, gs://) and Delta tables from the package
# registry, checks their SHA-256, and lays them beside the library that fetch-duckdb.sh has fetched.
# Without them the engine fetches its own the first time that they are needed, so that a registry that
# cannot be reached is no failure.
set -euo pipefail
cd "$(dirname "$0")"

target="$(./fetch-duckdb.sh)"

fetch() { # name, SHA-256
  local file="$target/$1.duckdb_extension" found
  [ -f "$file" ] && return 0
  work="$(mktemp -d "$target/fetch.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
  if ! python3 -m pip download --quiet --no-deps --dest "$work" "duckdb-extension-$1==1.5.5" >/dev/null 2>&1; then
    echo "note: duckdb-extension-$1 could not be fetched" >&2
    return 0
  fi
  python3 - "$work" "$1" <<'PY'
import glob, sys, zipfile
work, name = sys.argv[1:]
for wheel in glob.glob(work + "/*.whl"):
    with zipfile.ZipFile(wheel) as z:
        for member in z.namelist():
            if member.endswith("/" + name + ".duckdb_extension"):
                open(f"{work}/{name}", "wb").write(z.read(member))
PY
  found="$(sha256sum "$work/$1" | cut -d' ' -f1)"
  if [ "$found" != "$2" ]; then
    echo "error: checksum of $1 is $found, expected $2" >&2
    exit 1
  fi
  mv "$work/$1" "$file"
  rm -rf "$work"
}

fetch httpfs 887c392b1e49128d11667c81e3698d8b00dfdeb456771acf66d05a0f74f7b7d8
fetch delta 24b10f221b799a82f2aec588102702540fb79b34ba4be7f47328333a02fd4e1e
echo "$target"
