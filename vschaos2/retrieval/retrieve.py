"""One pair into a run: the chain's settings, what was measured, and what they sound like."""

import json
import logging
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from omegaconf import DictConfig

from vschaos2.data.pair_files import Pair
from vschaos2.data.pairs import rate_of, read_pair
from vschaos2.errors import InputError
from vschaos2.processors.recursion import BLOCK
from vschaos2.progress import Progress
from vschaos2.retrieval.fit import Fit, Step
from vschaos2.retrieval.spectra import multi_scale_distance
from vschaos2.retrieval.written import chain_of, settings_said, write_chain
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

LEAST_S, MOST_S = 6.0, 120.0  # of a pair; of a longer one the loudest stretch is heard
FULL, CLIPPED = 0.9999, 0.001  # a sample at full scale; a share of them that is told


def retrieve(
    pair: Pair, config: DictConfig, out: Path, seed: int = 0, is_shown: bool = True
) -> Path:
    """Fit a chain to a pair, and write it as a run.

    Args:
        pair: a dry and a wet recording.
        config: of an effect whose network is a chain of static processors (`effect_chain`); what
            stands on auto in it is settled by the pair.
        out: rundir/name.
        seed: of the order in which passages are heard.
        is_shown: whether its progress is.

    Returns:
        The run folder, out/version_N.

    Raises:
        InputError: for a pair that cannot be aligned or is shorter than six seconds, or a network
            that is no chain, or no chain that ends in a space.
    """
    begun, clock = datetime.now(UTC), time.monotonic()
    rate_hz = rate_of([pair], config.data.dataset.sample_rate_hz)
    found = read_pair(pair, rate_hz, has_no_delay=True)
    dry = torch.from_numpy(found.dry.mean(0, dtype=np.float32))
    wet = torch.from_numpy(np.repeat(found.wet, 2, 0) if len(found.wet) == 1 else found.wet)
    if len(dry) < LEAST_S * rate_hz:
        raise InputError(
            f"{pair.wet}: has {len(dry) / rate_hz:.1f} s in common with {pair.dry}: "
            f"{LEAST_S:g} or more are needed"
        )
    first, count = _loudest(wet, round(MOST_S * rate_hz))
    dry, wet = dry[first : first + count], wet[:, first : first + count]
    _tell_of_clipping(pair.wet, found.wet)
    model = chain_of(config, pair.wet.parent, rate_hz, out, seed)
    fit = Fit(model.net.chain, dry, wet, rate_hz, seed)
    with Progress("fitting", "step", fit.steps, is_shown) as progress:

        def told(step: Step) -> None:
            progress.say(f"{step.stage} {step.loss:.3f}")
            progress.update()

        fit.run(told)
    with torch.no_grad():
        made = fit.rendering.render(dry)
        distance = float(multi_scale_distance(made, wet))
        unprocessed = float(multi_scale_distance(dry.expand(2, -1), wet))
    meta = {
        "input": str(pair.dry),
        "target": str(pair.wet),
        "alignment": found.alignment._asdict(),
        "heard_from_s": first / rate_hz,
        "heard_s": count / rate_hz,
        "distance": distance,
        "distance_unprocessed": unprocessed,
        "losses": [round(each, 5) for each in fit.losses],
        "ended": f"after all {len(fit.losses)} steps",
        "begun": begun.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - clock, 1),
        "seed": seed,
    }
    facts = {
        "latency_removed_samples": int(found.alignment.shift),
        "distance_over_unprocessed": round(distance / unprocessed, 4),
    }
    sounds = {"dry": dry[None], "wet": wet, "retrieved": made}
    return write_chain(out, config, model, fit.rendering, sounds, meta, facts)


def said(folder: Path) -> str:
    """What was found, for the terminal: a line of how near it is, and one for each setting."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    share = meta["distance"] / meta["distance_unprocessed"]
    near = f"{printable(folder)}: {share:.1%} of the way that the dry sound is from the wet one"
    return "\n".join([near, *settings_said(folder)])


def _loudest(wet: torch.Tensor, most: int) -> tuple[int, int]:
    """Where the loudest stretch of whole sub-blocks begins, and how long it is."""
    count = min(wet.shape[1], most) // BLOCK * BLOCK
    if count == wet.shape[1] // BLOCK * BLOCK:
        return 0, count
    power = torch.cat((torch.zeros(1), wet.double().square().sum(0).cumsum(0)))
    sums = power[count:] - power[:-count]
    return int(sums.argmax()), count


def _tell_of_clipping(path: Path, wet: np.ndarray) -> None:
    """Say so if a wet recording was cut off at full scale: no chain of these does that."""
    share = float((np.abs(wet) >= FULL).mean())
    if share > CLIPPED:
        logger.warning(
            "%s: %.1f %% of its samples are at full scale: it was clipped, which no chain explains",
            printable(path), 100.0 * share,
        )  # fmt: skip
