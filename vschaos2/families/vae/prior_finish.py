"""After a training: a prior learns how the latents of its recordings move.

    recordings ──the run's model──> latents ──fit_prior──> RUN/prior.ckpt

The run is whole without it: whatever happens here, its weights are safe.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vschaos2.data.module import WindowDataModule
from vschaos2.data.stretches import Stretch
from vschaos2.errors import InputError
from vschaos2.families.vae.material import material
from vschaos2.families.vae.prior_file import PRIOR, read_prior, write_prior
from vschaos2.families.vae.prior_minutes import prior_minutes
from vschaos2.families.vae.prior_steps import step_frames
from vschaos2.families.vae.prior_training import fit_prior
from vschaos2.families.vae.signal_path import hear, offline_core
from vschaos2.families.vae.vae import VAE
from vschaos2.runs.folder import Run

logger = logging.getLogger(__name__)

SHARE = 0.25  # of the time that the training itself took, at most
LINE_EVERY_S = 15.0
LEAST_S = 5.0  # in less nothing is learnt
LONGEST_S = 900.0  # of recordings that are listened to; of held-out ones a quarter of it
LONGEST_PIECE_S = 30.0  # of one recording, where all are longer than that together


def finish(run: Run) -> None:
    """Give a run that was just trained its prior, as its configuration wishes."""
    minutes = prior_minutes(run.config)
    if minutes is None or read_prior(run.folder, run.model) is not None:
        return
    seconds = min(60.0 * minutes, SHARE * run.summary.get("seconds", 0.0))
    if seconds >= LEAST_S:
        add_prior(run, seconds)


def _now_and_then() -> Callable[[str], None]:
    """Says how far it is, every few seconds."""
    told_at = time.monotonic()

    def say(text: str) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= LINE_EVERY_S:
            told_at = time.monotonic()
            logger.info("prior: %s", text)

    return say


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread: on products this small, more would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def learn_prior(run: Run, seconds: float) -> Path:
    """Train a prior for a run; → where it is.

    Raises:
        InputError: as `add_prior`, or if there was too little to learn from.
    """
    if not add_prior(run, seconds):
        raise InputError(f"{run.folder}: has learnt no prior: give longer recordings, or minutes=2")
    return run.folder / PRIOR


def add_prior(run: Run, seconds: float) -> bool:
    """Train a prior for a run, and store it; whether there was enough to learn from.

    Ctrl-C ends it early: what has been learnt by then is kept.

    Args:
        run: whose recordings are where it was trained.
        seconds: at most, after the recordings were listened to.

    Raises:
        InputError: if the recordings are gone, or the file cannot be written.
    """
    logger.info(
        "learning how its latents move, %s at most (Ctrl-C ends it, the run is safe)",
        f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s",
    )
    try:
        data = material(run.config, run.model)
        training, held_out = recorded_latents(run.model, data)
    except KeyboardInterrupt:
        logger.warning("interrupted: the run has no prior")
        return False
    if sum(len(each) for each in training) < 2 or not held_out:
        logger.warning("its recordings are too short for a prior: it has none")
        return False
    transform = run.model.transform
    every = step_frames(training, transform.sample_rate_hz / transform.hop)
    with one_thread():
        prior = fit_prior(
            *(training, held_out, seconds, run.config.get("seed", 0), _now_and_then()), every=every
        )
    if prior is None:
        logger.warning("too little time, or numbers that are not finite: the run has no prior")
        return False
    write_prior(run.folder, prior, run.model)
    return True


def recorded_latents(model: VAE, data: WindowDataModule) -> tuple[list[Tensor], list[Tensor]]:
    """Latents of the files that train and of those held out, as the model hears them: [F, Z]."""
    trained = _latents(model, data, data.training_files, data.training_stretches, LONGEST_S)
    return trained, _latents(
        model, data, data.validation_files, data.validation_stretches, LONGEST_S / 4
    )


def _latents(
    model: VAE,
    data: WindowDataModule,
    files: Sequence[int],
    stretches: Sequence[Stretch] | None,
    longest_s: float,
) -> list[Tensor]:
    core = offline_core(model, "eco")
    rate_hz, transform = data.sample_rate_hz, model.transform
    inside = transform.n_fft // transform.hop - 1  # frames that a cut through a sound lies in
    lengths = [data.cache.files[index].length for index in files]
    is_long = sum(lengths) > longest_s * rate_hz
    generator = np.random.default_rng(data.seed)
    left = round(longest_s * rate_hz)
    tasks = list(model.conditioning.tasks)
    found = []
    for place in generator.permutation(len(files)).tolist():
        if left <= 0:
            break
        index = files[place]
        first, end = stretches[place] if stretches else (0, lengths[place])
        piece = min(end - first, left, round(LONGEST_PIECE_S * rate_hz) if is_long else end)
        first += int(generator.integers(end - first - piece + 1))
        end = first + piece

        def labels_of(
            seconds: npt.NDArray[np.float64], index: int = index, first: int = first
        ) -> npt.NDArray[np.float32]:
            labels = np.full((len(tasks), len(seconds)), np.nan, dtype=np.float32)
            if data.metadata is not None and tasks:
                moments = np.clip(seconds, 0.0, None) + first / rate_hz
                values = data.metadata.at(np.full(len(seconds), index), moments)
                for row, task in enumerate(tasks):
                    labels[row] = values[task]
            return labels

        sound = data.cache.read(index)[first:end]
        latents = torch.from_numpy(hear(core, sound, labels_of).latents.copy())
        cut_before = inside if first > 0 else 0
        cut_after = inside if end < data.cache.files[index].length else 0
        latents = latents[cut_before : len(latents) - cut_after]
        if len(latents) >= 2:
            found.append(latents)
        left -= piece
    return found
