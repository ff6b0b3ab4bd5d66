import importlib
import logging
import os

import pytest
import torch

from vschaos2.errors import InputError
from vschaos2.training import threads
from vschaos2.training.threads import free_threads, leave_busy_cores


@pytest.mark.parametrize(
    ("load", "cores", "allowed", "expected"),
    [
        (0.0, 8, 8, 8),
        (0.9, 8, 8, 8),  # its own
        (1.0, 8, 8, 7),
        (5.5, 8, 8, 3),
        (20.0, 8, 8, 1),
        (20.0, 64, 8, 8),
        (0.0, 64, 1, 1),
        (7.0, 8, 4, 1),
    ],
)
def test_threads_are_the_cores_that_are_left(load, cores, allowed, expected):
    assert free_threads(load, cores, allowed) == expected


@pytest.fixture
def four_threads(monkeypatch):
    """A machine of four cores, all of which torch would use; gives back the numbers it sets."""
    chosen = []
    leave_busy_cores.cache_clear()
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    return chosen


def test_a_busy_machine_is_told_of(four_threads, monkeypatch, caplog):
    monkeypatch.setattr(os, "getloadavg", lambda: (2.5, 0.0, 0.0), raising=False)
    with caplog.at_level(logging.INFO, logger=threads.__name__):
        leave_busy_cores()
        monkeypatch.setattr(os, "getloadavg", lambda: (4.0, 0.0, 0.0), raising=False)
        leave_busy_cores()  # what runs now is the training itself
    assert four_threads == [2]
    assert "busy (load 2.5 on 4 cores): computing with 2 of 4 threads" in caplog.text


def test_nothing_changes_on_a_free_machine_and_where_the_user_has_decided(
    four_threads, monkeypatch, caplog
):
    monkeypatch.setattr(os, "getloadavg", lambda: (0.5, 9.0, 9.0), raising=False)
    leave_busy_cores()
    leave_busy_cores.cache_clear()
    monkeypatch.setattr(os, "getloadavg", lambda: (20.0, 0.0, 0.0), raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    leave_busy_cores()
    leave_busy_cores.cache_clear()
    assert four_threads == [] and caplog.text == ""


@pytest.mark.parametrize("program", ["generate", "check"])
def test_programs_that_listen_to_recordings_leave_busy_cores_too(
    four_threads, monkeypatch, tmp_path, program
):
    """Aligning pairs takes minutes where every thread waits for its turn."""
    monkeypatch.setattr(os, "getloadavg", lambda: (3.5, 0.0, 0.0), raising=False)
    for side in ("dry", "wet"):
        (tmp_path / side).mkdir()
    words = {"generate": ["evaluate", str(tmp_path / "none")], "check": [str(tmp_path)]}[program]
    monkeypatch.setattr("sys.argv", [program, *words])
    with pytest.raises((InputError, SystemExit)):
        importlib.import_module(f"vschaos2.programs.{program}").main()
    assert four_threads == [1]
    leave_busy_cores.cache_clear()
