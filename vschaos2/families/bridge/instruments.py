"""Which instrument plays which recording: told by labels, folders or names of files."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from vschaos2.config import suggestion
from vschaos2.errors import InputError
from vschaos2.labels.metadata import load_metadata, task_folders

AUTO = "auto"
TASK = "instrument"  # the label that tells, unless somebody names another


def instruments_of(root: Path, files: Sequence[str], task: str) -> list[str]:
    """The instrument of every recording; "" for one that no label names.

    With `auto` it is the label `instrument` that tells, where there is one; else the folder that a
    recording lies in, where there are several; else its name up to the first number: flute of
    flute1.wav.

    Args:
        root: dataset folder.
        files: paths relative to it.
        task: name of the label, or "auto".

    Raises:
        InputError: for a label that there is not, or fewer than two instruments.
    """
    there = [folder.name for folder in task_folders(root)]
    if task != AUTO and task not in there:
        raise InputError(
            f"task={task}: {root} has no metadata/{task}{suggestion(task, there)}: write it, or "
            "let folders or names of files tell, with task=auto"
        )
    if task != AUTO or TASK in there:
        found, how = _labelled(root, files, TASK if task == AUTO else task), f"label {task}"
    else:
        found, how = _by_folder(files), "folders"
        if len({*found}) < 2:
            found, how = [name_of(file) for file in files], "names of files"
    if len(names := sorted({*found} - {""})) < 2:
        raise InputError(
            f"{root}: the {how} tell of one instrument, {', '.join(names) or 'none'}: a bridge "
            "needs two: put each into a folder of its own, or give data.source and data.target"
        )
    return found


def name_of(file: str) -> str:
    """What a file is called up to the first number: flute of flute1.wav and of flute-02_a.wav."""
    stem = PurePosixPath(file).stem
    found = re.match(r"[^\W\d_]+(?:[ _-]+[^\W\d_]+)*", stem)
    return found.group() if found else stem


def _by_folder(files: Sequence[str]) -> list[str]:
    """The first folder of each path in which not all agree."""
    parents = [PurePosixPath(file).parent.parts for file in files]
    depth = 0
    while len({parts[depth : depth + 1] for parts in parents}) == 1 and parents[0][depth:]:
        depth += 1
    return ["".join(parts[depth : depth + 1]) for parts in parents]


def _labelled(root: Path, files: Sequence[str], task: str) -> list[str]:
    import numpy as np

    metadata = load_metadata(root, files, tasks=[task])
    names = metadata.class_names[task] or []
    # An instrument that changes within a recording is the one at its first moment.
    values = metadata.at(np.arange(len(files)), np.zeros(len(files)))[task]
    return ["" if np.isnan(v) else _class_name(names, int(v)) for v in values]


def _class_name(names: Sequence[str], index: int) -> str:
    return names[index] if index < len(names) else str(index)
