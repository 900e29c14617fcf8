# What the scripts share. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/bluemarble

# One target directory for everything, outside of the checkout, so that a clean clone builds warm.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}

die() {
    echo "$(basename "$0"): $*" >&2
    exit 2
}

need_cargo() {
    command -v cargo >/dev/null || die "cargo is missing: install Rust 1.95 or later with rustup"
    command -v cc >/dev/null || die "a C compiler is missing: install the Debian package gcc"
}

# A Vulkan loader and at least one driver for it.
have_vulkan() {
    local drivers
    drivers=$(ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json ${VK_DRIVER_FILES:-} ${VK_ICD_FILENAMES:-} 2>/dev/null)
    [ -n "$drivers" ] && /sbin/ldconfig -p 2>/dev/null | grep -q 'libvulkan\.so\.1'
}

# What a window needs under X11.
ensure_window() {
    /sbin/ldconfig -p | grep -q 'libxkbcommon-x11\.so\.0' ||
        install_packages libxkbcommon-x11-0 libxcursor1 libxi6 libx11-xcb1 ||
        die "a window needs the Debian packages libxkbcommon-x11-0, libxcursor1, libxi6 and libx11-xcb1"
}

# Installs Debian packages as root or with sudo that asks nothing; fails if it may not.
install_packages() {
    local as=
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as="sudo -n"
    fi
    echo "installing $*" >&2
    $as env DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null &&
        $as env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >/dev/null
}

ensure_vulkan() {
    have_vulkan && return
    install_packages libvulkan1 mesa-vulkan-drivers && have_vulkan ||
        die "no Vulkan driver: install the Debian packages libvulkan1 and mesa-vulkan-drivers (or your card's driver)"
}
