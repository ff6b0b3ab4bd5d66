"""A sweep: Hydra's --multirun trains one configuration after another."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch.distributed
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode


@contextmanager
def job_of_sweep() -> Iterator[None]:
    """Let a job of a sweep start processes of its own as if it were the only training.

    Further processes of a training are started with this one's command line: that of a sweep
    would make each of them sweep again. Afterwards the next job finds the environment as the
    first one did, and no process group. A training that is no job of a sweep is left as it is.
    """
    hydra = HydraConfig.get()
    if hydra.mode != RunMode.MULTIRUN:
        yield
        return
    arguments, environment = list(sys.argv), dict(os.environ)
    sys.argv[1:] = ["--config-name", str(hydra.job.config_name), *hydra.overrides.task]
    try:
        yield
    finally:
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        sys.argv[:] = arguments
        os.environ.clear()
        os.environ.update(environment)
