#!/usr/bin/env python3
"""The settings of a chain of effects from a dry and a wet recording: `vschaos2 retrieve`."""

from vschaos2.command_line import run
from vschaos2.programs.retrieve import main

if __name__ == "__main__":
    run(main)
