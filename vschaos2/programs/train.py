"""Train an instrument from a folder of recordings.

    vschaos2 train --config-name dgt_mid name=my_training data.dataset.root=my_folder

    vschaos2 train resume=runs/my_training

    vschaos2 train prior=runs/my_training minutes=2

Every value of the configuration can be set as key=value; see docs/configuration.md. The second
form continues a training that was stopped, or died. The third lets a trained run learn how the
latents of its recordings move, so that it plays by itself; trainings do so at their end.
"""

import logging
import os
import sys
import sysconfig
from pathlib import Path

from omegaconf import DictConfig

from vschaos2.command_line import run, say
from vschaos2.config import CONFIGS
from vschaos2.terminal import printable

logger = logging.getLogger("train")

# Threads that wait for work by spinning slow each other down many times over as soon as another
# program wants a core: let them spin for a tenth of a millisecond only. On two free cores this
# costs nothing; not spinning at all costs a fifth. It must be said before torch is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")


def main() -> None:
    """Compose the configuration and train, or continue a training."""
    _let_the_package_be_found()
    if any(_is_word("prior", argument) for argument in sys.argv[1:]):
        learn_prior(sys.argv[1:])
        return
    if any(_is_resume(argument) for argument in sys.argv[1:]):
        resume(sys.argv[1:])
        return
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from vschaos2.errors import InputError
    from vschaos2.overrides import explain, lenient_overrides, plugins_of

    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us whole, to be told in one line
    sys.argv[1:] = lenient_overrides(sys.argv[1:])
    named = plugins_of(sys.argv[1:])
    here = os.getpid()
    is_composed = False
    # What a job raises Hydra tells in lines of its own, and lets a sweep end with it: mistakes are
    # kept until all jobs are done.
    mistakes: list[InputError] = []

    @hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="dgt_mid")
    def compose_and_train(config: DictConfig) -> None:
        nonlocal is_composed
        is_composed = True
        try:
            start(config, named)
        except (InputError, OmegaConfBaseException) as error:
            if os.getpid() != here:  # a job on a cluster: its launcher tells
                raise
            if not isinstance(error, InputError):
                error = explain(error, CONFIGS, sys.argv[1:])
            mistakes.append(error)

    try:
        compose_and_train()
    except Exception as error:
        if is_composed and not isinstance(error, HydraException | OmegaConfBaseException):
            raise  # a fault of ours, or of a library, in the training
        raise explain(error, CONFIGS, sys.argv[1:]) from error
    for mistake in mistakes[:-1]:
        logger.error("%s", mistake)
    if mistakes:
        raise mistakes[-1]


def start(config: DictConfig, plugins: list[str]) -> None:
    """Train what a composed configuration describes, and say where it is.

    Raises:
        InputError: for what is the user's to mend.
    """
    from vschaos2.families.train import train
    from vschaos2.plugins import load_plugins
    from vschaos2.training.sweep import job_of_sweep
    from vschaos2.training.threads import leave_busy_cores

    load_plugins(plugins)
    leave_busy_cores()
    with job_of_sweep():
        folder = train(config)
    _tell(folder, config)


def resume(arguments: list[str]) -> None:
    """Continue the training that `resume=RUN` names; other key=value arguments change its end."""
    from vschaos2.errors import InputError
    from vschaos2.families.train import find_training, train
    from vschaos2.overrides import expanded, lenient_overrides, plugins_of
    from vschaos2.plugins import load_plugins
    from vschaos2.training.threads import leave_busy_cores

    flags = [argument for argument in arguments if argument.startswith("-")]
    if flags:
        raise InputError(f"{flags[0]} does not go with resume=…, which takes the run's own config")
    run_paths = [a.split("=", 1)[1] for a in arguments if _is_resume(a)]
    if len(run_paths) != 1 or not run_paths[0]:
        raise InputError("resume=… wants one run: rundir/name or rundir/name/version_N")
    others = lenient_overrides([a for a in arguments if not _is_resume(a)])
    load_plugins(plugins_of(others))
    found = find_training(Path(expanded(run_paths[0])), others)
    leave_busy_cores()
    _tell(train(found.config, found), found.config)


def learn_prior(arguments: list[str]) -> None:
    """Let the run that `prior=RUN` names learn how its latents move, for `minutes=…` (1)."""
    from vschaos2.config import suggestion
    from vschaos2.errors import InputError
    from vschaos2.families.train import learn_prior
    from vschaos2.training.threads import leave_busy_cores

    words = dict(argument.lstrip("+").partition("=")[::2] for argument in arguments)
    known = ["prior", "minutes", "data.dataset.root"]
    for word in words:
        if word not in known and (hint := suggestion(word, known)):
            raise InputError(f"{word}=: prior=… takes no such word{hint}")
    if len(words) != len(arguments) or not set(words) <= set(known) or not words["prior"]:
        raise InputError(
            "prior=… wants one run, rundir/name or rundir/name/version_N, and takes minutes=… and "
            "data.dataset.root=… beside it"
        )
    try:
        minutes = float(words.get("minutes", "1"))
    except ValueError:
        raise InputError(f"minutes must be a number, got {words['minutes']!r}") from None
    leave_busy_cores()
    path = learn_prior(Path(words["prior"]), minutes, words.get("data.dataset.root"))
    say(f"learnt: {printable(path)}")


def _tell(folder: Path, config: DictConfig) -> None:
    """Say what was done, in the first of the processes that did it."""
    from vschaos2.training.processes import is_first_process

    if is_first_process() and config.check:
        say(f"checked: {printable(config.name)} can be trained; nothing of it is kept")
    elif is_first_process():
        say(f"trained: {printable(folder)}")


def _let_the_package_be_found() -> None:
    """Let processes of this training, and jobs that a cluster starts elsewhere, find the package.

    Where it is installed every Python of this environment finds it.
    """
    home = CONFIGS.parent.parent
    known = os.environ.get("PYTHONPATH")
    if home != Path(sysconfig.get_path("purelib")).resolve():
        os.environ["PYTHONPATH"] = os.pathsep.join([str(home), *([known] if known else [])])


def _is_resume(argument: str) -> bool:
    return _is_word("resume", argument)


def _is_word(key: str, argument: str) -> bool:
    return argument.lstrip("+").startswith(f"{key}=")


if __name__ == "__main__":
    run(main)
