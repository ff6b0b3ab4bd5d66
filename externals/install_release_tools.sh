#!/bin/sh
# Installs what a release is built with beside install_tools.sh: a compiler for 64-bit ARM, and
# qemu-user, which runs what it makes in the tests.

exec "$(dirname "$0")/install_packages.sh" g++-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
