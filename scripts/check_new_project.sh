#!/usr/bin/env bash
# Follows README as a newcomer does: a new project in a folder of its own, with README's Cargo.toml and README's program,
# Bevy's default features and cargo's own profile. It is built, run in a window and photographed.
#
#   scripts/check_new_project.sh [PICTURE.png]
#
# Bevy is compiled once more, with all its features: 20 to 45 minutes the first time. So this is for releases, not for CI.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
need_cargo
ensure_vulkan
ensure_window
picture=$(realpath -m "${1:-new_project.png}")
install_packages pkg-config libasound2-dev libudev-dev libwayland-dev xvfb imagemagick ||
    die "install the Debian packages pkg-config, libasound2-dev, libudev-dev, libwayland-dev, xvfb and imagemagick"

# The first code block of README in a language.
block() {
    awk -v start="^\`\`\`$1" 'found && /^```$/ { exit } found { print } $0 ~ start { found = 1 }' "$root/README.md"
}

project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT
mkdir "$project/src"
{
    printf '[package]\nname = "my_game"\nedition = "2024"\n\n[workspace]\n\n'
    block toml | sed "s|\.\./bluemarble/|$root/|"
} >"$project/Cargo.toml"
block rust >"$project/src/main.rs"
cp "$root/Cargo.lock" "$project/"
export CARGO_TARGET_DIR=$cache/new-project
cd "$project"
cargo build

# The picture is taken some time after the ground has begun to be drawn: lit ground has thousands of colours.
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp}
xvfb-run --auto-servernum --server-args "-screen 0 1280x720x24" bash -euo pipefail -c '
    "$1" & game=$!
    trap "kill $game" EXIT
    for second in $(seq 300); do
        sleep 1
        kill -0 $game
        import -window root "$2"
        [ "$(identify -format %k "$2")" -lt 2000 ] && continue
        sleep 20
        kill -0 $game
        import -window root "$2"
        exit
    done
    echo "nothing is drawn after $second s: see $2" >&2
    exit 1
' _ "$CARGO_TARGET_DIR/debug/my_game" "$picture"
echo "README's project runs: $picture"
