"""How the programs are called: as scripts of a clone, or by one installed command."""

import sys
from pathlib import Path

# The words of `vschaos2 WORD …`, and the scripts that do the same in a clone.
SCRIPTS = {
    "train": "train_model.py",
    "generate": "generate.py",
    "export": "script.py",
    "check": "check_dataset.py",
    "pitch": "extract_pitch.py",
    "retrieve": "retrieve.py",
    "presets": "get_params.py",
    "analyse": "analyse_chain.py",
}


def program_name(word: str) -> str:
    """A program as its usage names it: `check_dataset.py` in a clone, else `vschaos2 check`.

    Args:
        word: a key of `SCRIPTS`.
    """
    is_script = Path(sys.argv[0]).name in SCRIPTS.values()
    return SCRIPTS[word] if is_script else f"vschaos2 {word}"


def typed(word: str) -> str:
    """What to type for a program, whichever program runs: `python check_dataset.py`, for remedies.

    Args:
        word: a key of `SCRIPTS`.
    """
    name = program_name(word)
    return f"python {name}" if name == SCRIPTS[word] else name
