"""Configurations: what they may hold.

Every key of a configuration is an argument of something: of a class that it names, of the
trainer, of the data module. Nothing is read with a default of its own, so a mistyped key has
nowhere to hide.
"""

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin

from omegaconf import DictConfig, OmegaConf

from vschaos2.errors import InputError

T = TypeVar("T")

CONFIGS = Path(__file__).resolve().parent / "configs"  # what Hydra composes from

UNIONS = (Union, UnionType)
PLAIN = (int, float, str, bool, NoneType, Path)
NAMES: dict[Any, str] = {
    **{int: "a whole number", float: "a number", str: "a text", bool: "true or false"},
    **{NoneType: "null", Mapping: "key: value pairs", list: "a list", Path: "a text"},
}


def suggestion(word: str, known: list[str]) -> str:
    """A hint ", did you mean …?" for a mistyped word, or nothing."""
    close = difflib.get_close_matches(word, known, 1, 0.6)
    return f", did you mean {close[0]!r}?" if close else ""


def call(
    function: Callable[..., T],
    where: str,
    options: Any,
    places: Mapping[str, str] | None = None,
    **others: Any,
) -> T:
    """function(**options, **others), where options come from a part of a configuration.

    Args:
        function: what the part describes.
        where: the name of that part.
        options: key: value pairs.
        places: parts of that part, by the keys that stand in them.
        others: arguments that the configuration has no say in.

    Raises:
        InputError: for a key that the function does not take, or a value that it refuses.
    """
    if not isinstance(options, Mapping):
        raise InputError(f"{where} must hold key: value pairs, got {options!r}")
    parameters = inspect.signature(function).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    known = [name for name in parameters if name not in others]
    for key in options:
        place = (places or {}).get(key, where)
        if key not in known and not open_ended:
            raise InputError(
                f"{place} has no key {key!r}{suggestion(str(key), known)} (its keys: "
                f"{', '.join(known)})"
            )
        if key in parameters:
            _check_type(f"{place}.{key}", options[key], parameters[str(key)].annotation)
    try:
        return function(**options, **others)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: {' '.join(str(error).split())}") from error


def _check_type(where: str, value: Any, annotation: Any) -> None:
    """Raise InputError if a value is not of the plain type that a signature asks for.

    A mapping may be asked for, too, or a list, whose elements are checked where they are used.
    """
    wanted = get_args(annotation) if get_origin(annotation) in UNIONS else (annotation,)
    allowed = [_kind(each) for each in wanted]
    if None in allowed or (float in allowed and type(value) is int):
        return
    if not any(isinstance(value, k) if k not in PLAIN else type(value) is k for k in allowed):
        names = " or ".join(dict.fromkeys(NAMES.get(kind, kind.__name__) for kind in allowed))
        raise InputError(f"{where} must be {names}, got {value!r}")


def _kind(annotation: Any) -> Any:
    """What a value that comes from a configuration is checked for; None for anything else."""
    kind = get_origin(annotation) or annotation
    if kind in PLAIN or not isinstance(kind, type):
        return kind if kind in PLAIN else None
    if issubclass(kind, Mapping):
        return Mapping
    return list if issubclass(kind, Sequence) else None


def section(config: DictConfig, where: str) -> DictConfig:
    """A part of a configuration, such as "data.loader".

    Raises:
        InputError: if it does not hold key: value pairs.
    """
    part = OmegaConf.select(config, where)
    if not isinstance(part, DictConfig):
        raise InputError(f"{where} is {part!r} and must hold key: value pairs: leave {where}=… out")
    return part


def plain(config: DictConfig, where: str) -> dict[str, Any]:
    """A part of a configuration as plain containers.

    Raises:
        InputError: as `section`.
    """
    return cast(dict[str, Any], OmegaConf.to_container(section(config, where), resolve=True))


def check_keys(config: DictConfig, where: str, known: tuple[str, ...]) -> None:
    """Raise InputError for a key of `config` that is not among the known ones."""
    for key in map(str, config):
        if key not in known:
            name = f"{where}.{key}" if where else key
            raise InputError(
                f"no config key {name!r}{suggestion(key, list(known))} (known here: "
                f"{', '.join(known)})"
            )
