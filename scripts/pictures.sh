#!/usr/bin/env bash
# Makes the pictures of docs/pictures anew, and flight.webp, a flight from orbit to the ground.
# usage: scripts/pictures.sh [NAME...]    all of them, or those named (flight is one)
set -euo pipefail
source "$(dirname "$0")/lib.sh"
need_cargo
ensure_vulkan
cd "$root"
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp}
cargo build --quiet --example globe
globe=$CARGO_TARGET_DIR/debug/examples/globe
size=${SIZE:-1280x720}

# name pose [flags]: latitude, longitude, metres above the sea, heading, pitch.
places="
orbit 24,18,12000000,0,-90
pacific 5,-160,9000000,20,-80
limb 26,36,420000,350,-17 --clouds 0.5
himalaya 27.55,86.75,9500,30,-12 --clouds 0.4
alps 46.02,6.95,3600,195,-6 --clouds 0.3
trail 27.75,86.72,0,60,8 --clouds 0.3
canyon 36.12,-112.15,2900,20,-9 --clouds 0.5
fjord 61.05,6.9,2600,40,-14 --clouds 0.5
amazon -3.2,-60.2,12000,60,-10 --clouds 1
sahara 30.5,1.0,4000,70,-17 --clouds 0
reef -18.6,146.6,4500,315,-15 --clouds 0.4
dusk 27.6,86.5,8200,62,-9 --hour 11.9 --clouds 0.5
night 47,9,900000,0,-50 --hour 23.5 --clouds 0.3
"

wanted() { [ ${#names[@]} -eq 0 ] || [[ " ${names[*]} " == *" $1 "* ]]; }
names=("$@")
while read -r name pose flags; do
    [ -n "$name" ] && wanted "$name" || continue
    echo "$name"
    # shellcheck disable=SC2086
    "$globe" --headless --settle --quality medium --size "$size" --pose "$pose" $flags \
        --screenshot "docs/pictures/$name.png"
done <<<"$places"

if wanted flight; then
    echo flight
    command -v img2webp >/dev/null || install_packages webp || die "img2webp is missing: install the Debian package webp"
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    cat >"$folder/flight" <<'PATH'
# seconds, latitude, longitude, metres above the sea, heading, pitch
0,16,80,12000000,0,-90
0.3,16,80,12000000,0,-90
0.8,22,83,2200000,8,-72
1.2,25.2,85.2,320000,20,-42
1.6,26.9,86.2,42000,27,-20
1.95,27.5,86.7,9800,30,-12
2.2,27.72,86.83,8200,30,-11
2.5,27.8,86.86,6400,28,-4
PATH
    "$globe" --headless --quality medium --size 480x270 --flight "$folder/flight" --screenshot-every 1 \
        --screenshot "$folder/frame.png"
    # While it stands still, clouds and the planet's picture are made.
    rm "$folder"/frame.000[01]?.png
    img2webp -loop 0 -lossy -q 75 -m 4 -d 66 "$folder"/frame.0*.png -o docs/pictures/flight.webp
fi
