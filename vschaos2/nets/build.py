"""A model from its configuration, and from nothing but what is registered.

A run folder may come from a stranger, so building must not let its text choose any callable of the
Python world: a name is looked up among the parts there are, and its arguments are those of the
part's signature. Values are resolved once, before, and never again.
"""

import math
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from vschaos2.config import call
from vschaos2.errors import InputError
from vschaos2.parts import check_targets

T = TypeVar("T", bound=nn.Module)

LARGEST = 1_500_000  # number in a configuration: no size is as large as a rate in Hz can be
MOST_WEIGHTS = 2**28  # 1 GB; the largest of our own models has 8 million
MOST_TENSORS = 4096  # of weights; the largest of our own models has some 30


def built(kind: Callable[..., T], config: DictConfig) -> T:
    """A model whose arguments are the keys of `config.model`.

    Args:
        kind: its class.
        config: of a training.

    Raises:
        InputError: for an argument that the class does not have, or a value that it refuses; or if
            the model would be larger than memory and patience.
    """
    with limited():
        return call(kind, "model", model_options(config))


def model_options(config: DictConfig, known: Collection[str] | None = None) -> dict[str, Any]:
    """The keys of `config.model` that are arguments of a model.

    Args:
        config: of a training.
        known: those that there are; None where the class of the model tells.

    Raises:
        InputError: as `plain_part`, or for a key that is not known.
    """
    options = plain_part(config, "model")
    options.pop("init_from", None)  # where its first weights came from: a note, no part of it
    for key in options:
        if known is not None and key not in known:
            raise InputError(f"model has no key {key!r} (its keys: {', '.join(known)}, init_from)")
    return options


@contextmanager
def limited() -> Iterator[None]:
    """Stop what builds modules before their weights fill the memory.

    torch asks for the memory of a tensor, which costs nothing, then enters it in its module, where
    it is counted, and only then fills it.

    Raises:
        InputError: for more than a model can have, or a size that torch refuses.
    """
    sizes: list[int] = []

    def count(module: nn.Module, name: str, weight: Any) -> None:
        sizes.append(0 if weight is None else weight.numel())
        if sum(sizes) > MOST_WEIGHTS or len(sizes) > MOST_TENSORS:
            raise InputError(
                f"model: has more than {MOST_WEIGHTS} weights, or {MOST_TENSORS} tensors of them: "
                "make it smaller"
            )

    handle = register_module_parameter_registration_hook(count)
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError) as error:
        # torch refuses sizes in many ways.
        raise InputError(f"model: cannot be built ({' '.join(str(error).split())})") from error
    finally:
        handle.remove()


def plain_part(config: DictConfig, where: str) -> dict[str, Any]:
    """A part of a configuration as plain values, none of them absurd.

    Raises:
        InputError: if it is none, names what is no part, or holds a number beyond `LARGEST`.
    """
    try:
        node = OmegaConf.to_container(OmegaConf.select(config, where), resolve=True)
    except (AttributeError, KeyError, TypeError, ValueError, OmegaConfBaseException) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{where}: not a model's configuration ({reason})") from error
    check_targets(where, node)
    _check_numbers(where, node)
    if not isinstance(node, dict):
        raise InputError(f"{where} must hold key: value pairs, got {node!r}")
    return node  # type: ignore[return-value]


def _check_numbers(where: str, node: Any) -> None:
    """Raise InputError for an absurd number."""
    if isinstance(node, dict):
        for key, value in node.items():
            _check_numbers(f"{where}.{key}", value)
    elif isinstance(node, list):
        for number, value in enumerate(node):
            _check_numbers(f"{where}[{number}]", value)
    elif isinstance(node, int | float) and not abs(node) <= LARGEST:
        what = "no number" if math.isnan(node) else "more than a model can have"
        raise InputError(f"{where}: {node} is {what}: {LARGEST} at most")
