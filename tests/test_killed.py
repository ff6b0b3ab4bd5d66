"""A training that is killed, at whatever moment, loses nothing."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from forked import run_forked
from resumed_trainings import (
    QUICK,
    assert_same_run,
    checkpoint_of,
    curves,
    resume,
    train_new,
)

from vschaos2.runs.lock import is_training

ROOT = Path(__file__).resolve().parent.parent
FORK = multiprocessing.get_context("forkserver")  # children start with everything imported
UNWATCHED = "callbacks.monitor=null"
WATCHED = (
    *("callbacks.monitor.first_seconds=0.2", "callbacks.monitor.share=0.3"),
    *("callbacks.monitor.files=1", "callbacks.monitor.seconds=0.1"),
)


@pytest.fixture
def forked(monkeypatch) -> None:
    """Let other processes find what is tested, and tests."""
    here = Path(__file__).resolve().parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (here, here.parent))))
    FORK.set_forkserver_preload(["test_killed"])


def wait_while(is_alive: Callable[[], bool], condition: Callable[[], object]) -> None:
    while is_alive() and not condition():
        time.sleep(0.001)


def last_written(folder: Path) -> int | None:
    path = folder / "checkpoints" / "last.ckpt"
    return path.stat().st_mtime_ns if path.is_file() else None


def half_written(folder: Path) -> set[str]:
    """What is being written at this moment, each with the kind of its folder."""
    # Unlike rglob, walk bears with folders that vanish while it looks.
    return {
        Path(place).name
        for place, folders, files in os.walk(folder)
        if any(name.startswith(".") and name.endswith(".tmp") for name in folders + files)
    }


def killed_at(folder: Path, process, chance: random.Random, writing: str | None) -> set[str]:
    """Kill a training at a random moment; return what it leaves half-written.

    Args:
        folder: of the run.
        process: the training.
        chance: that the moment depends on.
        writing: name of a folder in which a file should be half-written; None for any moment.
    """
    wait_while(process.is_alive, lambda: is_training(folder))
    for _ in range(chance.randrange(8)):
        before = last_written(folder)
        wait_while(process.is_alive, lambda before=before: last_written(folder) != before)
    time.sleep(chance.uniform(0.0, 0.1))
    if writing is not None:
        give_up_at = time.monotonic() + 1.0
        wait_while(
            process.is_alive,
            lambda: writing in half_written(folder) or time.monotonic() > give_up_at,
        )
    process.kill()
    process.join()
    return half_written(folder)


def account(folder: Path) -> tuple[float, float]:
    """Seconds that reports and training took, as the last checkpoint knows."""
    checkpoint = checkpoint_of(folder)
    return checkpoint["callbacks"]["Monitor"]["spent"], checkpoint["seconds"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
def test_training_killed_at_ten_moments_equals_the_uninterrupted_one(
    recordings, tmp_path, forked, seed: int
):
    limits = ("trainer.max_epochs=30", "training.beta.warmup=15")
    whole = train_new(recordings, tmp_path, "name=whole", *limits, UNWATCHED)
    chance = random.Random(seed)
    folder = tmp_path / "killed" / "version_0"
    often = (*limits, *WATCHED, "name=killed", "callbacks.save_every_s=0")
    first = FORK.Process(target=train_new, args=(recordings, tmp_path, *often))
    first.start()
    left = [killed_at(folder, first, chance, None)]
    positions, accounts = [], []
    for kill in range(1, 10):
        process = FORK.Process(target=resume, args=(folder,))
        process.start()
        left.append(killed_at(folder, process, chance, (None, "checkpoints", "latents")[kill % 3]))
        assert process.exitcode == -signal.SIGKILL, "finished before it was killed: make it longer"
        if last_written(folder) is not None:
            positions.append(checkpoint_of(folder)["position"])
            accounts.append(account(folder))
    assert "checkpoints" in set().union(*left)
    assert any(position["batch"] > 0 for position in positions)
    steps = [position["step"] for position in positions]
    assert steps == sorted(steps) and 0 < steps[-1] < 210
    resume(folder)
    assert_same_run(whole, folder)
    steps_of_reports = [step for step, _ in curves(folder)["latent/active_dimensions"]]
    assert steps_of_reports == sorted(set(steps_of_reports))
    assert not list(folder.rglob(".*.tmp"))
    # Reports were paid for out of one account.
    accounts.append(account(folder))
    assert accounts == sorted(accounts) and accounts[-1][0] > 0


def start(*arguments: str) -> subprocess.Popen[str]:
    """train_model.py, in a group of processes of its own."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train_model.py"), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_command_line_continues_what_was_killed(recordings, tmp_path, processes: int):
    several = () if processes == 1 else ("trainer.devices=2", "trainer.strategy=ddp")
    options = (*QUICK, *several, "trainer.max_epochs=8", f"data.dataset.root={recordings}")
    options = ("--config-name=dgt_live", *options, f"rundir={tmp_path}", UNWATCHED)
    process = start(*options, "name=killed", "callbacks.save_every_s=0")
    folder = tmp_path / "killed" / "version_0"
    seen: set[int | None] = set()
    wait_while(
        lambda: process.poll() is None,
        lambda: seen.add(last_written(folder)) or len(seen) > 4,
    )
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert 0 < checkpoint_of(folder)["position"]["step"] < 56
    whole, resumed = (
        run_forked(ROOT / "train_model.py", words, tmp_path)
        for words in (
            [*options, "name=whole", "callbacks.save_every_s=0"],
            [f"resume={tmp_path / 'killed'}"],
        )
    )
    assert (whole.returncode, resumed.returncode) == (0, 0), (whole, resumed)
    assert resumed.stdout.endswith(f"trained: {folder}\n")
    assert resumed.stdout.count("trained:") == 1
    assert f"continuing {folder} at step" in resumed.stderr
    assert_same_run(tmp_path / "whole" / "version_0", folder)
    assert checkpoint_of(folder)["random_state"].shape[0] == processes
