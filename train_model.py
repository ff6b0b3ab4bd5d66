#!/usr/bin/env python3
"""Train an instrument from a folder of recordings: `vschaos2 train`."""

from vschaos2.command_line import run
from vschaos2.programs.train import main

if __name__ == "__main__":
    run(main)
