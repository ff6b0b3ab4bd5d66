"""Which instrument plays which recording: told by labels, folders or names of files."""

from collections.abc import Sequence
from pathlib import Path

from vschaos2.config import suggestion
from vschaos2.errors import InputError
from vschaos2.labels.metadata import load_metadata, task_folders
from vschaos2.labels.told_by_names import folders_of, name_of

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
        found, how = folders_of(files), "folders"
        if len({*found}) < 2:
            found, how = [name_of(file) for file in files], "names of files"
    if len(names := sorted({*found} - {""})) < 2:
        raise InputError(
            f"{root}: the {how} tell of one instrument, {', '.join(names) or 'none'}: a bridge "
            "needs two: put each into a folder of its own, or give data.source and data.target"
        )
    return found


def _labelled(root: Path, files: Sequence[str], task: str) -> list[str]:
    import numpy as np

    metadata = load_metadata(root, files, tasks=[task])
    names = metadata.class_names[task] or []
    # An instrument that changes within a recording is the one at its first moment.
    values = metadata.at(np.arange(len(files)), np.zeros(len(files)))[task]
    return ["" if np.isnan(v) else _class_name(names, int(v)) for v in values]


def _class_name(names: Sequence[str], index: int) -> str:
    return names[index] if index < len(names) else str(index)
