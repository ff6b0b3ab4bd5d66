"""The pairs of a folder as jobs of Hydra's: one after the other, or on a cluster.

The launcher that a configuration names (`cluster=slurm` names submitit's) takes each job to where
it is computed. A job knows its pair by a number, as words of a command line cannot hold all names.
"""

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from vschaos2.config import CONFIGS
from vschaos2.errors import InputError
from vschaos2.overrides import explain, lenient_overrides
from vschaos2.retrieval.folder import wanted

logger = logging.getLogger(__name__)

NUMBER = "retrieved"  # the key under which a job finds its number


def retrieve_by_launcher(
    jobs: list[tuple[Any, Path]],
    config_name: str,
    overrides: Sequence[str],
    rundir: Path,
    repeat: int,
    seed: int,
) -> int:
    """Let Hydra's launcher retrieve every run that is not there yet; → how many.

    Args:
        jobs: pairs, and the run that each becomes.
        config_name: of the chain.
        overrides: key=value, of the configuration; `cluster=slurm` is one.
        rundir: where Hydra writes what jobs say, in .sweeps/.
        repeat: runs of each pair.
        seed: of the first.

    Raises:
        InputError: for a configuration that cannot be composed, or if no pair could be retrieved.
    """
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    tasks, complete = wanted(jobs, OmegaConf.create(), repeat, seed)
    if complete:
        logger.info("%d runs were there already", complete)
    if not tasks:
        return 0
    mistakes: list[str] = []

    def retrieved(config: DictConfig) -> None:
        from vschaos2.retrieval.retrieve import retrieve, said

        OmegaConf.set_struct(config, False)
        task = tasks[int(config.pop(NUMBER))]
        try:
            folder = retrieve(task.pair, config, task.out, task.seed, is_shown=False)
            logger.info("%s", said(folder).splitlines()[0])
        except InputError as error:
            # On a cluster this stands in the job's own log: raised, it would end all that wait.
            logger.warning("left out: %s: %s", task.pair.name, error)
            mistakes.append(str(error))

    numbers = ",".join(map(str, range(len(tasks))))
    words = [
        "-m", f"--config-name={config_name}", f"++{NUMBER}={numbers}", f"rundir={rundir}",
        "data.dataset.root=.", *overrides,
    ]  # fmt: skip
    before, sys.argv = sys.argv, [sys.argv[0], *lenient_overrides(words)]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us whole, to be told in one line
    try:
        hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name=config_name)(
            retrieved
        )()
    except (HydraException, OmegaConfBaseException) as error:
        raise explain(error, CONFIGS, sys.argv[1:]) from error
    finally:
        sys.argv = before
    left, _ = wanted(jobs, OmegaConf.create(), repeat, seed)
    if len(left) == len(tasks) and not complete:
        reason = mistakes[0] if mistakes else f"each job tells why, in {rundir / '.sweeps'}"
        raise InputError(f"none of {len(jobs)} pairs could be retrieved: {reason}")
    return len(tasks) - len(left)
