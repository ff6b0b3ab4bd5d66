#!/bin/sh
# Installs what the engine of web pages is built with: clang-19 for WebAssembly; and chromium and
# nodejs, in which it is tested. Making a page needs none of it. Needs apt and root; says so where it
# cannot, and changes nothing then.

set -u

packages="clang-19 lld-19 libc++-19-dev-wasm32 libc++abi-19-dev-wasm32 libclang-rt-19-dev-wasm32
wasi-libc cmake chromium nodejs"

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
