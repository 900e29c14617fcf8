#!/usr/bin/env bash
# Races queries against their peers: installs and builds NanoVDB's, installs TensorStore, then runs the bench in
# release.
#
#   scripts/bench-queries.sh [ROUNDS] [rays] [sky] [points] [batch] [broad] [fills] [regions] [beside]
set -euo pipefail
source "$(dirname "$0")/lib.sh"
need_cargo

peers=$cache/peers
mkdir -p "$peers"
[ -e /usr/include/nanovdb/NanoVDB.h ] || install_packages libnanovdb-dev g++ ||
    die "NanoVDB is missing: install the Debian packages libnanovdb-dev and g++"
# The baseline instruction set, as Rust's.
g++ -O3 -std=c++17 -march=x86-64 "$root/benches/queries/peers/nanovdb.cpp" -o "$peers/nanovdb"
python=$peers/python
if ! "$python/bin/python" -c 'import tensorstore' 2>/dev/null; then
    rm -rf "$python"
    python3 -m venv "$python" 2>/dev/null ||
        { rm -rf "$python" && install_packages python3 python3-venv && python3 -m venv "$python"; } ||
        die "Python is missing: install the Debian packages python3 and python3-venv"
    "$python/bin/pip" install --quiet --disable-pip-version-check 'tensorstore==0.1.*' numpy ||
        die "pip cannot install tensorstore into $python"
fi
cd "$root"
BLUEMARBLE_NANOVDB_PEER=$peers/nanovdb BLUEMARBLE_PEERS_PYTHON=$python/bin/python \
    cargo bench -p bluemarble_benches --bench queries -- "$@"
