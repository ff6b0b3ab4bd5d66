"""Whether an order can be heard: both orders rendered at the same settings, and compared."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vschaos2.chains.features import RATE_HZ, difference_db
from vschaos2.chains.pedals import PEDALS, Pedal
from vschaos2.chains.plucked import take
from vschaos2.chains.rack import Rack, Setup
from vschaos2.errors import InputError
from vschaos2.ranges import check_number
from vschaos2.terminal import printable

Samples = npt.NDArray[np.float32]

HEARD_DB = 0.5  # between two orders, from which they count as two
STAND_IN_S = 4.0


class Swapped(NamedTuple):
    """Two orders of two effects.

    Attributes:
        first: the sound of the one order.
        second: of the other.
        apart_db: mean difference of their spectrograms, level aside.
    """

    first: Samples
    second: Samples
    apart_db: float

    @property
    def is_heard(self) -> bool:
        """Whether it matters."""
        return self.apart_db >= HEARD_DB


def swapped(first: Setup, second: Setup, dry: Samples) -> Swapped:
    """Both orders of two pedals. Shape: dry [T] at `RATE_HZ`."""
    rack = Rack(RATE_HZ)
    one, other = rack.play_all([first, second], dry), rack.play_all([second, first], dry)
    return Swapped(one, other, difference_db(one, other))


def setups_of(names: Sequence[str], told: Sequence[str]) -> list[Setup]:
    """Pedals by name, set as is told, and else in the middle of their ranges.

    Args:
        names: of effects.
        told: EFFECT.SETTING=VALUE each.

    Raises:
        InputError: for what is no effect, no setting of one of them, or no value that it takes.
    """
    for name in names:
        if name not in PEDALS:
            raise InputError(f"no effect {printable(name)!r} (there are {', '.join(PEDALS)})")
    if len(set(names)) < len(names):
        raise InputError(f"--swap {' '.join(names)}: give two different effects")
    values: dict[str, dict[str, float]] = {name: {} for name in names}
    for text in told:
        where, _, value = text.partition("=")
        effect, _, key = where.partition(".")
        if effect not in values:
            raise InputError(f"--set {printable(text)}: must begin with {' or '.join(names)}.")
        pedal = PEDALS[effect]
        known = {each.name: each for each in (*pedal.settings, *pedal.varied)}
        if key not in known:
            raise InputError(
                f"--set {printable(text)}: {effect} has no setting {printable(key)!r} (its own: "
                f"{', '.join(known)})"
            )
        try:
            number = float(value)
        except ValueError:
            raise InputError(
                f"--set {printable(text)}: {printable(value)!r} is no number"
            ) from None
        check_number(f"--set {effect}.{key}", number, known[key].least, known[key].most)
        values[effect][key] = number
    return [Setup(PEDALS[name], PEDALS[name].usual(values[name])) for name in names]


def stand_in() -> Samples:
    """A phrase on plucked strings, where nobody has the dry sound."""
    return np.float32(0.4) * take(np.random.default_rng(7), STAND_IN_S, RATE_HZ, "phrase")


class Nearness:
    """Which orders of a chain sound the same at its settings, though not to the sample.

    Args:
        pedals: by place in the vocabulary.
        values: of every pedal's settings, by its name.
        dry: that is played, [T].
    """

    def __init__(
        self, pedals: Sequence[Pedal], values: Mapping[str, Mapping[str, float]], dry: Samples
    ) -> None:
        self.rack, self.dry = Rack(RATE_HZ), dry
        self.setups = [Setup(p, p.usual(values.get(p.name, {}))) for p in pedals]
        self.sounds: dict[tuple[int, ...], Samples] = {}

    def apart_db(self, a: Sequence[int], b: Sequence[int]) -> float:
        """How far two chains of the same effects are apart."""
        return difference_db(self._sound(tuple(a)), self._sound(tuple(b)))

    def _sound(self, chain: tuple[int, ...]) -> Samples:
        if not chain:
            return self.dry
        if chain not in self.sounds:
            self.sounds[chain] = self.rack.play(self.setups[chain[-1]], self._sound(chain[:-1]))
        return self.sounds[chain]
