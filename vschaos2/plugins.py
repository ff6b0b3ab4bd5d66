"""Packages of the user's own whose parts and families register themselves when they are imported.

A plug-in is code: it is imported only where the user names it, on the command line or in a call.
A configuration or a run folder may come from a stranger, and only says which plug-ins it needs.
"""

import importlib
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vschaos2.errors import InputError

OURS = Path(__file__).resolve().parent
_LOADED: list[str] = []


def load_plugins(names: Sequence[str]) -> None:
    """Import packages or modules, from the current folder or as they are installed.

    Args:
        names: such as "my_package" or "my_package.encoders".

    Raises:
        InputError: for what is no module's name, is not there, or fails when it is imported.
    """
    for name in names:
        if not isinstance(name, str) or not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", name):
            raise InputError(f"plugins: {name!r} is no module's name: write plugins=[my_package]")
        here = str(Path.cwd())
        added = here not in sys.path
        if added:
            sys.path.append(here)  # last: nothing there stands in for what is installed
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if not (error.name and f"{name}.".startswith(f"{error.name}.")):
                raise _failing(name, error) from error
            raise InputError(
                f"plugins: there is no module {error.name}, neither in {here} nor installed: give "
                "the name that Python imports"
            ) from error
        except InputError:
            raise
        except (Exception, SystemExit) as error:  # whatever the user's own code does
            raise _failing(name, error) from error
        finally:
            if added and here in sys.path:
                sys.path.remove(here)
        if name not in _LOADED:
            _LOADED.append(name)


def check_plugins(needed: Any) -> None:
    """See that the plug-ins that a configuration needs are loaded.

    Args:
        needed: `plugins` of a configuration.

    Raises:
        InputError: if one is not.
    """
    if not isinstance(needed, list) or not all(isinstance(name, str) for name in needed):
        raise InputError(f"plugins must be a list of modules, such as [mine], got {needed!r:.80}")
    missing = [name for name in needed if name not in _LOADED]
    if missing:
        raise InputError(
            f"needs the plug-in {', '.join(map(repr, missing))}, code that is not vschaos2's own: "
            f"if you know it, name it again, with {remedy()}"
        )


def remedy() -> str:
    """How a program is told of plug-ins."""
    words = Path(sys.argv[0]).name, *sys.argv[1:2]
    trains = "train_model.py" in words or "train" in words
    return "plugins=[…]" if trains else "--plugins …"


def _failing(name: str, error: BaseException) -> InputError:
    """The one line for a plug-in that cannot be imported, with the place in it that failed.

    Where it calls our code, which refuses, that is the line of the call.
    """
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not Path(frame.filename).is_relative_to(OURS)] or frames
    place = f"{theirs[-1].filename}, line {theirs[-1].lineno}" if theirs else name
    if isinstance(error, SyntaxError):
        place = f"{error.filename}, line {error.lineno}"
    return InputError(f"plugins: {name} fails: {type(error).__name__}: {error} ({place})")
