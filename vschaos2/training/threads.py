"""How many threads a program computes with: no more than the machine has free cores.

Threads wait for each other after every operation. Where other programs hold the cores, all wait for
the slowest: measured once at a load of 20, one thread trained three times faster.
"""

import logging
import math
import os
from functools import cache

import torch

logger = logging.getLogger(__name__)


def free_threads(load: float, cores: int, allowed: int) -> int:
    """Threads for which there are cores, at least 1 and at most `allowed`.

    Args:
        load: programs that want to run, on average.
        cores: of the machine.
        allowed: cores that this process may use, 1 or more.
    """
    # Rounded up: what this program itself did a moment ago is part of the load.
    return max(1, min(allowed, math.ceil(cores - load)))


@cache
def leave_busy_cores() -> None:
    """Compute with as many threads as cores are free, and say so where that is fewer.

    Once in a process: the load that a later job of a sweep finds is that of the one before it.
    OMP_NUM_THREADS in the environment decides otherwise, and so does a system that tells no load.
    """
    if "OMP_NUM_THREADS" in os.environ or not hasattr(os, "getloadavg"):
        return
    cores = os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    try:
        load = os.getloadavg()[0]
    except OSError:
        return
    before = torch.get_num_threads()
    threads = min(before, free_threads(load, cores, allowed))
    if threads == before:
        return
    torch.set_num_threads(threads)
    logger.info(
        "this machine is busy (load %.1f on %d cores): computing with %d of %d threads; "
        "OMP_NUM_THREADS=%d in the environment takes all",
        load, cores, threads, before, before,
    )  # fmt: skip
