"""A file on trial: opened as hosts do, set, and played, with errors that name what failed."""

import copy
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from vschaos2.export.nn_tilde import get_attribute, set_attribute


class ExportError(RuntimeError):
    """An exported file does not do what it promises; it is not written."""


def opened(content: bytes) -> torch.jit.ScriptModule:
    """A file as a host loads it, in the state that it was saved in.

    Its code is compiled once for all that open the same file in turn.
    """
    return copy.deepcopy(_loaded(content))


@lru_cache(maxsize=1)
def _loaded(content: bytes) -> torch.jit.ScriptModule:
    return torch.jit.load(io.BytesIO(content))


@contextmanager
def settings(module: nn.Module, wanted: Mapping[str, Any]) -> Iterator[None]:
    """A module under other settings, for a while, in silence at first.

    Raises:
        ExportError: if it refuses one.
    """
    before = {name: get_attribute(module, name) for name in wanted}
    try:
        for name, value in wanted.items():
            if set_attribute(module, name, value) != 0:
                raise ExportError(f"{name} {value}: refused by the file that should know it")
        set_attribute(module, "reset", True)
        yield
    finally:
        for name, values in before.items():
            set_attribute(module, name, *values)


def played(module: nn.Module, method: str, block: Tensor) -> Tensor:
    """What a method returns.

    Raises:
        ExportError: if it fails.
    """
    try:
        result: Tensor = getattr(module, method)(block)
    except RuntimeError as error:
        reason = (str(error).strip() or "RuntimeError").splitlines()[-1]
        raise ExportError(
            f"{method}: fails on a block of shape {list(block.shape)} ({reason})"
        ) from error
    return result
