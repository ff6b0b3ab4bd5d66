"""Which of the processes that train together this one is."""

import os
import re

import pytorch_lightning as pl

from vschaos2.errors import InputError

RANK_VARIABLES = ("LOCAL_RANK", "NODE_RANK", "RANK", "GROUP_RANK", "SLURM_PROCID")


def is_first_process() -> bool:
    """Whether this process, of those that train together, is the one that writes and speaks.

    Processes are numbered by whoever starts them: Lightning, torchrun, or srun on a cluster.

    Raises:
        InputError: if a number is none.
    """
    ranks = {name: os.environ.get(name, "0") for name in RANK_VARIABLES}
    for name, rank in ranks.items():
        if not re.fullmatch("[0-9]+", rank):
            raise InputError(f"{name}={rank!r}: is no process's number: unset it")
    return all(int(rank) == 0 for rank in ranks.values())


def check_alone(trainer: pl.Trainer) -> None:
    """Raise InputError if the environment speaks of processes of which a trainer knows nothing."""
    if trainer.is_global_zero and not is_first_process():
        ranks = [f"{name}={os.environ[name]}" for name in RANK_VARIABLES if name in os.environ]
        raise InputError(
            f"{', '.join(ranks)}: says that another process of this training is the first, but "
            "trainer.devices and trainer.num_nodes let it be the only one: unset it, or set these"
        )
