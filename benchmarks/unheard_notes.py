"""How well a model plays notes of which no recording was heard: keys held out of its training.

    python -m benchmarks.unheard_notes OUT [key=value …]
    python -m benchmarks.unheard_notes OUT --cpu-s 600 data.augment.transpose=2

Two octaves of each instrument are rendered by `benchmarks.sampled_instruments`, which says what it
needs. Every fourth key is held out; the others are trained at velocity 90 (OUT/heard, whose split
takes one file to validate), in one thread, with the configuration's values that are given. Then,
mean over files and by instrument, spectral convergence ‖S - Ŝ‖ / ‖S‖ of the model's magnitudes on

    unheard    the keys held out, at velocity 90
    known      a quarter of the others, at velocities 50 and 110

and the processor's seconds that the training took, of which validation is a small part.
"""

import argparse
import logging
import shutil
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

import vschaos2
from benchmarks.instrument_quality import magnitude_convergence
from benchmarks.sampled_instruments import PROGRAMS, render
from vschaos2.audio import find_audio_files
from vschaos2.families.loading import load_run
from vschaos2.families.vae.vae import VAE

CHOSEN_BY = ("oboe", "viola", "bassoon", "horn", "saxophone")
REPORTED = ("flute", "violin", "cello", "trumpet", "clarinet")
RESIDUES = {CHOSEN_BY: 1, REPORTED: 3}  # of the held-out keys, counted from the lowest, modulo 4
KEYS = 24
EPOCH = 200  # steps
PROBE_STEPS = 200  # that tell how long a step takes


def render_notes(out: Path, instruments: tuple[str, ...]) -> None:
    """Write OUT/heard, OUT/unheard and OUT/known, unless they are there."""
    if (out / "known").exists():
        return
    residue = RESIDUES[instruments]
    for name in instruments:
        lowest = PROGRAMS[name][1]
        keys = range(lowest, lowest + KEYS)
        unheard = list(keys[residue::4])
        render(out / "heard", name, [key for key in keys if key not in unheard], 90)
        render(out / "unheard", name, unheard, 90)
        for velocity in (50, 110):
            render(out / "known", name, list(keys[(residue + 1) % 4 :: 4]), velocity)


def trained(out: Path, steps: int, overrides: list[str]) -> tuple[VAE, float]:
    """A model after so many steps, a multiple of EPOCH, and the processor's seconds they took."""
    shutil.rmtree(out / "run", ignore_errors=True)
    config = vschaos2.compose(
        "dgt_mid",
        "name=unheard",
        f"rundir={out / 'run'}",
        f"data.dataset.root={out / 'heard'}",
        "data.dataset.validation_fraction=0.01",
        "data.loader.validation_windows=256",
        f"data.loader.batches_per_epoch={EPOCH}",
        "trainer.accelerator=cpu",
        f"trainer.max_epochs={steps // EPOCH}",
        "callbacks.monitor=null",
        "callbacks.patience=null",
        *overrides,
    )
    start = time.process_time()
    run = load_run(vschaos2.train(config))
    return run.model, time.process_time() - start


def steps_within(out: Path, cpu_s: float, overrides: list[str]) -> int:
    """Steps that take so many of the processor's seconds, to the next multiple of EPOCH."""
    _, one = trained(out, PROBE_STEPS, overrides)
    _, two = trained(out, 2 * PROBE_STEPS, overrides)
    start = 2 * one - two
    return max(round((cpu_s - start) / (two - one)), 1) * EPOCH


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--reported", action="store_true", help="other instruments, other keys")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, default=1600)
    length.add_argument("--cpu-s", type=float, help="steps as many as fit into these seconds")
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    arguments = parser.parse_intermixed_args()
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    instruments = REPORTED if arguments.reported else CHOSEN_BY
    out = arguments.out
    render_notes(out, instruments)
    steps = arguments.steps
    if arguments.cpu_s is not None:
        steps = steps_within(out, arguments.cpu_s, arguments.overrides)
    model, cpu_s = trained(out, steps, arguments.overrides)
    print(f"{' '.join(arguments.overrides) or 'dgt_mid'}: {steps} steps, {cpu_s:.0f} s")
    print("| keys | all | " + " | ".join(instruments) + " |\n|---" + "|---" * 6 + "|")
    for folder in ("unheard", "known"):
        found = defaultdict(list)
        for path in find_audio_files(out / folder):
            found[path.stem.split("_")[0]].append(magnitude_convergence(model, path))
        means = [np.mean(found[name]) for name in instruments]
        print(f"| {folder} | " + " | ".join(f"{m:.3f}" for m in (np.mean(means), *means)) + " |")


if __name__ == "__main__":
    main()
