"""Presets as DiffVox publishes them, understood: its raw numbers as settings in units.

Source: C.-Y. Yu et al., "DiffVox: a differentiable model for capturing and analysing vocal effects
distributions" (2025), and its configuration of the chain at 44.1 kHz. A raw number r is, with
σ(r) = 1/(1 + e⁻ʳ),

    itself                gains and thresholds in dB, gains of the room's lines, matrix
    least + (most - least) σ(r)     frequencies, Q, ratio, time of the echoes
    20 log10 σ(r)         levels of echoes and sends
    -2200 / (f_s ln(1 - σ(r)))      attack and release, in ms
    |r| mod 15            look-ahead, in ms
    -3 m / (f_s log10 γ), γ = σ(r) 10^(-3 m / (9 f_s))   decay at 49 frequencies, in s, m = 997

`runs` of its info.json lists rejected runs, too, and is not parallel to the rows; wet files are.
Of the matrix, which is made of its part above the diagonal, the rest says nothing and is left out.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.processors.parameter import Parameter
from vschaos2.retrieval.prior import RAW

MASK, GAUSSIAN = "feature_mask.npy", "gaussian.npz"

RATE_HZ, SHORTEST, LONGEST_S = 44_100.0, 997, 9.0
LOOKAHEAD_MS = 15.0
Law = Callable[[Tensor], Tensor]
Found = tuple[tuple[str, ...], tuple[Parameter, ...], Tensor, Tensor, dict[str, Any]]


def _between(least: float, most: float) -> Law:
    return lambda raw: least + (most - least) * torch.sigmoid(raw)


def _same(raw: Tensor) -> Tensor:
    return raw


def _level_db(raw: Tensor) -> Tensor:
    return torch.nn.functional.logsigmoid(raw) * (20.0 / math.log(10.0))


def _ms(raw: Tensor) -> Tensor:
    return -2_200.0 / (RATE_HZ * torch.nn.functional.logsigmoid(-raw))


def _lookahead_ms(raw: Tensor) -> Tensor:
    return raw.abs() % LOOKAHEAD_MS


def _decay_s(raw: Tensor) -> Tensor:
    once = -3.0 * SHORTEST / RATE_HZ
    gain = torch.nn.functional.logsigmoid(raw) / math.log(10.0) + once / LONGEST_S
    return once / gain


def _band(place: str, name: str, hz: tuple[float, float], q: tuple[float, float] | None) -> dict[
    str, tuple[str, str, Law]
]:  # fmt: skip
    learnt = f"{place}.params.parametrizations"
    found = {f"{learnt}.freq.original": (f"{name}_hz", "Hz", _between(*hz))}
    if not name.endswith("_pass"):
        found[f"{place}.params.gain"] = (f"{name}_gain_db", "dB", _same)
    if q is not None:
        found[f"{learnt}.Q.original"] = (f"{name}_q", "", _between(*q))
    return found


_PAN = ("", _between(-100.0, 100.0))
_OF = "6.params.parametrizations"
_ECHO, _ROOM = "7.effects.0", "7.effects.1"
KNOWN: dict[str, tuple[str, str, Law]] = {
    **_band("0", "peak1", (33, 5_400), (0.2, 20)),
    **_band("1", "peak2", (200, 17_500), (0.2, 20)),
    **_band("2", "low_shelf", (30, 200), None),
    **_band("3", "high_shelf", (750, 8_300), None),
    **_band("4", "low_pass", (200, 18_000), (0.5, 10)),
    **_band("5", "high_pass", (16, 5_300), (0.5, 10)),
    "6.params.cmp_th": ("compressor_threshold_db", "dB", _same),
    "6.params.exp_th": ("expander_threshold_db", "dB", _same),
    "6.params.make_up": ("makeup_db", "dB", _same),
    f"{_OF}.lookahead.original": ("lookahead_ms", "ms", _lookahead_ms),
    f"{_OF}.at.original": ("attack_ms", "ms", _ms),
    f"{_OF}.rt.original": ("release_ms", "ms", _ms),
    f"{_OF}.avg_coef.original": ("detector_coefficient", "", torch.sigmoid),
    f"{_OF}.cmp_ratio.original": ("compressor_ratio", "", _between(1.0, 20.0)),
    f"{_OF}.exp_ratio.original": ("expander_ratio", "", torch.sigmoid),
    "7.params.parametrizations.sends_0.original": ("echo_to_reverb_db", "dB", _level_db),
    f"{_ECHO}.params.parametrizations.delay.original": ("echo_ms", "ms", _between(100, 1_000)),
    f"{_ECHO}.params.parametrizations.feedback.original": ("echo_feedback", "", torch.sigmoid),
    f"{_ECHO}.params.parametrizations.gain.original": ("echo_db", "dB", _level_db),
    **_band(f"{_ECHO}.eq", "echo_low_pass", (200, 16_000), (0.5, 2)),
    f"{_ECHO}.odd_pan.params.parametrizations.pan.original": ("echo_odd_pan", *_PAN),
    f"{_ECHO}.even_pan.params.parametrizations.pan.original": ("echo_even_pan", *_PAN),
    f"{_ROOM}.params.b": ("reverb_in", "", _same),
    f"{_ROOM}.params.c": ("reverb_out", "", _same),
    f"{_ROOM}.params.parametrizations.gamma.original": ("reverb_decay", "s", _decay_s),
    f"{_ROOM}.params.parametrizations.U.original": ("reverb_matrix", "", _same),
    **_band(f"{_ROOM}.eq.0", "reverb_peak1", (200, 2_500), (0.1, 3)),
    **_band(f"{_ROOM}.eq.1", "reverb_peak2", (600, 7_000), (0.1, 3)),
    **_band(f"{_ROOM}.eq.2", "reverb_low_shelf", (30, 450), None),
    **_band(f"{_ROOM}.eq.3", "reverb_high_shelf", (1_500, 16_000), None),
    "7.pan.params.parametrizations.pan.original": ("pan", *_PAN),
}  # fmt: skip


def understood(
    where: Path, info: Mapping[str, Any], raw: Tensor, mask: np.ndarray | None = None
) -> Found:
    """Tracks, parameters, raw numbers, values and what is left to tell of a folder.

    What no formula here stands for stays as it is, under its own name.

    Args:
        where: info.json, for messages.
        info: what it says.
        raw: all columns.
        mask: which of them say something, if the folder tells.

    Raises:
        InputError: if the keys and shapes of info.json do not make up the columns.
    """
    try:
        keys = [str(each) for each in info["params_keys"]]
        shapes = [tuple(map(int, each)) for each in info["params_original_shapes"]]
        wet = [str(each) for each in info["wet_files"]]
        dry = [str(each) for each in info["dry_files"]]
        counts = [math.prod(shape) for shape in shapes]
        columns = list(zip(keys, shapes, counts, strict=True))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{where}: is none of our presets, nor one of DiffVox' ({type(error).__name__}: "
            f"{error}): generate.py presets RUNS OUT makes one"
        ) from error
    if sum(counts) != raw.shape[1] or len(wet) != raw.shape[0] or len(dry) != len(wet):
        raise InputError(
            f"{where}: names {sum(counts)} numbers of {len(wet)} tracks, and raw_params.npy has "
            f"{raw.shape[1]} of {raw.shape[0]}: they are not of one folder"
        )
    if mask is not None and mask.shape != (raw.shape[1],):
        raise InputError(f"{where.parent / MASK}: must hold {raw.shape[1]} yes or no")
    parameters, values, chosen = [], [], []
    at = 0
    for key, shape, count in columns:
        name, unit, law = KNOWN.get(key, (_plain(key), "", _same))
        for place, index in enumerate(np.ndindex(*shape)):
            column = at + place
            is_redundant = len(shape) == 2 and key.endswith("U.original") and index[1] <= index[0]
            if bool(mask[column]) if mask is not None else not is_redundant:
                chosen.append(column)
                parameters.append(
                    Parameter(
                        _numbered(name, shape, index), unit, math.nan, math.nan, math.nan, RAW,
                        shown=count == 1,
                    )
                )  # fmt: skip
                values.append(law(raw[:, column]))
        at += count
    if not chosen:
        raise InputError(f"{where.parent / MASK}: leaves no setting")
    tracks = tuple(PurePosixPath(each.replace("\\", "/")).stem for each in wet)
    told = {
        "runs": wet,
        "dry_files": dry,
        "wet_files": wet,
        "alignment_shifts": info.get("alignment_shifts", []),
        "problematic_runs": info.get("problematic_runs", {}),
    }
    return tracks, tuple(parameters), raw[:, chosen], torch.stack(values, 1), told


def _plain(key: str) -> str:
    return key.replace(".parametrizations", "").replace(".original", "").replace(".", "_")


def _numbered(name: str, shape: tuple[int, ...], index: tuple[int, ...]) -> str:
    if math.prod(shape) == 1:
        return name
    return "_".join(
        [name, *(str(at + 1) for at, size in zip(index, shape, strict=True) if size > 1)]
    )
