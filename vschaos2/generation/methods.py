"""What a command asks of a run: methods, whichever its family."""

from vschaos2.errors import InputError
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.vae_run import inner_run
from vschaos2.families.registry import family_of
from vschaos2.runs.folder import Run


def has(run: Run, *methods: str) -> bool:
    """Whether a run has these methods."""
    return set(methods) <= set(_methods(run))


def check_methods(run: Run, *methods: str) -> None:
    """See that a run has these methods.

    Raises:
        InputError: naming the first that it has not, and those that it has.
    """
    there = _methods(run)
    # What has sound to sound and no latents is an effect, or like one.
    remedy = ": pass sounds through it with process" if "forward" in there else ""
    for method in methods:
        if method not in there:
            raise InputError(
                f"{run.folder}: a run of family {run.config.family!r} has no {method}, which this "
                f"needs (it has {', '.join(there) or 'none'}){remedy}"
            )


def with_latents(run: Run) -> Run:
    """The run whose latents are meant: that of the VAE in a bridge, or the run itself."""
    return inner_run(run) if isinstance(run.model, BridgeModel) else run


def check_family(run: Run, family: str, command: str) -> None:
    """See that a run is of the family that a command is about.

    Raises:
        InputError: saying what it is.
    """
    if run.config.family != family:
        raise InputError(
            f"{run.folder}: is a run of family {run.config.family!r}, and {command} needs one of "
            f"{family!r}: train one with --config-name {family} vae={run.folder.parent}"
        )


def _methods(run: Run) -> tuple[str, ...]:
    """What its playable can be called for, if it has one."""
    family = family_of(run.config)
    return family.methods if family.playable else ()
