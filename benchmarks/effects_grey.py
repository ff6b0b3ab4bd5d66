"""What chains of processors learn of devices, trained as anyone would train them.

    python -m benchmarks.effects_grey [compressor | drive | fuzz | phaser | chorus …] [--set K=V …]

All of them if none is named. Devices and dry sounds are made by code (examples/devices.py,
examples/plucked_strings.py); what is scored was held out: strings of another seed, or, where an
oscillator runs on, what comes later in the recording. Times are processor time of one thread, from
the reading of the pair to the stored run.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import torch
from hydra import compose, initialize_config_dir

import vschaos2
from examples import devices, plucked_strings
from vschaos2.families.effect.rendering import rendered
from vschaos2.families.loading import load_run
from vschaos2.families.train import train
from vschaos2.objectives.linear_fit import best_filter_esr

RATE = 44_100
CONFIGS = Path(vschaos2.__file__).resolve().parent / "configs"
ALWAYS = (
    "data.dataset.latency_samples=0",
    "trainer.accelerator=cpu",
    "callbacks.monitor.enabled=false",
)
Device = Callable[[np.ndarray], np.ndarray]


class Case(NamedTuple):
    """What is trained on what.

    Attributes:
        config: its name.
        device: dry → wet.
        period_s: of its oscillator, if it has one.
        words: overrides.
    """

    config: str
    device: Device
    period_s: float | None = None
    words: tuple[str, ...] = ()


LATER = "data.dataset.validation_fraction=0.35"
CASES = {
    "compressor": Case("effect_grey_compressor", lambda x: devices.opto_compressor(x, RATE)),
    "drive": Case("effect_grey_drive", lambda x: devices.drive_chain(x, RATE)),
    "fuzz": Case("effect_grey_fuzz", lambda x: devices.diode_clipper(x, RATE, drive_db=30.0)),
    "phaser": Case("effect_modulation", lambda x: devices.phaser(x, RATE), 1.0 / 0.7, (LATER,)),
    "chorus": Case(
        "effect_modulation",
        lambda x: devices.chorus(x, RATE),
        1.0 / 0.9,
        (LATER, "model.net.processors=[chorus]"),
    ),
}


def esr(y: np.ndarray, wanted: np.ndarray) -> float:
    """Energy of the error, of the energy that was wanted."""
    return float(np.square(y - wanted).sum() / np.square(wanted).sum())


def trained(case: Case, dry: np.ndarray, place: Path, words: list[str]) -> tuple[Path, float]:
    """The run of a case, and the processor time that it took."""
    for side, sound in (("dry", dry), ("wet", case.device(dry))):
        (place / "pairs" / side).mkdir(parents=True)
        soundfile.write(place / "pairs" / side / "strings.wav", sound, RATE, subtype="FLOAT")
    said = [f"data.dataset.root={place / 'pairs'}", f"rundir={place / 'runs'}"]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose(case.config, overrides=[*said, *ALWAYS, *case.words, *words])
    began = time.process_time()
    return train(config), time.process_time() - began


def measure(name: str, words: list[str]) -> None:
    """Train one case, and print what it came to."""
    case = CASES[name]
    if case.period_s is None:
        dry, other = plucked_strings.dry_sounds(95.0, 1), plucked_strings.strings(12.0, 77)
        heard = slice(0, None)
    else:
        dry = other = plucked_strings.strings(32.0, 1)
        heard = slice(round(0.65 * len(dry)), None)
    with tempfile.TemporaryDirectory() as folder:
        path, took = trained(case, dry, Path(folder), words)
        run = load_run(path)
    still, source = np.zeros((0, 1), np.float32), other.astype(np.float32)
    wanted, y = case.device(other)[heard], rendered(run.model, source[None], still)[0][heard]
    linear = best_filter_esr(other[heard][None], case.device(other)[heard][None])
    said = run.model.net.chain.preset()
    period = ""
    if case.period_s is not None:
        period = f", period {100.0 * (said['lfo_period_s'] / case.period_s - 1.0):+.3f} %"
    print(
        f"{name}, {took:.0f} s, best after {run.summary['step']:.0f} steps: ESR held out "
        f"{esr(y, wanted):.5f}, best linear filter {linear:.4f}{period}, "
        f"{ {key: round(value, 3) for key, value in said.items()} }",
        flush=True,
    )


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", choices=[*CASES, []], help="what to measure")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="overrides")
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in given.cases or CASES:
        measure(name, given.set)


if __name__ == "__main__":
    main()
