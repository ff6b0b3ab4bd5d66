"""What a host plays of a collection of chains."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from vschaos2.controls import Control
from vschaos2.dsp.resampling import bridged_rates
from vschaos2.errors import InputError
from vschaos2.export.card import BLOCKS
from vschaos2.export.for_engine import EngineProgram
from vschaos2.export.playable import Playable, check_wishes
from vschaos2.export.write import check_name, export_playable
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.knobs import Knob
from vschaos2.families.effect.playable import PlayableEffect
from vschaos2.processors.parameter import Parameter
from vschaos2.ranges import check_count
from vschaos2.retrieval.collection_net import REACH, CollectionNet
from vschaos2.retrieval.effect_map import EffectMap, map_effects
from vschaos2.retrieval.engine_collection import engine_collection
from vschaos2.retrieval.preset_folder import INFO, read_presets
from vschaos2.retrieval.streaming_collection import StreamingCollection
from vschaos2.terminal import printable

MOST_AXES, EXPLAINED = 8, 0.95  # of sliders, if nothing is said
MEAN = "mean"
NOTED = 2  # settings that are named beside a slider
MOST_CHOICES = 1_000


class PlayableCollection(PlayableEffect):
    """`forward` and `modulate` of a collection.

    Args:
        found: how its presets lie.
        axes: how many of them are sliders.
        where: the collection, for messages.
        rate_hz: of the host at first; that of the chains if None.

    Raises:
        InputError: for a collection that is none of ours.
    """

    def __init__(
        self, found: EffectMap, axes: int, where: Path, rate_hz: int | None = None
    ) -> None:
        net, own_hz = _net(found, axes, where / INFO)
        knobs = [Knob(f"axis{axis + 1}", -REACH, REACH, 0.0) for axis in range(axes)]
        model = EffectModel(net, knobs, own_hz).eval().requires_grad_(False)
        notes = [note(found, axis) for axis in range(axes)]
        shown = [
            Control(knob.name, "number", 0.0, -REACH, REACH, group="axes", note=said)
            for knob, said in zip(knobs, notes, strict=True)
        ]
        names = [MEAN, *words(found.presets.tracks)]
        eager = StreamingCollection(model, shown, names, rate_hz)
        Playable.__init__(self, eager, eager.sample_rate_hz, net.block)
        self.model = model
        self.facts = {
            "collection": {
                "presets": len(found.presets.tracks),
                "settings": len(found.presets.names),
                "axes": [
                    {"explained": round(float(found.explained[axis]), 4), "moves": said}
                    for axis, said in enumerate(notes)
                ],
            }
        }
        self.model_rates_hz = eager.host_rates_hz

    def for_engine(self) -> EngineProgram | str:
        """See `PlayableEffect`."""
        return engine_collection(self.eager)  # type: ignore[arg-type]

    @staticmethod
    def table(card: Mapping[str, Any]) -> list[str]:
        """What is known of an effect, and a line for each axis."""
        told = card["effect"]["collection"]
        lines = [f"  {told['presets']} presets of {told['settings']} settings"]
        for axis, each in enumerate(told["axes"], 1):
            lines.append(f"  axis{axis}: {each['explained']:.0%} of what differs: {each['moves']}")
        return lines + PlayableEffect.table(card)


def playable_collection(folder: Path, wishes: Mapping[str, Any]) -> PlayableCollection:
    """The presets of a folder as an instrument.

    Args:
        folder: that `generate.py presets` wrote.
        wishes: may have
            rate: the host's sample rate at first, in Hz (that of the chains);
            latent_dims: sliders: a count, or a part of the variance (.95, 8 at most).

    Raises:
        InputError: for a wish that cannot be, or a collection that is none of ours.
    """
    check_wishes(wishes, ("rate", "latent_dims"), "effect, in a collection,")
    presets = read_presets(folder)
    if not presets.is_ours:
        raise InputError(
            f"{folder}: its settings are of a chain that only DiffVox has: generate.py effect-map "
            "reads them, but they cannot be played here"
        )
    found = map_effects(presets)
    axes = _count(found, wishes.get("latent_dims"))
    rate_hz = wishes.get("rate")
    check_count(
        f"{folder / INFO}: sample_rate_hz", presets.info.get("sample_rate_hz"), 8_000, 384_000
    )
    own = int(presets.info["sample_rate_hz"])
    possible = sorted([own, *bridged_rates(own)])
    if rate_hz is not None and rate_hz not in possible:
        raise InputError(
            f"--rate {rate_hz}: chains of {own} Hz play at {', '.join(map(str, possible))} Hz: "
            "give one of these"
        )
    return PlayableCollection(found, axes, folder, rate_hz)


def export_collection(
    folder: Path, out: Path, name: str | None, wishes: Mapping[str, Any], blocks: int = BLOCKS
) -> Path:
    """A folder of presets into NAME.ts, its card and its patches; → NAME.ts.

    Args:
        folder: of presets.
        out: folder to write to, made if missing.
        name: of the files; the folder's if None.
        wishes: as `playable_collection` takes them.
        blocks: calls to time for each method and block size.

    Raises:
        InputError: for a name, a wish or a place that cannot be, or a collection that is none.
        ExportError, UnknownOperatorError: if the file fails a check; nothing is written then.
    """
    name = folder.resolve().name if name is None else name
    check_name(name)
    facts = {"training": {}, "run": printable(folder.resolve().name)}
    return export_playable(playable_collection(folder, wishes), facts, out, name, blocks)


def _count(found: EffectMap, wanted: float | None) -> int:
    """How many axes are sliders."""
    there = len(found.explained)
    if wanted is not None and wanted >= 1.0:
        check_count("--latent-dims", int(wanted) if wanted == int(wanted) else wanted, 1, there)
        return int(wanted)
    part = EXPLAINED if wanted is None else wanted
    if not 0.0 < part < 1.0:
        raise InputError(
            f"--latent-dims {wanted:g} must be a count of axes, 1 to {there}, or a part of the "
            "variance between 0 and 1"
        )
    enough = 1 + int((found.explained.cumsum(0) < part).sum())
    return min(enough, there, MOST_AXES if wanted is None else there)


def _net(found: EffectMap, axes: int, where: Path) -> tuple[CollectionNet, int]:
    """The chain of a collection, before it is an instrument, and its rate."""
    presets = found.presets
    model, rate_hz = presets.info["model"], presets.info["sample_rate_hz"]
    try:
        processors, channels = model["net"]["processors"], model["channels_in"]
    except (KeyError, TypeError) as error:
        raise InputError(f"{where}: model: tells of no chain: collect them anew") from error
    check_count(f"{where}: model.channels_in", channels, 1, 2)
    directions = (found.directions * found.deviations[:, None])[:axes]
    rows = torch.cat((found.prior.mean[None], presets.raw))
    check_count(f"{where}: presets", len(rows), 1, MOST_CHOICES)
    key = f"{where}: model.net.processors"
    net = CollectionNet(processors, rows, directions, channels, rate_hz, key)
    for own, told in zip(net.chain.physical, presets.parameters, strict=True):
        if _range(own) != _range(told):
            raise InputError(
                f"{where}: {told.name} runs from {told.least:g} to {told.most:g}, in the chain "
                f"{own.name} from {own.least:g} to {own.most:g}: collect them anew"
            )
    return net, rate_hz


def _range(of: Parameter) -> tuple[str, str, float, float]:
    return of.name, of.scale, round(of.least, 6), round(of.most, 6)


def note(found: EffectMap, axis: int) -> str:
    """What an axis moves most, in a few words."""
    moved = [
        f"{name} {'up' if by > 0.0 else 'down'}" for name, by in found.moves(axis, NOTED) if by
    ]
    return ", ".join(moved)


def words(tracks: Sequence[str]) -> list[str]:
    """Names of tracks as words that every host takes as such, each of them once."""
    found: list[str] = []
    for track in tracks:
        word = re.sub(r"[^\w.-]+", "_", track).strip("_.-")[:48] or "track"
        if not re.match(r"[^\W\d]", word):
            word = f"track_{word}"
        plain, number = word, 2
        while word in (MEAN, *found):
            word, number = f"{plain}_{number}", number + 1
        found.append(word)
    return found
