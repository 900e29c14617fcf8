#!/usr/bin/env bash
# Checks that the plugin without its feature `render` builds without warnings, and compiles no renderer and no window.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
need_cargo
cd "$root"

server=(-p bevy_bluemarble --no-default-features --features avian,c-codecs)
found=$(cargo tree "${server[@]}" --edges normal --prefix none | grep -E '^(wgpu|naga|winit|bevy_render|bevy_window|bevy_asset)' || true)
[ -z "$found" ] || die "a server compiles parts of a renderer: $found"
# The same of a game's own project, which says no more than README.
found=$(cargo tree -p new_server --edges normal --prefix none | grep -E '^(wgpu|naga|winit|bevy_render|bevy_window|bevy_asset)' || true)
[ -z "$found" ] || die "the new project of a server compiles parts of a renderer: $found"
cargo clippy --quiet "${server[@]}" -- -D warnings
