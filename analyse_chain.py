#!/usr/bin/env python3
"""The effects on a recording, their order and their settings: `vschaos2 analyse`."""

from vschaos2.command_line import run
from vschaos2.programs.analyse import main

if __name__ == "__main__":
    run(main)
