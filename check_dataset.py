#!/usr/bin/env python3
"""Check a folder of recordings and its labels: `vschaos2 check`."""

from vschaos2.command_line import run
from vschaos2.programs.check import main

if __name__ == "__main__":
    run(main)
