"""What folders and names of files tell of recordings, where no label does."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath


def name_of(file: str) -> str:
    """What a file is called up to the first number: flute of flute1.wav and of flute-02_a.wav."""
    stem = PurePosixPath(file).stem
    found = re.match(r"[^\W\d_]+(?:[ _-]+[^\W\d_]+)*", stem)
    return found.group() if found else stem


def folders_of(files: Sequence[str]) -> list[str]:
    """The first folder of each path in which not all agree."""
    parents = [PurePosixPath(file).parent.parts for file in files]
    depth = 0
    while len({parts[depth : depth + 1] for parts in parents}) == 1 and parents[0][depth:]:
        depth += 1
    return ["".join(parts[depth : depth + 1]) for parts in parents]
