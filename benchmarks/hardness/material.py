"""What the trials are made from: a dataset of eight tones, a small run, its instrument."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from benchmarks.hardness.trial import Precious, run

SMALL = (
    "trainer.accelerator=cpu",
    "data.loader.batch_size=16",
    "data.loader.batches_per_epoch=7",
    "data.loader.validation_windows=32",
    "trainer.log_every_n_steps=3",
    "model.encoder.hidden_dim=16",
    "model.decoder.hidden_dim=16",
    "model.latent_dim=4",
    "callbacks.save_every_s=0",
)


class Material(NamedTuple):
    """Folders that trials copy from.

    Attributes:
        place: scratch, for the trials.
        dataset: recordings with labels, no cache.
        run: rundir/name/version_0 of a finished training.
        instrument: NAME.ts made of it, its card beside it.
        precious: what nobody may touch.
    """

    place: Path
    dataset: Path
    run: Path
    instrument: Path
    precious: Precious


def prepare(place: Path) -> Material:
    """Make all of it in an empty folder.

    Raises:
        RuntimeError: if a training or export of our own fails.
    """
    os.environ["HARDNESS_LOG"] = str(place / "log.txt")
    dataset = place / "tones"
    write_dataset(dataset)
    trained = place / "runs" / "tones" / "version_0"
    copy = place / "trained_on"
    shutil.copytree(dataset, copy)
    train = ("--config-name=dgt_live", *SMALL, "name=tones", "trainer.max_epochs=3")
    for program, *arguments in (
        ("train_model", *train, f"rundir={place / 'runs'}", f"data.dataset.root={copy}"),
        ("script", trained, "-o", place / "instruments", "-n", "tones"),
    ):
        outcome = run(str(program), *arguments)
        if outcome.code != 0:
            raise RuntimeError(f"{program} fails on sound material: {outcome.text[-2000:]}")
    instrument = place / "instruments" / "tones.ts"
    return Material(place / "trials", dataset, trained, instrument, Precious(place / "precious"))


def write_dataset(folder: Path) -> None:
    """Eight tones of a third of a second, each of a pitch of its own, and their pitches."""
    metadata = folder / "metadata" / "pitch"
    metadata.mkdir(parents=True)
    (folder / "data").mkdir()
    t = np.arange(16_384) / 44_100
    for i in range(8):
        tone = 0.1 * np.sin(2 * np.pi * (200 + 40 * i) * t + i)
        soundfile.write(folder / "data" / f"{i}.wav", tone, 44_100, subtype="FLOAT")
    lines = [f"data/{i}.wav\t{i % 4}\n" for i in range(8)]
    (metadata / "metadata.txt").write_text("".join(lines))
    (metadata / "classes.txt").write_text(
        "".join(f"{i}\t{name}\n" for i, name in enumerate("CDEF"))
    )
