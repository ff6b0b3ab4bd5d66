"""Signals at random moments: what was trained and written before them must still be there."""

import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.hardness.material import SMALL, Material
from benchmarks.hardness.trial import Verdict, fresh, litter, run
from vschaos2.errors import InputError
from vschaos2.runs.checkpoints import read_checkpoint

TRAININGS, EXPORTS, FILES, BUILDS = 10, 3, 6, 6
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
CODES = {signal.SIGKILL: (-9,), signal.SIGTERM: (143,), signal.SIGHUP: (129,)}


def trials(material: Material, chance: random.Random) -> Iterator[Verdict]:
    """Trainings, exports, rendered files and cache builds, each stopped once and done again."""
    for _ in range(TRAININGS):
        with fresh(material.place) as place:
            yield training(material, place, chance)
    for _ in range(EXPORTS):
        with fresh(material.place) as place:
            out = place / "out"
            shutil.copytree(material.instrument.parent, out)
            command = ("script", material.run, "-o", out, "-n", "tones")
            yield again("export", command, out, chance.uniform(0.0, 4.0), chance)
    for _ in range(FILES):
        with fresh(material.place) as place:
            (place / "out").mkdir()
            files = ("--files", material.dataset, "--out", place / "out")
            command = ("generate", "reconstruct", material.run, *files)
            yield again("reconstruct", command, place / "out", chance.uniform(0.0, 0.8), chance)
    for _ in range(BUILDS):
        with fresh(material.place) as place:
            shutil.copytree(material.dataset, place / "tones")
            command = ("check_dataset", place / "tones")
            yield again("cache", command, place / "tones", chance.uniform(0.0, 0.3), chance)


def after(seconds: float) -> Callable[[], bool]:
    """Says when so much time is over."""
    due = time.monotonic() + seconds
    return lambda: time.monotonic() >= due


def again(
    what: str, command: tuple[str | Path, ...], place: Path, seconds: float, chance: random.Random
) -> Verdict:
    """Stop a program, and run it again to its end: as if nothing had happened."""
    number = chance.choice(SIGNALS)
    program, *arguments = command
    first = run(str(program), *arguments, kill=(number, after(seconds)))
    second = run(str(program), *arguments)
    name = f"{what} stopped by {number.name} after {seconds:.2f} s"
    unexpected = first.fault((0, *CODES.get(number, (130,))))
    left = litter(place)
    return Verdict(name, unexpected or second.fault((0,)) or left)


def training(material: Material, place: Path, chance: random.Random) -> Verdict:
    """Stop a training after some checkpoints; it goes on from there, and reaches its end."""
    dataset, folder = place / "tones", place / "runs" / "x" / "version_0"
    shutil.copytree(material.dataset, dataset)
    last = folder / "checkpoints" / "last.ckpt"
    number, written = chance.choice(SIGNALS), chance.randrange(1, 12)
    name = f"training stopped by {number.name} at checkpoint {written}"
    seen: set[int] = set()

    def is_time() -> bool:
        if last.is_file():
            seen.add(last.stat().st_mtime_ns)
        return len(seen) >= written

    limits = (*SMALL, "trainer.max_epochs=6", "callbacks.monitor=null")
    first = run(
        "train_model", "--config-name=dgt_live", *limits, "name=x", f"rundir={place / 'runs'}",
        f"data.dataset.root={dataset}", kill=(number, is_time),
    )  # fmt: skip
    fault = first.fault((0, *CODES.get(number, (0, 130))))
    if fault:
        return Verdict(name, fault)
    try:
        step = int(read_checkpoint(last)["position"]["step"])
    except InputError as error:
        return Verdict(name, f"checkpoint: {error}")
    second = run("train_model", f"resume={folder}")
    ended = read_checkpoint(last)["position"]["step"]
    if second.fault((0,)) or ended != 42 or ended < step:
        return Verdict(name, second.fault((0,)) or f"ends at step {ended}, not 42")
    return Verdict(name, litter(place))
