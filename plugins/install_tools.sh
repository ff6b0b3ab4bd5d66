#!/bin/sh
# Installs what plug-ins are built and tested with: the DISTRHO plug-in framework, cmake, g++, and
# lilv's tools, which read LV2 bundles. Playing a plug-in needs none of it.

exec "$(dirname "$0")/../externals/install_packages.sh" dpf-source cmake g++ lilv-utils
