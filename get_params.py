#!/usr/bin/env python3
"""The settings of many retrieved runs in one folder: `vschaos2 presets`."""

from vschaos2.command_line import run
from vschaos2.programs.presets import main

if __name__ == "__main__":
    run(main)
