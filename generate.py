#!/usr/bin/env python3
"""Sound files, paths, morphs and measures from a trained run: `vschaos2 generate`."""

from vschaos2.command_line import run
from vschaos2.programs.generate import main

if __name__ == "__main__":
    run(main)
