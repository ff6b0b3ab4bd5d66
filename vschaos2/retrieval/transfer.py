"""A dry recording, a reference and a collection's prior into a run: see `likeness`."""

import json
import logging
import math
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from omegaconf import DictConfig
from torch import Tensor

from vschaos2.data.pair_files import Pair
from vschaos2.data.pairs import rate_of, read_sides
from vschaos2.errors import InputError
from vschaos2.processors.recursion import BLOCK
from vschaos2.progress import Progress
from vschaos2.retrieval.likeness import STEPS, Likeness
from vschaos2.retrieval.prior import read_prior
from vschaos2.retrieval.rendering import Rendering
from vschaos2.retrieval.retrieve import LEAST_S, MOST_S
from vschaos2.retrieval.written import chain_of, settings_said, write_chain
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

SILENT = 1e-10  # mean power
LITTLE = 0.95  # of the dry sound's distance; what is left of it when nothing much was found


def transfer(
    dry_path: Path, reference_path: Path, prior_path: Path, weight: float, config: DictConfig,
    out: Path,
) -> Path:  # fmt: skip
    """Settings that give a dry recording the sound of a reference, as a run.

    Args:
        dry_path: a recording, mono or stereo.
        reference_path: another one; its rate is brought to that of the dry one.
        prior_path: prior.npz, or its folder.
        weight: of what is usual in the collection, beside likeness.
        config: of a chain (`effect_chain`), whose settings the prior knows.
        out: rundir/name.

    Raises:
        InputError: for recordings that are no sound, silent, or shorter than six seconds, or a
            prior that does not know a setting of the chain.
    """
    begun, clock = datetime.now(UTC), time.monotonic()
    for word, path in (("the dry recording", dry_path), ("--like", reference_path)):
        if not path.is_file():
            raise InputError(f"{word}: {path} is no file: give a sound file")
    rate_hz = rate_of([Pair(dry_path.name, dry_path, dry_path)], config.data.dataset.sample_rate_hz)
    dry = _read(dry_path, rate_hz).mean(0)
    dry = dry[: len(dry) // BLOCK * BLOCK]
    reference = _read(reference_path, rate_hz)
    model = chain_of(config, dry_path.parent, rate_hz, out, 0)
    chain = model.net.chain
    rendering = Rendering(chain, rate_hz)
    prior = read_prior(prior_path).of(chain.physical, str(prior_path))
    search = Likeness(rendering, dry, reference.expand(2, -1), prior, weight)
    with Progress("searching", "step", STEPS) as progress:

        def told(cost: float) -> None:
            progress.say(f"{cost:.3f}")
            progress.update()

        search.run(told)
    with torch.no_grad():
        made = rendering.render(dry)
    distance, unprocessed = search.unlike(made), search.unlike(dry.expand(2, -1))
    meta = {
        "input": str(dry_path),
        "like": str(reference_path),
        "prior": str(prior_path),
        "prior_weight": weight,
        "distance": distance,
        "distance_unprocessed": unprocessed,
        "surprise": float(prior.surprise(search.found)),
        "losses": [round(each, 5) for each in search.costs],
        "ended": f"after all {len(search.costs)} steps",
        "begun": begun.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - clock, 1),
    }
    if distance >= LITTLE * unprocessed:
        logger.warning(
            "%s: hardly nearer to the reference than the dry sound is: chains of this collection "
            "do not lead there, or --prior-weight %g holds them back",
            printable(out), weight,
        )  # fmt: skip
    sounds = {"dry": dry[None], "like": reference, "made": made}
    return write_chain(out, config, model, rendering, sounds, meta, {})


def transfer_said(folder: Path) -> str:
    """What was found, for the terminal: how like it is, and a line for each setting."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    likeness = (
        f"{printable(folder)}: as unlike the reference as {math.sqrt(meta['distance']):.2f}, the "
        f"dry sound {math.sqrt(meta['distance_unprocessed']):.2f}; "
        f"as unusual in the collection as {meta['surprise']:.2f} (1: as any)"
    )
    return "\n".join([likeness, *settings_said(folder)])


def _read(path: Path, rate_hz: int) -> Tensor:
    """A recording at a rate, its loudest two minutes. Shape: [C, T]."""
    sound = torch.from_numpy(np.ascontiguousarray(read_sides(path, rate_hz)))
    if sound.shape[1] < LEAST_S * rate_hz:
        raise InputError(
            f"{path}: has {sound.shape[1] / rate_hz:.1f} s: {LEAST_S:g} or more are needed"
        )
    power = sound.double().square().mean(0)
    if float(power.mean()) < SILENT:
        raise InputError(f"{path}: is silent: give a recording that can be heard")
    count = min(len(power), round(MOST_S * rate_hz))
    summed = torch.nn.functional.pad(power.cumsum(0), (1, 0))
    first = int((summed[count:] - summed[:-count]).argmax())
    return sound[:, first : first + count]
