#!/usr/bin/env bash
# Installs what the tests need and runs them all. Arguments go to `cargo test`.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
need_cargo
ensure_vulkan
cd "$root"

# zarr-python reads what we write, moto is the S3 server of the store's tests; the tests find both here.
python=$cache/python
if ! "$python/bin/python" -c 'import zarr, numcodecs, moto, flask' 2>/dev/null; then
    if ! "$python/bin/python" -c 'import pip' 2>/dev/null; then
        rm -rf "$python"
        python3 -m venv "$python" 2>/dev/null ||
            { rm -rf "$python" && install_packages python3 python3-venv && python3 -m venv "$python"; } ||
            die "Python is missing: install the Debian packages python3 and python3-venv"
    fi
    "$python/bin/pip" install --quiet --disable-pip-version-check \
        'zarr>=3.1,<4' 'numcodecs>=0.16' 'moto[s3,server]>=5.1,<6' ||
        die "pip cannot install zarr, numcodecs and moto into $python"
fi
export BLUEMARBLE_PYTHON=$python/bin/python

exec cargo test "$@"
