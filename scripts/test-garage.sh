#!/usr/bin/env bash
# Tests a world on a cluster of three Garage nodes, one of which is killed: starts the cluster, runs the test, stops the
# cluster. Garage is built once, 10 to 30 minutes. Arguments go to the test.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
need_cargo
cd "$root"

environment=$(scripts/garage-cluster.sh start)
trap 'scripts/garage-cluster.sh stop' EXIT
eval "$environment"
cargo test -p bluemarble_tests --test store --features garage garage:: -- "$@"
