#!/usr/bin/env bash
# Checks all dependencies as deny.toml says: licences, known vulnerabilities, registries, crates that are there twice.
# cargo-deny is built from crates.io once, into the user's cache folder. Arguments name checks, all four if there are none:
#
#   scripts/check_licences.sh [advisories] [bans] [licenses] [sources]
set -euo pipefail
source "$(dirname "$0")/lib.sh"
need_cargo
cd "$root"

version=0.20.2
home=$cache/cargo-deny
deny=$home/bin/cargo-deny
log=$home/log

# Runs what needs the network. What it prints is of interest only if it fails.
quietly() {
    local failure=$1
    shift
    mkdir -p "$home"
    "$@" >"$log" 2>&1 || die "$failure; is there a network? See $log"
}

if ! "$deny" --version 2>/dev/null | grep -qF "$version"; then
    echo "building cargo-deny $version, once; this takes 5 to 20 minutes" >&2
    # The target directory is kept until it is done: an interrupted build goes on where it was.
    quietly "cargo-deny cannot be built" \
        cargo install cargo-deny --version "$version" --locked --force --root "$home" --target-dir "$home/target"
    rm -rf "$home/target"
fi

checks=("$@")
[ $# -gt 0 ] || checks=(advisories bans licenses sources)
if [[ " ${checks[*]} " == *" advisories "* ]]; then
    quietly "the list of known vulnerabilities cannot be fetched" "$deny" fetch db
fi
"$deny" --offline check "${checks[@]}"
