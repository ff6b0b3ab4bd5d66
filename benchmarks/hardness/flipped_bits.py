"""Bits that change on the disk: noticed, or without any effect; never used without a word."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.hardness.material import SMALL, Material
from benchmarks.hardness.trial import Verdict, fresh, run
from vschaos2.audio import read_audio
from vschaos2.data.cache import open_cache

TRIALS = 36


def trials(material: Material, chance: random.Random) -> Iterator[Verdict]:
    """Flip up to a hundred bits of a cache, its index or a checkpoint; then use it."""
    for number in range(TRIALS):
        with fresh(material.place) as place:
            yield (cache, cache, checkpoint)[number % 3](material, place, chance)


def flip(path: Path, count: int, chance: random.Random) -> None:
    """Flip some bits of a file."""
    content = bytearray(path.read_bytes())
    for _ in range(count):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(content))


def cache(material: Material, place: Path, chance: random.Random) -> Verdict:
    """The samples or the index of a cache, before a check or a training; then all is well again."""
    dataset = place / "tones"
    shutil.copytree(material.dataset, dataset)
    run("check_dataset", dataset)
    path = chance.choice(sorted((dataset / ".vschaos2").glob("samples_44100*.[fj]*")))
    count = chance.choice((1, 100))
    flip(path, count, chance)
    trained = [*SMALL, "name=x", f"rundir={place / 'runs'}", f"data.dataset.root={dataset}"]
    by = chance.choice(("check_dataset", "train_model"))
    arguments = (
        [str(dataset)]
        if by == "check_dataset"
        else ["--config-name=dgt_live", *trained, "check=true"]
    )
    outcome = run(by, *arguments)
    name = f"{count} bits of {path.suffix}, {by}"
    # Nothing else in these two files has a meaning: every bit matters.
    unseen = None if "damaged" in outcome.text else "was used without a word"
    samples = open_cache(dataset, 44_100, progress=False)
    for index, file in enumerate(samples.files):
        if not np.array_equal(samples.read(index), read_audio(dataset / file.path, 44_100)):
            return Verdict(name, f"{file.path} is not what was recorded")
    return Verdict(name, outcome.fault((0, 1)) or unseen)


def checkpoint(material: Material, place: Path, chance: random.Random) -> Verdict:
    """The weights of a run, before they are played."""
    folder = place / "runs" / "tones" / "version_0"
    shutil.copytree(material.run, folder)
    path = folder / "checkpoints" / "best.ckpt"
    count = chance.choice((1, 100))
    flip(path, count, chance)
    outcome = run(
        "generate", "trajectories", folder, "--trajectories", "sin", "-b", "1", "-s", "16",
        "--out", place / "out",
    )  # fmt: skip
    name = f"{count} bits of a checkpoint"
    sounds = sorted((place / "out").rglob("*.wav"))
    if outcome.code != 0 or not sounds:
        return Verdict(name, outcome.fault((2,)))
    run(
        "generate", "trajectories", material.run, "--trajectories", "sin", "-b", "1", "-s", "16",
        "--out", place / "whole",
    )  # fmt: skip
    (sound,) = (place / "whole").rglob("*.wav")
    is_same = sound.read_bytes() == sounds[0].read_bytes()
    return Verdict(name, None if is_same else "plays otherwise, without a word")
