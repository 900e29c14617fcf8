#!/usr/bin/env bash
# Checks that worlds can be read, edited and stored without C code: `bluemarble_edit` without the feature `c-codecs` builds no
# C and links no C library, and the tests of the store, which zarr-python reads, hold without it.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
need_cargo
cd "$root"

# `linux-raw-sys` and `windows-sys` are tables in Rust.
found=$(cargo tree -p bluemarble_edit --no-default-features --edges normal,build --prefix none |
    grep -E '^((cc|cmake|pkg-config|bindgen) |[^ ]+-sys )' | grep -vE '^(linux-raw-sys|windows-sys) ' | sort -u || true)
[ -z "$found" ] || die "an editor without c-codecs needs C: $found"
# The tests themselves use the C libraries to compare with, and zarr-python, which scripts/test.sh installs.
export BLUEMARBLE_PYTHON=${BLUEMARBLE_PYTHON:-$cache/python/bin/python}
cargo check --quiet -p bluemarble_edit --no-default-features
cargo test --quiet -p bluemarble_store --no-default-features --lib --test zarr_python
