"""How fast training is: frames per second, and the share of a step that assembles its batch.

    python -m benchmarks.training_speed DATASET [--config dgt_mid] [--steps 300] [--threads 2]

Runs the training itself (the Lightning loop, its logging and progress line included) on the CPU
without validation, and times the steps after the first fifty.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # as train_model.py does

import pytorch_lightning as pl
import torch
from hydra import compose, initialize_config_dir

from vschaos2.data.dataset import WindowBatches
from vschaos2.training import session

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
FIRST = 50  # steps that warm up


class Clock(pl.Callback):
    """Times of the ends of steps."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_train_batch_end(self, *_: object) -> None:
        """Note the time."""
        self.times.append(time.perf_counter())


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--config", default="dgt_mid")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    clock = Clock()
    assembling: list[float] = []
    plain_checkpoints, plain_batch_at = session.checkpoints, WindowBatches.batch_at

    def timed_batch_at(self: WindowBatches, epoch: int, step: int) -> object:
        start = time.perf_counter()
        batch = plain_batch_at(self, epoch, step)
        assembling.append(time.perf_counter() - start)
        return batch

    session.checkpoints = lambda *a: [*plain_checkpoints(*a), clock]
    WindowBatches.batch_at = timed_batch_at
    with (
        tempfile.TemporaryDirectory() as rundir,
        initialize_config_dir(str(CONFIGS), version_base="1.3"),
    ):
        config = compose(
            arguments.config,
            overrides=[
                f"data.dataset.root={arguments.dataset}",
                f"rundir={rundir}",
                "trainer.accelerator=cpu",
                f"data.loader.batches_per_epoch={arguments.steps}",
                "trainer.max_epochs=1",
                "++trainer.limit_val_batches=0",
            ],
        )
        session.train(config)
        batch = config.data.loader.batch_size
    steps = torch.tensor(clock.times).diff()[FIRST:]
    batches = torch.tensor(assembling[FIRST:])
    print(
        f"{arguments.config}, {arguments.threads} threads, batch {batch}: "
        f"{batch / float(steps.mean()):.0f} frames/s (median step "
        f"{1000 * float(steps.median()):.1f} ms), assembling "
        f"{1000 * float(batches.median()):.2f} ms = "
        f"{100 * float(batches.median() / steps.median()):.1f} % of a step"
    )


if __name__ == "__main__":
    main()
