"""Paths by name, as a command line asks for them."""

import difflib
import inspect
from collections.abc import Callable, Iterable
from typing import Any

from vschaos2.trajectories.path import Trajectory
from vschaos2.trajectories.planar import circle, ellipse, lissajous, spiral
from vschaos2.trajectories.points import interpolate, line, point
from vschaos2.trajectories.walks import brownian, random, uniform
from vschaos2.trajectories.waves import saw, sin, square, triangle

KINDS: dict[str, Callable[..., Trajectory]] = {
    "point": point,
    "line": line,
    "interpolate": interpolate,
    "sin": sin,
    "square": square,
    "triangle": triangle,
    "saw": saw,
    "circle": circle,
    "ellipse": ellipse,
    "spiral": spiral,
    "lissajous": lissajous,
    "random": random,
    "brownian": brownian,
    "uniform": uniform,
}


def unknown(what: str, word: str, known: Iterable[str]) -> ValueError:
    """The error for a word that is none of the known ones; it names the nearest of them."""
    names = sorted(known)
    close = difflib.get_close_matches(str(word), names, 1, 0.6)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return ValueError(f"no {what} is called {word!r}: {hint}choose one of {', '.join(names)}")


def options(kind: str) -> tuple[str, ...]:
    """The names of the options that a kind takes, for instance ("frequency", "amplitude", …).

    Raises:
        ValueError: if no kind has that name.
    """
    if kind not in KINDS:
        raise unknown("trajectory", kind, KINDS)
    return tuple(name for name in inspect.signature(KINDS[kind]).parameters if name != "dims")


def make(kind: str, dims: int, **values: Any) -> Trajectory:
    """The path of that kind in D dimensions.

    Args:
        kind: a name in `KINDS`.
        dims: D ≥ 1, latent dimensions.
        values: of the options that the kind takes (`options`); the others keep their defaults.

    Raises:
        ValueError: for an unknown kind or option, with the nearest name, for `interpolate`
            without points, and for values that the kind refuses.
    """
    known = options(kind)
    for name in values:
        if name not in known:
            raise unknown(f"option of the trajectory {kind!r}", name, known)
    for name, parameter in inspect.signature(KINDS[kind]).parameters.items():
        if name != "dims" and parameter.default is inspect.Parameter.empty and name not in values:
            raise ValueError(f"the trajectory {kind!r} needs {name}, got none: give {name}=…")
    return KINDS[kind](dims, **values)
