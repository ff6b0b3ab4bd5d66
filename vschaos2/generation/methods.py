"""What a command asks of a run: methods, whichever its family."""

from vschaos2.errors import InputError
from vschaos2.families.registry import family_of
from vschaos2.runs.folder import Run
from vschaos2.training.family import Family


def has(run: Run, *methods: str) -> bool:
    """Whether a run has these methods."""
    return set(methods) <= set(_methods(family_of(run.config)))


def check_methods(run: Run, *methods: str) -> None:
    """See that a run has these methods.

    Raises:
        InputError: naming the first that it has not, and those that it has.
    """
    family = family_of(run.config)
    for method in methods:
        if method not in _methods(family):
            raise InputError(
                f"{run.folder}: a run of family {family.name!r} has no {method}, which this needs "
                f"(it has {', '.join(_methods(family)) or 'none'})"
            )


def _methods(family: Family) -> tuple[str, ...]:
    """What its playable can be called for, if it has one."""
    return family.methods if family.playable else ()
