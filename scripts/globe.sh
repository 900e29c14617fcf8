#!/usr/bin/env bash
# Runs the globe viewer: in a window where there is a display, otherwise as a picture.
# All arguments go to the viewer; see `scripts/globe.sh --help`.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
need_cargo
ensure_vulkan
cd "$root"

headless=
for argument in "$@"; do
    case $argument in --headless | --help | -h | --version | -V) headless=asked ;; esac
done
if [ -z "$headless" ] && [ -z "${DISPLAY:-}" ]; then
    echo "no display: rendering globe.png instead" >&2
    set -- --headless --settle --screenshot globe.png "$@"
elif [ -z "$headless" ]; then
    ensure_window
fi
# Mesa warns if it is not set.
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp}
exec cargo run --quiet --example globe -- "$@"
