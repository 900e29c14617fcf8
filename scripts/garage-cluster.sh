#!/usr/bin/env bash
# A cluster of three Garage nodes on the loopback interface, every object on all three: for trying out what
# happens to a world when a node dies. Garage is built from crates.io once, into the user's cache folder.
#
#   scripts/garage-cluster.sh start     build it if it is not there, start what does not run, print `env`
#   scripts/garage-cluster.sh env       the settings of our tools:  eval "$(scripts/garage-cluster.sh env)"
#   scripts/garage-cluster.sh status    the nodes as they see each other
#   scripts/garage-cluster.sh kill N    kill -9 node N (1, 2 or 3); `start` brings it back
#   scripts/garage-cluster.sh stop      stop all nodes; the data stays
#   scripts/garage-cluster.sh wipe      stop them and delete the data
#   scripts/garage-cluster.sh build     only build
#
# BLUEMARBLE_GARAGE_PORT is the first of the nine ports, 3900 if not set.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

version=2.5.0
home=$cache/garage
garage=$home/bin/garage
cluster=$cache/garage-cluster
first_port=${BLUEMARBLE_GARAGE_PORT:-3900}
bucket=worlds

usage() {
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"
}

rpc_port() { echo $((first_port + $1)); }
s3_port() { echo $((first_port + 10 + $1)); }
admin_port() { echo $((first_port + 20 + $1)); }
config() { echo "$cluster/$1/garage.toml"; }

random_hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

# The process of a node, if it runs. A number alone may be somebody else's by now.
pid_of() {
    local pid
    pid=$(cat "$cluster/$1/pid" 2>/dev/null) || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$(config "$1")" || return 1
    echo "$pid"
}

# Asks whichever node runs.
ask() {
    local node
    for node in 1 2 3; do
        if pid_of "$node" >/dev/null; then
            "$garage" -c "$(config "$node")" "$@"
            return
        fi
    done
    die "no node runs: start the cluster first"
}

build() {
    if [ -x "$garage" ] && "$garage" --version 2>/dev/null | grep -qF "$version"; then
        return
    fi
    need_cargo
    echo "building Garage $version, once; this takes 10 to 30 minutes" >&2
    # The target directory is kept until it is done: an interrupted build goes on where it was.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 cargo install garage --version "$version" --locked --force \
        --no-default-features --features bundled-libs,lmdb \
        --root "$home" --target-dir "$home/target" >&2 || die "Garage cannot be built"
    rm -rf "$home/target"
}

# What all nodes share: made once, kept with the data.
secrets() {
    mkdir -p "$cluster"
    if [ ! -s "$cluster/secrets" ]; then
        (
            umask 077
            printf 'rpc_secret=%s\nkey_id=GK%s\nkey_secret=%s\n' \
                "$(random_hex 32)" "$(random_hex 12)" "$(random_hex 32)" >"$cluster/secrets.new"
        )
        mv "$cluster/secrets.new" "$cluster/secrets"
    fi
    source "$cluster/secrets"
}

write_config() {
    local node=$1
    mkdir -p "$cluster/$node"
    (
        umask 077
        cat >"$(config "$node")" <<END
metadata_dir = "$cluster/$node/meta"
data_dir = "$cluster/$node/data"
db_engine = "lmdb"
replication_factor = 3
consistency_mode = "consistent"
metadata_fsync = true
data_fsync = true
rpc_bind_addr = "127.0.0.1:$(rpc_port "$node")"
rpc_public_addr = "127.0.0.1:$(rpc_port "$node")"
rpc_secret = "$rpc_secret"

[s3_api]
s3_region = "garage"
api_bind_addr = "127.0.0.1:$(s3_port "$node")"

[admin]
api_bind_addr = "127.0.0.1:$(admin_port "$node")"
END
    )
}

start_node() {
    local node=$1
    pid_of "$node" >/dev/null && return
    write_config "$node"
    GARAGE_LOG_TO_SYSLOG=0 RUST_LOG=garage=info setsid \
        "$garage" -c "$(config "$node")" server >>"$cluster/$node/log" 2>&1 </dev/null &
    echo $! >"$cluster/$node/pid"
}

# Tries something for a while.
patiently() {
    local try
    for try in $(seq 60); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.5
    done
    "$@" >&2 || die "$* still fails; see $cluster/*/log"
}

start() {
    build
    secrets
    local node ids=()
    for node in 1 2 3; do start_node "$node"; done
    for node in 1 2 3; do
        patiently "$garage" -c "$(config "$node")" status
        ids+=("$("$garage" -c "$(config "$node")" node id -q 2>/dev/null)")
    done
    for node in 1 2; do patiently ask node connect "${ids[$node]}"; done
    if [ ! -e "$cluster/ready" ]; then
        for node in 0 1 2; do
            patiently ask layout assign -z "zone$node" -c 1G "${ids[$node]%%@*}"
        done
        patiently ask layout apply --version 1
        patiently ask bucket create "$bucket"
        patiently ask key import --yes -n bluemarble "$key_id" "$key_secret"
        patiently ask bucket allow --read --write --owner "$bucket" --key "$key_id"
        touch "$cluster/ready"
    fi
    environment
}

# A node that runs answers for all.
environment() {
    secrets
    local node
    for node in 1 2 3; do
        if pid_of "$node" >/dev/null; then
            cat <<END
export AWS_ENDPOINT_URL=http://127.0.0.1:$(s3_port "$node")
export AWS_ALLOW_HTTP=true
export AWS_REGION=garage
export AWS_ACCESS_KEY_ID=$key_id
export AWS_SECRET_ACCESS_KEY=$key_secret
# a place for a world: s3://$bucket/NAME
END
            return
        fi
    done
    die "no node runs: start the cluster first"
}

kill_node() {
    local pid
    case ${1:-} in
        1 | 2 | 3) ;;
        *) die "which node? kill 1, kill 2 or kill 3" ;;
    esac
    pid=$(pid_of "$1") || die "node $1 does not run"
    kill -9 "$pid"
    rm -f "$cluster/$1/pid"
}

stop() {
    local node pid
    for node in 1 2 3; do
        if pid=$(pid_of "$node"); then
            kill "$pid"
            while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
        fi
        rm -f "$cluster/$node/pid"
    done
}

case ${1:-} in
    start) start ;;
    env) environment ;;
    status) ask status ;;
    kill) kill_node "${2:-}" ;;
    stop) stop ;;
    wipe) stop && rm -rf "$cluster" ;;
    build) build ;;
    *) usage; exit 2 ;;
esac
