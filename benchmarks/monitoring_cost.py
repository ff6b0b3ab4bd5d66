"""What watching a training costs: the share of its time that goes into reports.

    python -m benchmarks.monitoring_cost DATASET [--config dgt_mid] [--seconds 240] [--threads 2]

DATASET is that of `python examples/demo_dataset.py DATASET`. Trains on the CPU for so long, clocks
every report from outside, and prints their share of the time between the first and the last step
(bar: 5 %), when the first came, and what lies in samples/.
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

from vschaos2.families.train import train
from vschaos2.monitor.watching import Monitor
from vschaos2.training.step import Training

CONFIGS = Path(__file__).resolve().parent.parent / "vschaos2" / "configs"
BAR = 0.05


def main() -> None:
    """Print a table and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--config", default="dgt_mid")
    parser.add_argument("--seconds", type=int, default=240)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    started: list[float] = []
    spent: list[tuple[str, float, float]] = []  # kind, when it began, how long it took
    plain_start, plain_report = Training.on_train_start, Monitor.report

    def clocked_start(self: Training) -> None:
        plain_start(self)
        started.append(time.perf_counter())

    def clocked_report(self: Monitor, kind: str, trainer: pl.Trainer, step: Training) -> None:
        begin = time.perf_counter()
        plain_report(self, kind, trainer, step)
        spent.append((kind, begin - started[0], time.perf_counter() - begin))

    Training.on_train_start = clocked_start  # type: ignore[method-assign]
    Monitor.report = clocked_report  # type: ignore[method-assign]
    with (
        tempfile.TemporaryDirectory() as rundir,
        initialize_config_dir(str(CONFIGS), version_base="1.3"),
    ):
        minutes, seconds = divmod(arguments.seconds, 60)
        config = compose(
            arguments.config,
            overrides=[
                f"data.dataset.root={arguments.dataset}",
                f"rundir={rundir}",
                "trainer.accelerator=cpu",
                "trainer.max_epochs=-1",
                f"trainer.max_time=00:{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}",
            ],
        )
        folder = train(config)
        total = time.perf_counter() - started[0]
        kept = [path for path in (folder / "samples").rglob("*") if path.is_file()]
        megabytes = sum(path.stat().st_size for path in kept) / 1e6
    for kind, begin, cost in spent:
        print(f"{begin:7.1f} s  {kind:16s} {cost:5.2f} s")
    share = sum(cost for *_, cost in spent) / total
    print(
        f"{arguments.config}, {arguments.threads} threads: {len(spent)} reports, the first after "
        f"{spent[0][1]:.0f} s, {100 * share:.1f} % of {total:.0f} s (bar: {100 * BAR:.0f} %: "
        f"{'kept' if share < BAR else 'MISSED'}); {len(kept)} files, {megabytes:.0f} MB"
    )


if __name__ == "__main__":
    main()
