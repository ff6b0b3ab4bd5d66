"""New material of an instrument: its flow, from noise alone to latents, and their sound."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from omegaconf import OmegaConf
from torch import Tensor

from vschaos2.audio import AudioWriter, check_rate, read_blocks
from vschaos2.errors import InputError
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.hearing import hear_frames
from vschaos2.families.bridge.ways import WARM, Way, ways_of
from vschaos2.families.vae.signal_path import (
    RECOVERIES,
    check_choices,
    exactly,
    offline_core,
    resampled,
    sound_of,
)
from vschaos2.flows.paths import MOST_SIGMA, STRAIGHT
from vschaos2.folders import made_folder
from vschaos2.generation.loud_files import tell_of_peaks
from vschaos2.generation.transfer import (
    BLOCK_SAMPLES,
    HEARD_S,
    in_a_file_name,
    instrument_number,
    likeliest_source,
)
from vschaos2.progress import Progress
from vschaos2.ranges import check_count, check_number
from vschaos2.runs.folder import Run

FOLDER = "dreams"
MOST_SECONDS, MOST_EXAMPLES = 3600.0, 10_000


class DreamOptions(NamedTuple):
    """What is dreamt.

    Attributes:
        seconds: of each piece.
        instrument: its name; None where a sound tells.
        like: a sound of the instrument that is wanted; None where a name tells.
        examples: pieces.
        steps: from noise to latents.
        seed: another one, other pieces.
        inversion: where phases come from; the run's if None.
        rate_hz: of the files; the model's if None.
    """

    seconds: float = 30.0
    instrument: str | None = None
    like: Path | None = None
    examples: int = 1
    steps: int = 16
    seed: int = 0
    inversion: str | None = None
    rate_hz: int | None = None


def dream(run: Run, folder: Path, options: DreamOptions) -> list[Path]:
    """Write folder/dreams/INSTRUMENT_N.wav; → the files.

    Raises:
        InputError: for a bridge without a flow, or an option that cannot be.
    """
    model: BridgeModel = run.model
    if WARM not in ways_of(model):
        raise InputError(f"{run.folder}: learnt no flow, which dreams: train with model.flow")
    check_number("--seconds", options.seconds, 0.1, MOST_SECONDS)
    check_count("--examples", options.examples, 1, MOST_EXAMPLES)
    check_count("--seed", options.seed, 0, 2**31)
    inversion = options.inversion or str(OmegaConf.select(run.config, "inversion"))
    check_choices(inversion, RECOVERIES, options.rate_hz)
    transform = model.vae.transform
    rate_hz = options.rate_hz or transform.sample_rate_hz
    check_rate(rate_hz, "--sr")
    number = _instrument(model, options)
    core = offline_core(model.vae, inversion)
    length = round(options.seconds * transform.sample_rate_hz)
    frames = -(-length // transform.hop) + transform.n_fft // transform.hop
    name = in_a_file_name(model.instruments[number])
    peaks: dict[Path, float] = {}
    made_folder(folder / FOLDER)
    with Progress("dreaming", "piece", options.examples) as progress:
        for piece in range(options.examples):
            latents = dreamt(model, number, frames, options.steps, options.seed + piece)
            labels = np.zeros((frames, 0), np.float32)
            sound = sound_of(core, latents.numpy(), labels, transform.n_fft, length)
            path = folder / FOLDER / f"{name}_{piece}.wav"
            wanted, peak = round(length * rate_hz / transform.sample_rate_hz), 0.0
            with AudioWriter(path, rate_hz) as writer:
                blocks = resampled(sound, transform.sample_rate_hz, rate_hz)
                for block in exactly(blocks, wanted):
                    writer.write(block)
                    peak = max(peak, float(np.abs(block).max()))
            peaks[path] = peak
            progress.update()
    tell_of_peaks(peaks)
    return list(peaks)


def dreamt(model: BridgeModel, instrument: int, frames: int, steps: int, seed: int) -> Tensor:
    """Latents that nobody played: noise, down the flow of an instrument, [F, Z]."""
    level = 1.0 if model.path == STRAIGHT else MOST_SIGMA
    way = Way(model, WARM, level, steps, seed=seed, guidance=0.0)
    nothing = model.latents_of(torch.zeros(1, frames, model.latent_dim))
    return way.whole(nothing, instrument, instrument)[0]


def _instrument(model: BridgeModel, options: DreamOptions) -> int:
    if (options.instrument is None) == (options.like is None):
        raise InputError(
            "say which instrument dreams, by --as NAME or by --like FILE, and not both"
        )
    if options.instrument is not None:
        return instrument_number(model, "--as", options.instrument)
    assert options.like is not None
    rate_hz, held = model.vae.transform.sample_rate_hz, []
    for block in read_blocks(options.like, rate_hz, BLOCK_SAMPLES):
        held.append(block)
        if sum(map(len, held)) >= HEARD_S * rate_hz:
            break
    latents, _ = hear_frames(torch.from_numpy(np.concatenate(held)), model.vae)
    return likeliest_source(model, latents)
