#!/bin/sh
# Installs what vschaos~ is built and tested with: puredata, its headers, cmake, g++ and doctest.

exec "$(dirname "$0")/install_packages.sh" puredata-core puredata-dev cmake g++ doctest-dev
