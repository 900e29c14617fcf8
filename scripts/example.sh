#!/usr/bin/env bash
# Runs an example in a window: ./scripts/example.sh minimal. Without a name it lists them.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
need_cargo
ensure_vulkan
ensure_window
cd "$root"
[ "${1:-}" != inspector ] || set -- "$@" --features bluemarble_examples/inspector
exec cargo run --example "$@"
