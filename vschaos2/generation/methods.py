"""What a command asks of a run: methods, whichever its family."""

from vschaos2.errors import InputError
from vschaos2.families.registry import family_of
from vschaos2.runs.folder import Run


def has(run: Run, *methods: str) -> bool:
    """Whether a run has these methods."""
    return set(methods) <= set(family_of(run.config).methods)


def check_methods(run: Run, *methods: str) -> None:
    """See that a run has these methods.

    Raises:
        InputError: naming the first that it has not, and those that it has.
    """
    family = family_of(run.config)
    for method in methods:
        if method not in family.methods:
            raise InputError(
                f"{run.folder}: a run of family {family.name!r} has no {method}, which this needs "
                f"(it has {', '.join(family.methods) or 'none'})"
            )
