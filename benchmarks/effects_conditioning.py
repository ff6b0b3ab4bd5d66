"""What every way of telling a network of its knob comes to, on one device with one knob.

    PYTHONPATH=examples python -m benchmarks.effects_conditioning [NAME ...] [--config effect_tcn]
        [--budget 60]

All of `nets.conditioning` if none is named. The device is the diode clipper of examples/devices.py,
its drive recorded at 6, 12, 24 and 30 dB, 15 s each; scored are other strings there, and at 15 and
18 dB, which were never recorded. Training as in benchmarks/effects.py; budgets in s of processor
time of one thread. `none` is told of nothing: what a knob is worth.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import devices
import plucked_strings
import torch

from benchmarks.effects import (
    DRIVES_DB,
    HELD_OUT_SEED,
    RATE,
    SEED,
    UNHEARD_DB,
    Trial,
    esr,
    trained,
    write,
)
from vschaos2.nets.conditioning import BESIDE, IN_LAYERS

SECONDS, HELD_OUT_SECONDS = 15.0, 6.0


def measure(name: str, config: str, budget_s: float, root: Path) -> None:
    """Train by one conditioning, and print a row."""
    words = [f"model.net.conditioning={name}", *(["model.knobs=null"] if name == "none" else [])]
    trial = Trial(devices.diode_clipper, config, tuple(words), budget_s, 0.0)
    model, steps, shift = trained(trial, root)
    heard = plucked_strings.strings(HELD_OUT_SECONDS, HELD_OUT_SEED, RATE)
    scores = {}
    for drive_db in (*DRIVES_DB, *UNHEARD_DB):
        knobs = () if name == "none" else (drive_db,)
        wet = devices.diode_clipper(heard, RATE, drive_db=drive_db)
        scores[drive_db] = esr(model, heard, wet, shift, *knobs)
    seen = " / ".join(f"{scores[drive_db]:.4f}" for drive_db in DRIVES_DB)
    unheard = " / ".join(f"{scores[drive_db]:.4f}" for drive_db in UNHEARD_DB)
    mean = statistics.mean(scores[drive_db] for drive_db in DRIVES_DB)
    print(f"| `{name}` | {steps} | {seen} | {mean:.4f} | {unheard} |", flush=True)


def main() -> None:
    """Print what was asked for."""
    every = [*BESIDE, *IN_LAYERS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(every)} (all)")
    parser.add_argument("--config", default="effect_tcn", help="configuration (%(default)s)")
    parser.add_argument("--budget", type=float, default=60.0, help="of training (%(default)s)")
    given = parser.parse_args()
    torch.set_num_threads(1)
    dry = plucked_strings.dry_sounds(SECONDS, SEED, RATE)
    print(
        "| conditioning | steps | ESR at 6 / 12 / 24 / 30 dB | mean | never recorded, 15 / 18 dB |"
    )
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "pairs"
        write(root, dry, devices.diode_clipper, DRIVES_DB)
        for name in given.names or every:
            measure(name, given.config, given.budget, root)


if __name__ == "__main__":
    main()
