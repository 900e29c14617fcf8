#!/usr/bin/env bash
# Runs an example in a window: ./scripts/example.sh minimal
set -euo pipefail
source "$(dirname "$0")/lib.sh"
need_cargo
ensure_vulkan
ensure_window
cd "$root"
exec cargo run --example "$@"
