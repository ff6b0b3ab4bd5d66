"""Full disks: one line says so, nothing half-written is left, and with room all goes on."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks.hardness.material import SMALL, Material
from benchmarks.hardness.trial import Outcome, Verdict, fresh, litter, run

TRIALS = 18


def trials(material: Material, chance: random.Random) -> Iterator[Verdict]:
    """Each program, with files limited to a random size below what it needs; then without."""
    for number in range(TRIALS):
        with fresh(material.place) as place:
            dataset, out = place / "tones", place / "out"
            shutil.copytree(material.dataset, dataset)
            shutil.copytree(material.run, place / "runs" / "tones" / "version_0")
            out.mkdir()
            command = commands(place, dataset, out)[number % 6]
            limit = int(10 ** chance.uniform(2.0, 5.2))
            program, *arguments = command
            limited = run(program, *arguments, file_bytes=limit)
            name = f"{program} {arguments[0]} with {limit} bytes a file"
            left = litter(place)
            if program == "train_model" and not arguments[0].startswith("resume"):
                found = sorted((place / "new").glob("x/version_*/checkpoints/last.ckpt"))
                arguments = [f"resume={found[-1].parent.parent}"] if found else arguments
            free = run(program, *arguments)
            yield Verdict(name, told(limited) or left or free.fault((0,)) or litter(place))


def commands(place: Path, dataset: Path, out: Path) -> list[list[str]]:
    """What writes."""
    old = str(place / "runs" / "tones")
    train = [*SMALL, "trainer.max_epochs=3", f"rundir={place / 'new'}", "name=x"]
    return [
        ["script", old, "-o", str(out)],
        ["check_dataset", str(dataset)],
        ["train_model", "--config-name=dgt_live", *train, f"data.dataset.root={dataset}"],
        ["generate", "trajectories", old, "--trajectories", "sin", "--out", str(out)],
        ["generate", "reconstruct", old, "--files", str(dataset), "--out", str(out)],
        ["train_model", f"resume={old}", "trainer.max_epochs=5", f"data.dataset.root={dataset}"],
    ]


def told(outcome: Outcome) -> str | None:
    """Whether a program that could not write said why; one that had room enough is fine."""
    if fault := outcome.fault((0, 2)):
        return fault
    if outcome.code == 2 and "disk is full" not in outcome.text:
        return f"does not say that the disk is full: {outcome.text.strip()[-160:]}"
    return None
