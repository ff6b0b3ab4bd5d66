"""The parts that a configuration may name: classes that were registered, and nothing else.

    @part("encoder")
    class DenseEncoder(nn.Module): ...

lets `model.encoder._target_: DenseEncoder` stand in a configuration, its other keys being the
arguments of the constructor. A run folder may come from a stranger: its text chooses among what is
registered here, and can name no other callable of the Python world.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from vschaos2.errors import InputError

T = TypeVar("T")

_PARTS: dict[str, dict[str, Any]] = defaultdict(dict)
OURS = "vschaos2."  # version 0.1 wrote the module before the name: vschaos2.models.vae.VAE


def part(kind: str, name: str | None = None) -> Callable[[T], T]:
    """A decorator that registers a class, or a function, as a part of a kind.

    Args:
        kind: what it is in a model, such as "encoder", "decoder", "transform" or "loss".
        name: what configurations call it; its own name if None.

    Raises:
        ValueError: from the decorator, if another part of this kind has the name already.
    """

    def register(thing: T) -> T:
        own: str = name or thing.__name__  # type: ignore[attr-defined]
        known = _PARTS[kind].setdefault(own, thing)
        if (known.__module__, known.__qualname__) != (thing.__module__, thing.__qualname__):  # type: ignore[attr-defined]
            raise ValueError(f"the {kind} {own} is there already, of {known.__module__}: rename it")
        _PARTS[kind][own] = thing
        return thing

    return register


def parts(kind: str) -> dict[str, Any]:
    """The parts of a kind, by name."""
    return dict(_PARTS[kind])


def part_of(kind: str, where: str, node: Any) -> tuple[Any, dict[str, Any]]:
    """The part that a node of a configuration names, and the arguments beside its name.

    Args:
        kind: that the part must be of.
        where: the node's key.
        node: plain key: value pairs, with the name under `_target_`.

    Raises:
        InputError: if it names none of this kind.
    """
    target = node.get("_target_") if isinstance(node, dict) else None
    known = _PARTS[kind]
    name = short_name(target)
    if name not in known:
        raise InputError(f"{where}: its _target_ must be {' or '.join(known)}, got {target!r}")
    return known[name], {key: value for key, value in node.items() if key != "_target_"}


def check_targets(where: str, node: Any) -> None:
    """See that a configuration names nothing but parts, however deep.

    Raises:
        InputError: for a `_target_` that is no part of any kind.
    """
    if isinstance(node, dict):
        if "_target_" in node and not any(
            short_name(node["_target_"]) in p for p in _PARTS.values()
        ):
            every = sorted({name for of_kind in _PARTS.values() for name in of_kind})
            raise InputError(
                f"{where}: _target_ {node['_target_']!r} is not a part of a model: use one of "
                f"{', '.join(sorted(every))}"
            )
        for key, value in node.items():
            check_targets(f"{where}.{key}", value)
    elif isinstance(node, list):
        for number, value in enumerate(node):
            check_targets(f"{where}[{number}]", value)


def short_name(target: Any) -> str:
    """The name of a part, also as version 0.1 wrote it; "" for what is no name."""
    if not isinstance(target, str):
        return ""
    return target.rpartition(".")[2] if target.startswith(OURS) else target
