#!/usr/bin/env python3
"""Turn a trained run into NAME.ts for nn~: `vschaos2 export`."""

from vschaos2.command_line import run
from vschaos2.programs.export import main

if __name__ == "__main__":
    run(main)
