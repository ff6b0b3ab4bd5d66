"""Many retrieved runs into a folder of presets; each that is left out is named with its reason.

Of the tries of a track the one that came nearest stands for it, as which one was last says nothing;
or the last one, for those who tried again because the first were no good.
Only chains of one kind go together: of several kinds the most frequent one is taken.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from omegaconf import OmegaConf

from vschaos2.errors import InputError
from vschaos2.families.effect.grey import ChainNet
from vschaos2.families.loading import load_run
from vschaos2.folders import no_folder
from vschaos2.processors.controllers import Nothing
from vschaos2.processors.parameter import Parameter, Ranges
from vschaos2.retrieval.preset_folder import Presets
from vschaos2.retrieval.tries import META, Limits, Try, read_try, unfit
from vschaos2.runs.folder import CONFIG

logger = logging.getLogger(__name__)


def collect(root: Path, limits: Limits, is_latest: bool = False) -> Presets:
    """The presets of a folder of retrieved runs.

    Args:
        root: the folder.
        limits: of runs that are good enough.
        is_latest: whether the latest of a track's tries stands for it, not the nearest.

    Raises:
        InputError: if the folder is none, or no run in it can be taken: with the first reason.
    """
    if not root.is_dir():
        raise InputError(f"{root}: {no_folder(root)}: give the folder of your retrieved runs")
    below = (path.parent for path in root.rglob(CONFIG))
    folders = sorted(each for each in below if not _is_hidden(each.relative_to(root)))
    if not folders:
        raise InputError(f"{root}: holds no run: retrieve.py PAIRS --out {root} makes some")
    left_out: dict[str, str] = {}
    tries = []
    for folder in folders:
        name = folder.relative_to(root).as_posix()
        try:
            found = read_try(root, folder)
            reason = unfit(found, limits)
        except InputError as error:
            reason = _short(str(error), folder)
        if reason:
            left_out[name] = reason
        else:
            tries.append(found)
    chains = {}
    for each in list(tries):
        try:
            chains[each.name] = chain_of(each.folder)
        except InputError as error:
            left_out[each.name] = _short(str(error), each.folder)
    tries = _of_one_kind([each for each in tries if each.name in chains], chains, left_out)
    tries = _one_each(tries, left_out, is_latest)
    for name, reason in sorted(left_out.items()):
        logger.info("left out: %s: %s", name, reason)
    if not tries:
        name, reason = next(iter(sorted(left_out.items())))
        raise InputError(f"{root}: none of {len(folders)} runs can be taken; of {name}: {reason}")
    return _gathered(tries, chains, left_out, limits)


class ChainOf(NamedTuple):
    """The chain of a run.

    Attributes:
        names: of its processors.
        parameters: P of them.
        values: in units, [P], float64.
        rate_hz: of its sound.
        model: its part of the configuration.
    """

    names: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    values: torch.Tensor
    rate_hz: int
    model: dict[str, Any]

    @property
    def kind(self) -> tuple[Any, ...]:
        """What two chains must have in common."""
        ranges = tuple(
            (p.name, p.scale, round(p.least, 6), round(p.most, 6)) for p in self.parameters
        )
        return self.names, ranges, self.model["channels_in"], self.model["channels_out"]


def chain_of(folder: Path) -> ChainOf:
    """The chain of a run, with the settings that were found.

    Raises:
        InputError: if the run cannot be loaded, or is no chain of numbers.
    """
    run = load_run(folder)
    net = getattr(run.model, "net", None)
    if not isinstance(net, ChainNet):
        raise InputError(f"{folder}: is no chain of processors")
    if not all(isinstance(each.adds, Nothing) for each in net.chain.controllers):
        raise InputError(f"{folder}: its settings follow knobs or sound: they are no numbers")
    values = torch.tensor(list(net.chain.preset().values()), dtype=torch.float64)
    model = OmegaConf.to_container(run.config.model, resolve=False)
    assert isinstance(model, dict)
    return ChainOf(
        tuple(net.chain.names), net.chain.physical, values, run.model.rate_hz,
        {str(key): value for key, value in model.items()},
    )  # fmt: skip


def _of_one_kind(
    tries: Sequence[Try], chains: Mapping[str, ChainOf], left_out: dict[str, str]
) -> list[Try]:
    """Those whose chain most have; of as many, that of the first one."""
    kinds = [chains[each.name].kind for each in tries]
    if not kinds:
        return []
    chosen = max(kinds, key=kinds.count)
    wanted = ", ".join(chosen[0])
    for each, kind in zip(tries, kinds, strict=True):
        if kind != chosen:
            own = ", ".join(kind[0])
            left_out[each.name] = (
                f"its chain is another: {own}, where most are {wanted}"
                if own != wanted
                else "its chain has other settings or ranges than most"
            )
    return [each for each, kind in zip(tries, kinds, strict=True) if kind == chosen]


def _one_each(tries: Sequence[Try], left_out: dict[str, str], is_latest: bool) -> list[Try]:
    """Of the tries of each track the one that came nearest, or the latest, by names of tracks."""
    chosen: dict[str, Try] = {}
    for each in tries:
        known = chosen.get(each.track)
        if known is None:
            is_chosen = True
        elif is_latest:
            is_chosen = each.begun >= known.begun
        else:
            is_chosen = each.badness < known.badness
        if is_chosen:
            chosen[each.track] = each
    why = "is later" if is_latest else "came nearer"
    for each in tries:
        if chosen[each.track] is not each:
            left_out[each.name] = f"{chosen[each.track].name} {why}"
    return [chosen[track] for track in sorted(chosen)]


def _gathered(
    tries: Sequence[Try], chains: Mapping[str, ChainOf], left_out: Mapping[str, str], limits: Limits
) -> Presets:
    own = [chains[each.name] for each in tries]
    parameters = own[0].parameters
    ranges = Ranges(parameters)
    raw = ranges.raw(torch.stack([each.values for each in own])[..., None])[..., 0]
    rates = [each.rate_hz for each in own]
    info = {
        "runs": [each.name for each in tries],
        "dry_files": [str(each.meta.get("input", "")) for each in tries],
        "wet_files": [str(each.meta.get("target", "")) for each in tries],
        "alignment_shifts": [_shift(each.meta) for each in tries],
        "least_losses": [round(each.least, 5) for each in tries],
        "fluctuations": [round(each.fluctuation, 5) for each in tries],
        "distances_left": [None if math.isnan(t.left) else round(t.left, 5) for t in tries],
        "begun": [each.begun.isoformat(timespec="seconds") for each in tries],
        "sample_rate_hz": max(rates, key=rates.count),
        "model": own[0].model,
        "limits": {
            "loss": _finite(limits.loss),
            "fluctuation": _finite(limits.fluctuation),
            "left": _finite(limits.left),
            "start": limits.start.isoformat() if limits.start else None,
            "end": limits.end.isoformat() if limits.end else None,
        },
        "left_out": [{"run": name, "reason": why} for name, why in sorted(left_out.items())],
    }
    values = ranges(raw[..., None])[..., 0]
    return Presets(tuple(each.track for each in tries), parameters, raw, values, info)


def _is_hidden(path: Path) -> bool:
    """Whether it is a run in the making, or in somebody's drawer."""
    return any(part.startswith(".") for part in path.parts)


def _shift(meta: Mapping[str, Any]) -> Any:
    alignment = meta.get("alignment")
    return alignment.get("shift", 0) if isinstance(alignment, dict) else 0


def _finite(limit: float) -> float | None:
    return limit if math.isfinite(limit) else None


def _short(text: str, folder: Path) -> str:
    """A reason without the folder that it is told of."""
    for prefix in (f"{folder / META}: ", f"{folder}: "):
        text = text.removeprefix(prefix)
    return text
