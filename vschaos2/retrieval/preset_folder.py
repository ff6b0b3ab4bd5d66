"""A folder of presets: the settings of many chains of one kind, a row each.

    info.json         which runs, tracks and files they come from, settings, the chain, what was
                      left out and why; every list in it is in the order of the rows, or of the
                      columns
    raw_params.npy    raw numbers, [N, P] float64 (see `processors.parameter`)
    presets.csv       the same in units, under their names

`runs`, `dry_files`, `wet_files`, `alignment_shifts`, `params_keys` and `params_original_shapes` are
called as in DiffVox' folders, which are read, too (see `diffvox`).
"""

import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.files import read_at_most
from vschaos2.placing import place_together
from vschaos2.processors.parameter import SCALES, Parameter, Ranges
from vschaos2.retrieval import diffvox
from vschaos2.terminal import printable

INFO, RAW_NUMBERS, TABLE = "info.json", "raw_params.npy", "presets.csv"
MOST_BYTES = 2**28
MOST_SETTINGS, MOST_TRACKS = 2_000, 20_000


class Presets(NamedTuple):
    """The settings of many chains.

    Attributes:
        tracks: a name of each, N.
        parameters: P of them.
        raw: [N, P], float64.
        values: the same in units, [N, P], float64.
        info: what else the folder tells.
    """

    tracks: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    raw: Tensor
    values: Tensor
    info: dict[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the settings."""
        return tuple(each.name for each in self.parameters)

    @property
    def shown(self) -> list[int]:
        """Places of the settings that a player would touch."""
        return [place for place, each in enumerate(self.parameters) if each.shown]

    @property
    def is_ours(self) -> bool:
        """Whether they belong to a chain that can be built here."""
        return "model" in self.info


def is_preset_folder(path: Path) -> bool:
    """Whether a folder holds presets."""
    return (path / INFO).is_file() and (path / RAW_NUMBERS).is_file()


def refuse_options_of_runs(folder: Path, **given: Any) -> None:
    """Raise InputError for an option that means something to runs only, and was given."""
    for name, value in given.items():
        if value is not None:
            raise InputError(f"--{name}: {folder} holds presets, and is no run: leave it out")


def write_presets(folder: Path, presets: Presets) -> list[Path]:
    """Write a folder of presets: all of its files, or none; → which.

    Raises:
        InputError: if it cannot be written.
    """
    parameters = presets.parameters
    columns = {
        "tracks": list(presets.tracks),
        "params_keys": list(presets.names),
        "params_original_shapes": [[] for _ in parameters],
        "units": [each.unit for each in parameters],
        "scales": [each.scale for each in parameters],
        "least": [each.least for each in parameters],
        "most": [each.most for each in parameters],
        "shown": [each.shown for each in parameters],
    }
    numbers = io.BytesIO()
    np.save(numbers, presets.raw.numpy(), allow_pickle=False)
    content: dict[Path, bytes | str] = {
        folder / RAW_NUMBERS: numbers.getvalue(),
        folder / TABLE: table(presets),
        folder / INFO: json.dumps({**presets.info, **columns}, indent=1, allow_nan=False) + "\n",
    }
    place_together(content)
    return list(content)


def table(presets: Presets) -> str:
    """Settings in units as comma-separated values, a track a row."""
    heads = [f"{p.name} [{p.unit}]" if p.unit else p.name for p in presets.parameters]
    lines = [",".join(["track", *heads])]
    for track, values in zip(presets.tracks, presets.values.tolist(), strict=True):
        name = '"' + printable(track).replace('"', '""') + '"'
        lines.append(",".join([name, *(f"{value:.6g}" for value in values)]))
    return "\n".join(lines) + "\n"


def read_presets(folder: Path) -> Presets:
    """The presets of a folder: one of ours, or one that DiffVox' get_params.py wrote.

    Nothing in it is executed.

    Raises:
        InputError: if it holds none, or its files do not fit each other.
    """
    if not is_preset_folder(folder):
        raise InputError(
            f"{folder}: holds no {INFO} and {RAW_NUMBERS}: generate.py presets RUNS {folder} "
            "makes them"
        )
    raw = _numbers(folder / RAW_NUMBERS)
    info = _told(folder / INFO)
    where = folder / INFO
    if "scales" not in info:
        mask_path = folder / diffvox.MASK
        mask = read_array(mask_path) if mask_path.is_file() else None
        return Presets(*diffvox.understood(where, info, raw, mask))
    try:
        parameters = _parameters(info)
        tracks = tuple(str(each) for each in _texts(info["tracks"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{where}: does not say what its settings are ({error}): make it anew"
        ) from error
    if raw.shape != (len(tracks), len(parameters)):
        raise InputError(
            f"{folder}: {RAW_NUMBERS} has {raw.shape[0]} rows of {raw.shape[1]} numbers, {INFO} "
            f"{len(tracks)} tracks of {len(parameters)} settings: make it anew"
        )
    values = Ranges(parameters)(raw[..., None])[..., 0]
    columns = {"tracks", "params_keys", "params_original_shapes", "units", "scales", "least"}
    columns |= {"most", "shown"}
    rest = {key: value for key, value in info.items() if key not in columns}
    return Presets(tracks, parameters, raw, values, rest)


def read_array(path: Path) -> np.ndarray:
    """The numbers of a .npy file; no object is made of it.

    Raises:
        InputError: if it holds none.
    """
    try:
        content = io.BytesIO(read_at_most(path, MOST_BYTES))
        found: np.ndarray = np.load(content, allow_pickle=False)
        if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiub":
            raise ValueError("no numbers")
    except InputError:
        raise
    except Exception as error:  # a damaged file may raise anything
        raise InputError(f"{path}: cannot be read as numbers ({printable(error)})") from error
    return found


def _numbers(path: Path) -> Tensor:
    found = read_array(path).astype(np.float64)
    if found.ndim != 2 or not 0 < found.shape[0] <= MOST_TRACKS or found.shape[1] == 0:
        raise InputError(f"{path}: must hold a row of settings for each track, got {found.shape}")
    if not np.isfinite(found).all():
        raise InputError(f"{path}: has numbers that are not finite: leave those runs out")
    return torch.from_numpy(found)


def _told(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_at_most(path, MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({printable(error)})") from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: must hold an object of lists, as generate.py presets writes it")
    return found


def _parameters(info: Mapping[str, Any]) -> tuple[Parameter, ...]:
    keys = ("params_keys", "units", "scales", "least", "most", "shown")
    rows = list(zip(*(info[key] for key in keys), strict=True))
    if not 0 < len(rows) <= MOST_SETTINGS or len({row[0] for row in rows}) != len(rows):
        raise ValueError("no settings, too many, or two of one name")
    found = []
    for name, unit, scale, least, most, shown in rows:
        low, high = float(least), float(most)
        if scale not in SCALES or not -math.inf < low < high < math.inf:
            raise ValueError(f"{name!r:.40} has the scale {scale!r:.20} from {low:g} to {high:g}")
        if scale == "log" and low <= 0.0:
            raise ValueError(f"{name!r:.40} has no logarithm at {low:g}")
        if not isinstance(name, str) or not isinstance(unit, str) or not isinstance(shown, bool):
            raise ValueError(f"{name!r:.40} is no name")
        found.append(Parameter(name, unit, low, high, low, scale, shown=shown))
    return tuple(found)


def _texts(found: Any) -> list[str]:
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError("tracks must be a list of names")
    return found
