#!/usr/bin/env bash
# Checks that the plugin without its feature `render` builds without warnings, compiles no renderer and no window, and runs.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
need_cargo
cd "$root"

# What the arguments build must have no part of a renderer in its tree.
has_no_renderer() {
    local found
    found=$(cargo tree "$@" --edges normal --prefix none | grep -E '^(wgpu|naga|winit|bevy_render|bevy_window|bevy_asset)' || true)
    [ -z "$found" ] || die "cargo tree $*: a server compiles parts of a renderer: $found"
}

server=(-p bevy_bluemarble --no-default-features --features avian,c-codecs)
has_no_renderer "${server[@]}"
# The same of a game's own project, which says no more than README.
has_no_renderer -p new_server
cargo clippy --quiet "${server[@]}" -- -D warnings
# Alone, as in its own workspace: with the other members' features it would run with a renderer compiled in.
cargo test --quiet -p new_server
