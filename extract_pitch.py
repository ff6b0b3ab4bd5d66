#!/usr/bin/env python3
"""Label a dataset by ear, pitch and octave: `vschaos2 pitch`."""

from vschaos2.command_line import run
from vschaos2.programs.pitch import main

if __name__ == "__main__":
    run(main)
