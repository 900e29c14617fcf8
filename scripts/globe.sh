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
elif [ -z "$headless" ] && ! /sbin/ldconfig -p | grep -q 'libxkbcommon-x11\.so\.0'; then
    install_packages libxkbcommon-x11-0 libxcursor1 libxi6 libx11-xcb1 ||
        die "a window needs the Debian packages libxkbcommon-x11-0, libxcursor1, libxi6 and libx11-xcb1"
fi
# Mesa grumbles without one.
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp}
exec cargo run --quiet --example globe -- "$@"
