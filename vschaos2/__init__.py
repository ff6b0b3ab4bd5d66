"""vschaos2: a folder of recordings becomes an instrument that plays in Max and PureData.

    import vschaos2
    run = vschaos2.load_run("runs/cello")

The functions for researchers are those of `vschaos2.api`; they are loaded when they are first used.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from vschaos2.api import (
        Encoded,
        InputError,
        compose,
        decode,
        encode,
        evaluate,
        load_plugins,
        load_run,
        train,
    )

__all__ = [
    "Encoded",
    "InputError",
    "compose",
    "decode",
    "encode",
    "evaluate",
    "load_plugins",
    "load_run",
    "train",
]


def __getattr__(name: str) -> Any:
    """A function of `vschaos2.api`: loading them takes seconds, which no program has use for."""
    if name not in __all__:
        raise AttributeError(f"module 'vschaos2' has no attribute {name!r}")
    from vschaos2 import api

    return getattr(api, name)
