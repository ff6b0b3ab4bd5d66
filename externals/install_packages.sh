#!/bin/sh
# Installs Debian packages that are not there yet: install_packages.sh PACKAGE...
# Needs apt and root; says so where it cannot, and changes nothing then.

set -u

packages="$*"

missing=""
for package in $packages; do
    if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed"; then
        missing="$missing $package"
    fi
done
if [ -z "$missing" ] && command -v dpkg-query >/dev/null; then
    echo "all there: $packages"
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "no apt-get here: install by other means:$missing" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "root is needed: sudo apt-get install$missing" >&2
    exit 1
fi
if ! { apt-get update --quiet --quiet && DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet --no-install-recommends $missing; }; then
    echo "apt-get could not install:$missing" >&2
    exit 1
fi
echo "installed:$missing"
