#!/usr/bin/env bash
# The public items of our library crates, one line each, in docs/api/CRATE.txt, so that a change of them is seen in review.
#
#   scripts/api.sh [CRATE...]            writes the listings
#   scripts/api.sh --check [CRATE...]    prints how they differ from the code; exit code 1 if they do
#
# Without names all crates are documented from the root, as `cargo doc` does it: with the same features, so that after it
# nothing is compiled anew.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
need_cargo
cd "$root"

check=()
if [ "${1:-}" = --check ]; then
    check=(--check)
    shift
fi
crates=("$@") packages=()
for crate in "${crates[@]}"; do
    [ -e "crates/$crate/src/lib.rs" ] || die "$crate is not a library crate of ours"
    packages+=(-p "$crate")
    # As in the whole workspace, where the examples ask for it.
    [ "$crate" != bevy_bluemarble ] || packages+=(--features bevy_bluemarble/avian)
done
if [ $# -eq 0 ]; then
    for library in crates/*/src/lib.rs; do
        crates+=("$(basename "${library%/src/lib.rs}")")
    done
fi

# Stable rustdoc writes JSON only with RUSTC_BOOTSTRAP. Cargo and build scripts must not see that variable: those of
# proc-macro2 and others would run again, and everything above them would be compiled anew.
rustdoc=$cache/rustdoc-json
mkdir -p "$cache"
printf '#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc "$@"\n' >"$rustdoc"
chmod +x "$rustdoc"
RUSTDOC=$rustdoc RUSTDOCFLAGS="-Z unstable-options --output-format json" \
    cargo doc --quiet --no-deps --lib "${packages[@]}"

mkdir -p docs/api
python3 -B scripts/api.py "${check[@]}" "$CARGO_TARGET_DIR/doc" docs/api "${crates[@]}"
