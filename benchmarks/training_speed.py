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
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # as train_model.py does

import torch
from hydra import compose, initialize_config_dir

from vschaos2.data.dataset import WindowBatches
from vschaos2.families.train import train
from vschaos2.training.step import Training

CONFIGS = Path(__file__).resolve().parent.parent / "vschaos2" / "configs"
FIRST = 50  # steps that warm up


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--config", default="dgt_mid")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    ends: list[float] = []
    assembling: list[float] = []
    plain_end, plain_batch_at = Training.on_train_batch_end, WindowBatches.batch_at

    def timed_end(self: Training, outputs: Any, batch: dict[str, Any], index: int) -> None:
        plain_end(self, outputs, batch, index)
        ends.append(time.perf_counter())

    def timed_batch_at(self: WindowBatches, epoch: int, step: int) -> object:
        start = time.perf_counter()
        batch = plain_batch_at(self, epoch, step)
        assembling.append(time.perf_counter() - start)
        return batch

    Training.on_train_batch_end = timed_end  # type: ignore[method-assign]
    WindowBatches.batch_at = timed_batch_at  # type: ignore[method-assign]
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
        train(config)
        batch = config.data.loader.batch_size
    steps = torch.tensor(ends).diff()[FIRST:]
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
