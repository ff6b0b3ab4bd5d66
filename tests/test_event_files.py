"""TensorBoard shows of a training that went on what it shows of one that was never stopped."""

import time
from pathlib import Path

import numpy as np
import pytest
from resumed_trainings import curves
from torch.utils.tensorboard import SummaryWriter

from vschaos2.training.event_files import PREFIX, bytes_before, forget_events


def log(folder: Path, steps: range, resumed_at: int | None = None) -> None:
    """A process that logs twice the step at every step, with a picture beside it."""
    with SummaryWriter(folder, purge_step=resumed_at) as writer:
        for step in steps:
            writer.add_scalar("loss", 2.0 * step, step)
            writer.add_image("picture", np.zeros((3, 4, 4), np.uint8), step)


def doubles(steps: range) -> dict[str, list[tuple[int, float]]]:
    return {"loss": [(step, 2.0 * step) for step in steps]}


def the_file(folder: Path) -> Path:
    (path,) = folder.glob(f"{PREFIX}*")
    return path


def stamp(path: Path, second: int, process: int) -> Path:
    return path.rename(path.with_name(f"{PREFIX}{second:010d}.host.{process}.0"))


@pytest.mark.parametrize("step", [1, 4, 7, 8])
def test_events_from_a_step_on_are_forgotten(tmp_path, step: int):
    log(tmp_path, range(8))
    forget_events(tmp_path, step)
    assert curves(tmp_path) == doubles(range(step))
    log(tmp_path, range(step, 12), resumed_at=step)
    assert curves(tmp_path) == doubles(range(12))


def test_file_without_an_event_left_is_removed(tmp_path):
    log(tmp_path, range(5, 8), resumed_at=5)
    forget_events(tmp_path, 5)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("part", [1, 11, 12, 13, 40])
def test_half_an_event_is_cut_off_and_whole_ones_stay(tmp_path, part: int):
    log(tmp_path, range(3))
    path = the_file(tmp_path)
    whole = path.read_bytes()
    last = bytes_before(path, 2)
    path.write_bytes(whole[: last + part])
    forget_events(tmp_path, 9)
    assert the_file(tmp_path).read_bytes() == whole[:last]
    assert curves(tmp_path) == doubles(range(2))


def test_zeros_that_a_power_failure_leaves_are_cut_off(tmp_path):
    log(tmp_path, range(3))
    path = the_file(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(64))
    forget_events(tmp_path, 9)
    assert the_file(tmp_path).read_bytes() == whole


def test_nothing_to_forget_leaves_the_file_as_it_is(tmp_path):
    log(tmp_path, range(3))
    path = stamp(the_file(tmp_path), 5, 1)
    before = path.read_bytes(), path.stat().st_mtime_ns
    forget_events(tmp_path, 3)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


@pytest.mark.parametrize("ahead_s", [0, 86_400])
def test_files_of_one_second_and_of_a_clock_ahead_are_read_in_order(tmp_path, ahead_s: int):
    # A process number that sorts after any other: by name, this file would come last.
    begun = 0
    for process in (9_000_001, 9_000_000, 9_000_002):
        log(tmp_path, range(begun, begun + 6), resumed_at=begun or None)
        newest = max(tmp_path.glob(f"{PREFIX}*"), key=lambda path: path.stat().st_mtime_ns)
        stamp(newest, int(time.time()) + ahead_s, process)
        begun += 4  # the last two steps of each are lost
        forget_events(tmp_path, begun)
    log(tmp_path, range(begun, 16), resumed_at=begun)
    assert len(list(tmp_path.iterdir())) == 4
    assert curves(tmp_path) == doubles(range(16))
