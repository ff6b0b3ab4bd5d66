#!/bin/sh
# Installs what the engine of web pages is built with: clang-19 for WebAssembly; and chromium and
# nodejs, in which it is tested. Making a page needs none of it.

exec "$(dirname "$0")/../../externals/install_packages.sh" clang-19 lld-19 libc++-19-dev-wasm32 \
    libc++abi-19-dev-wasm32 libclang-rt-19-dev-wasm32 wasi-libc cmake chromium nodejs
