#!/usr/bin/env bash
# Installs the server that speaks S3's protocol for the tests (moto) into an environment of its own
# outside the checkout, and prints the server's path.
set -euo pipefail

cache="${XDG_CACHE_HOME:-$HOME/.cache}/retail-insights"
target="$cache/moto-5.2.5"
if [ ! -x "$target/bin/moto_server" ]; then
  mkdir -p "$cache"
  rm -rf "$target"
  trap 'rm -rf "$target"' ERR
  python3 -m venv "$target"
  "$target/bin/pip" install --quiet 'moto[server]==5.2.5'
fi
echo "$target/bin/moto_server"
