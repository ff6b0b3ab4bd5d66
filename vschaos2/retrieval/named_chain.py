"""Exact settings of a chain that was named: a training that begins where `analyse_chain.py` ended.

The chain has its own pedals in its own order: its processors learn from the pair as any effect
does. Only the time of an echo is read off what wet answers to dry, and set before: a training does
not move it far, as no other time near it is any better.
"""

import json
import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from omegaconf import DictConfig

from vschaos2.data.pair_files import Pair
from vschaos2.data.pairs import rate_of, read_pair
from vschaos2.errors import InputError
from vschaos2.families.effect.rendering import rendered
from vschaos2.families.loading import load_run
from vschaos2.families.train import train
from vschaos2.files import write_whole
from vschaos2.retrieval.deconvolution import ECHO_STANDS_OUT, echoes, response
from vschaos2.retrieval.spectra import multi_scale_distance
from vschaos2.retrieval.written import settings_of
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

HEARD_S = 1.2  # of what wet answers to dry
LEAST_DB = -24.0  # of an echo, over the direct sound: what a tone lets ring lies below
START = "chain"  # START.yaml in the folder of an answer


def start_of(start: Path) -> Path:
    """The configuration in the folder that `analyse_chain.py -o` wrote, or that very file.

    Raises:
        InputError: for a folder without a chain.
    """
    file = start if start.suffix == ".yaml" else start / f"{START}.yaml"
    if not file.is_file():
        raise InputError(
            f"--start {printable(start)}: there is no {START}.yaml: give the folder that "
            "analyse_chain.py FILE -o FOLDER wrote of a recording with effects on it"
        )
    return file


def retrieve_named(pair: Pair, start: Path, config: DictConfig, out: Path, seed: int) -> Path:
    """Let a named chain learn its settings from a pair; → the run folder, out/version_N.

    Args:
        pair: a dry and a wet recording.
        start: where the configuration is from.
        config: of an effect that is the named chain.
        out: rundir/name.
        seed: of the training.

    Raises:
        InputError: for a pair that nothing can be learnt from.
    """
    config.data.update(dry=str(pair.dry.resolve()), wet=str(pair.wet.resolve()))
    config.update(name=out.name, rundir=str(out.parent), seed=seed)
    set_echo(pair, config)
    folder = train(config)
    run = load_run(folder)
    rate_hz = run.config.data.dataset.sample_rate_hz
    found = read_pair(pair, rate_hz, has_no_delay=True)
    made = rendered(run.model, found.dry, np.zeros((0, 1), np.float32))
    near, far = (_distance(sound, found.wet) for sound in (made, found.dry))
    settings = settings_of(run.model.net.chain)
    write_whole(folder / "settings.json", json.dumps(settings, indent=1) + "\n")
    meta = {
        "input": str(pair.dry), "target": str(pair.wet), "start": str(start), "distance": near,
        "distance_unprocessed": far, "alignment": found.alignment._asdict(), "seed": seed,
    }  # fmt: skip
    write_whole(folder / "meta.json", json.dumps(meta, indent=1) + "\n")
    return folder


def set_echo(pair: Pair, config: DictConfig) -> float | None:
    """Let a named echo begin at the time that wet answers to dry at; → it, in ms.

    None where no echo was named, where the recordings are too short to hear one, or where none
    stands out that the echo could be set to.
    """
    named = [
        values
        for item in config.model.net.processors
        for values in item.values()
        if values is not None and "echo_ms" in values
    ]
    if len(named) != 1:
        return None
    rate_hz = rate_of([pair], config.data.dataset.sample_rate_hz)
    found = read_pair(pair, rate_hz, has_no_delay=True)
    samples = round(HEARD_S * rate_hz)
    if found.dry.shape[1] < samples:
        return None
    dry, wet = (torch.from_numpy(side.mean(0, dtype=np.float32)) for side in (found.dry, found.wet))
    heard = echoes(response(dry, wet.expand(2, -1), samples), rate_hz)
    if heard.prominence <= ECHO_STANDS_OUT or heard.level_db < LEAST_DB:
        return None
    logger.info("the echo comes after %.1f ms (%.1f were named)", heard.time_ms, named[0].echo_ms)
    named[0].echo_ms = heard.time_ms
    return heard.time_ms


def _distance(sound: npt.NDArray[np.float32], wanted: npt.NDArray[np.float32]) -> float:
    """D of the two in mono, over what both have. Shape: [C, T] and [C', T']."""
    count = min(sound.shape[1], wanted.shape[1])
    ours, due = (
        torch.from_numpy(each[:, :count].mean(0, dtype=np.float32)).expand(2, -1)
        for each in (sound, wanted)
    )
    with torch.no_grad():
        return float(multi_scale_distance(ours, due))
