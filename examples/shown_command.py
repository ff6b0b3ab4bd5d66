"""A command of this repository, shown as one would type it, and run: what the demos are made of."""

import shlex
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent


def run(*command: str | Path) -> None:
    """Show a command as one would type it, and run it; a failure ends the program with its code."""
    words = [str(word) for word in command]
    print(f"\n$ python {shlex.join(words)}", flush=True)
    finished = subprocess.run([sys.executable, HOME / words[0], *words[1:]], check=False)
    if finished.returncode != 0:
        sys.exit(finished.returncode)
