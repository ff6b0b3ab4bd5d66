"""Configurations: what they may hold, and Hydra's complaints told in one line.

Every key of a configuration is an argument of something: of a class that it names, of the
trainer, of the data module. Nothing is read with a default of its own, so a mistyped key has
nowhere to hide.
"""

import difflib
import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from vschaos2.errors import InputError

T = TypeVar("T")

FLAGS = (
    *("--help", "--hydra-help", "--version", "--cfg", "--resolve", "--package", "--run"),
    *("--multirun", "--shell-completion", "--config-path", "--config-name", "--config-dir"),
    *("--experimental-rerun", "--info", "-h", "-c", "-p", "-r", "-m", "-sc", "-cp", "-cn"),
    *("-cd", "-i"),
)


def suggestion(word: str, known: list[str]) -> str:
    """A hint ", did you mean …?" for a mistyped word, or nothing."""
    close = difflib.get_close_matches(word, known, 1, 0.6)
    return f", did you mean {close[0]!r}?" if close else ""


def lenient_overrides(arguments: list[str]) -> list[str]:
    """Command-line arguments with +key=value meaning "set it", whether the key exists or not.

    Raises:
        InputError: for an option that Hydra does not have.
    """
    result = []
    for argument in arguments:
        flag = argument.split("=")[0]
        if flag.startswith("-") and flag not in FLAGS:
            hint = suggestion(flag, list(FLAGS)) or ": values are set as key=value"
            raise InputError(f"unknown option {flag}{hint}")
        result.append("+" + argument if re.match(r"\+[^+]", argument) else argument)
    return result


def call(function: Callable[..., T], where: str, options: Mapping[str, Any], **others: Any) -> T:
    """function(**options, **others), where options come from the part `where` of a configuration.

    Raises:
        InputError: for a key that the function does not take, or a value that it refuses.
    """
    parameters = inspect.signature(function).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    known = [name for name in parameters if name not in others]
    for key in options:
        if key not in known and not open_ended:
            raise InputError(
                f"{where} has no key {key!r}{suggestion(str(key), known)} (its keys: "
                f"{', '.join(known)})"
            )
        if key in parameters:
            _check_type(f"{where}.{key}", options[key], parameters[str(key)].annotation)
    try:
        return function(**options, **others)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: {' '.join(str(error).split())}") from error


def _check_type(where: str, value: Any, annotation: Any) -> None:
    """Raise InputError if a plain value is not of the plain type that a signature asks for."""
    allowed = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    if not all(kind in (int, float, str, bool, NoneType) for kind in allowed):
        return
    if float in allowed and type(value) is int:
        return
    if type(value) not in allowed:
        names = " or ".join("null" if kind is NoneType else kind.__name__ for kind in allowed)
        raise InputError(f"{where} must be {names}, got {value!r}")


def check_keys(config: DictConfig, where: str, known: tuple[str, ...]) -> None:
    """Raise InputError for a key of `config` that is not among the known ones."""
    for key in map(str, config):
        if key not in known:
            name = f"{where}.{key}" if where else key
            raise InputError(
                f"no config key {name!r}{suggestion(key, list(known))} (known here: "
                f"{', '.join(known)})"
            )


def explain(error: Exception, folder: Path, arguments: list[str]) -> InputError:
    """The one-line form of an error in the composition of a configuration.

    Args:
        error: what Hydra or OmegaConf raised.
        folder: the folder of configurations.
        arguments: the command line, for the name of the configuration.
    """
    text = str(error)
    mistyped = re.search(r"Could not override '([^']+)'", text)
    if mistyped:
        known = _keys(folder, arguments)
        return InputError(f"no config key {mistyped[1]!r}{suggestion(mistyped[1], known)}")
    missing = re.search(r"Cannot find primary config '([^']+)'", text)
    if missing:
        names = sorted(p.stem for p in folder.glob("*.yaml"))
        return InputError(
            f"no configuration {missing[1]!r}{suggestion(missing[1], names)} (there are "
            f"{', '.join(names)})"
        )
    launcher = re.search(r"hydra/launcher/(submitit\w*)", text)
    if launcher:
        return InputError(
            f"hydra/launcher={launcher[1]} is not installed: pip install hydra-submitit-launcher"
        )
    kept = re.split(r"\n\s*(?:Config search path|See https|object_type)", text)[0]
    return InputError("configuration: " + " ".join(kept.split()))


def _keys(folder: Path, arguments: list[str]) -> list[str]:
    """Every dotted key of the configuration that a command line names."""
    name = "dgt_mid"
    for flag, value in zip(arguments, [*arguments[1:], ""], strict=True):
        if flag in ("--config-name", "-cn"):
            name = value
        elif flag.startswith("--config-name="):
            name = flag.split("=", 1)[1]
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(folder.resolve()), version_base="1.3"):
        return _dotted(OmegaConf.to_container(compose(name), resolve=False), "")


def _dotted(node: Any, prefix: str) -> list[str]:
    if not isinstance(node, dict):
        return []
    keys = [f"{prefix}{key}" for key in node]
    return keys + [k for key, value in node.items() for k in _dotted(value, f"{prefix}{key}.")]
