#!/usr/bin/env bash
# Races queries against their peers: installs and builds NanoVDB's, then runs the bench in release.
#
#   scripts/bench-queries.sh [ROUNDS] [rays] [sky] [points] [batch] [broad] [fills]
set -euo pipefail
source "$(dirname "$0")/lib.sh"
need_cargo

peers=$cache/peers
mkdir -p "$peers"
[ -e /usr/include/nanovdb/NanoVDB.h ] || install_packages libnanovdb-dev g++ ||
    die "NanoVDB is missing: install the Debian packages libnanovdb-dev and g++"
# The baseline instruction set, as Rust's.
g++ -O3 -std=c++17 -march=x86-64 "$root/benches/queries/peers/nanovdb.cpp" -o "$peers/nanovdb"
cd "$root"
BLUEMARBLE_NANOVDB_PEER=$peers/nanovdb cargo bench -p bluemarble_benches --bench queries -- "$@"
