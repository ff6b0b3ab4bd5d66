"""The effects that a chain is made of, as pedals: a few settings each, in units.

A pedal is one or several processors, its *stages*, so that what is rendered while a network learns
is what is exported and played. Some of what its stages are set by is a setting, which is asked for
and told of; some only varies from device to device, such as the knee of a compressor or where an
oscillator stands.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from vschaos2.errors import InputError
from vschaos2.ranges import check_number

Values = Mapping[str, float]


class Wow(NamedTuple):
    """How a parameter sways, as a tape's speed does.

    Attributes:
        name: of the parameter.
        depth: of its value, by which it sways to both sides.
        rate_hz: how often.
        phase: where it begins, in turns.
    """

    name: str
    depth: float
    rate_hz: float
    phase: float


class Stage(NamedTuple):
    """One processor of a pedal.

    Attributes:
        kind: what it is registered as.
        values: of its parameters, in their units; those left out stand at their first values.
        options: of its kind.
        wow: of one parameter; None where all stand still.
    """

    kind: str
    values: dict[str, float]
    options: dict[str, Any] = {}  # noqa: RUF012 - never written to
    wow: Wow | None = None


class Setting(NamedTuple):
    """A number that differs from one pedal of a kind to the next.

    Attributes:
        name: such as "cutoff_hz".
        unit: "dB", "Hz", "ms", "s", or "" for a bare number.
        least: the smallest that the pedal takes.
        most: the largest.
        lowest: where it is drawn from, at first.
        highest: up to here.
        is_log: whether ratios count, and not differences.
    """

    name: str
    unit: str
    least: float
    most: float
    lowest: float
    highest: float
    is_log: bool = False

    def value(self, place: float) -> float:
        """The value at a place between the lowest (0) and the highest (1)."""
        if self.is_log:
            return self.lowest * (self.highest / self.lowest) ** place
        return self.lowest + place * (self.highest - self.lowest)

    def place(self, value: float) -> float:
        """The place of a value: beyond 0 and 1 where it is beyond what is drawn."""
        if self.is_log:
            return math.log(value / self.lowest) / math.log(self.highest / self.lowest)
        return (value - self.lowest) / (self.highest - self.lowest)

    def between(self, where: str, ends: Any) -> "Setting":
        """The same with other ends.

        Raises:
            InputError: unless they are two numbers within what the pedal takes, in order.
        """
        if not isinstance(ends, list | tuple) or len(ends) != 2:
            raise InputError(f"{where} must be [lowest, highest], got {ends!r}")
        for end in ends:
            check_number(where, end, self.least, self.most)
        if not ends[0] < ends[1]:
            raise InputError(f"{where}: the first must be below the second, got {list(ends)}")
        return self._replace(lowest=float(ends[0]), highest=float(ends[1]))


class Pedal(NamedTuple):
    """An effect that chains are made of.

    Attributes:
        name: of the effect.
        settings: what is told of it.
        varied: what is not, but differs as well.
        stages: all of their values → its processors.
        is_linear: whether it is linear and, but for a tape's wow, time-invariant.
    """

    name: str
    settings: tuple[Setting, ...]
    varied: tuple[Setting, ...]
    stages: Callable[[Values], list[Stage]]
    is_linear: bool = False

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        """Values anywhere in their ranges."""
        every = (*self.settings, *self.varied)
        return {each.name: each.value(float(rng.random())) for each in every}

    def usual(self, told: Values) -> dict[str, float]:
        """Values that are told, and the middle of the range of every other."""
        every = (*self.settings, *self.varied)
        return {each.name: told.get(each.name, each.value(0.5)) for each in every}


PHASE = Setting("phase", "", -0.5, 0.5, -0.5, 0.5)
TRIANGLE = Setting("triangle", "", 0, 1, 0, 1)
SIZES = (0.6, 0.8, 1.0, 1.3, 1.7)  # of the rooms of different reverbs


def _compressor(v: Values) -> list[Stage]:
    # What is turned down is made up for by about half, as pedals do: what follows hears a level.
    makeup = min(36.0, -0.55 * v["threshold_db"] * (1.0 - 1.0 / v["ratio"]))
    names = ("threshold_db", "ratio", "attack_ms", "release_ms", "knee_db", "detector_ms")
    return [Stage("compressor", {"makeup_db": makeup} | {name: v[name] for name in names})]


def _eq(v: Values) -> list[Stage]:
    values = {"low_pass_hz": v["cutoff_hz"], "low_pass_q": v["q"]}
    return [Stage("channel_eq", values, {"bands": ["low_pass"]})]


def _distortion(v: Values) -> list[Stage]:
    curve = {name: v[name] for name in ("drive_db", "bias", "hardness")}
    return [
        Stage("high_pass", {"high_pass_hz": v["tight_hz"]}),
        Stage("clip", curve),
        Stage("high_pass", {"high_pass_hz": 30.0}),  # a bias leaves a constant
        Stage("gain", {"gain_db": -8.0}),
    ]


def _oscillator(v: Values) -> dict[str, float]:
    return {
        "lfo_period_s": 1.0 / v["rate_hz"],
        "lfo_phase": v["phase"],
        "lfo_triangle": v["triangle"],
    }


def _chorus(v: Values) -> list[Stage]:
    depth = min(0.95, v["depth_ms"] / v["delay_ms"])
    values = {"delay_ms": v["delay_ms"], "depth": depth, "mix": v["mix"]}
    return [Stage("chorus", _oscillator(v) | values)]


def _phaser(v: Values) -> list[Stage]:
    names = ("centre_hz", "depth_octaves", "feedback")
    return [Stage("phaser", _oscillator(v) | {name: v[name] for name in names})]


def _tremolo(v: Values) -> list[Stage]:
    return [Stage("tremolo", _oscillator(v) | {"depth": v["depth"]})]


def _delay(v: Values) -> list[Stage]:
    values = {
        "echo_ms": v["time_ms"],
        "echo_feedback": v["feedback"],
        "echo_db": v["level_db"],
        "echo_low_pass_hz": v["low_pass_hz"],
    }
    # Below zero it stands still, as half of all delays do.
    wow = Wow("echo_ms", v["wow"], v["wow_hz"], v["phase"]) if v["wow"] > 0.0 else None
    return [Stage("echo", values, wow=wow)]


def _reverb(v: Values) -> list[Stage]:
    values = {
        "room_low_s": v["decay_s"],
        "room_db": v["level_db"],
        "room_high_ratio": v["high_ratio"],
    }
    return [Stage("room", values, {"size": SIZES[min(int(v["size"]), len(SIZES) - 1)]})]


PEDALS = {
    pedal.name: pedal
    for pedal in (
        Pedal(
            "compressor",
            (
                Setting("threshold_db", "dB", -60, 0, -45, -24),
                Setting("ratio", "", 1, 20, 3, 20, True),
                Setting("attack_ms", "ms", 0.1, 200, 1, 30, True),
                Setting("release_ms", "ms", 5, 3_000, 60, 400, True),
            ),
            (
                Setting("knee_db", "dB", 0.5, 30, 0.5, 12),
                Setting("detector_ms", "ms", 0.1, 100, 1, 15, True),
            ),
            _compressor,
        ),
        Pedal(
            "eq",
            (
                Setting("cutoff_hz", "Hz", 200, 9_900, 300, 2_200, True),
                Setting("q", "", 0.5, 10, 0.5, 2.5, True),
            ),
            (),
            _eq,
            is_linear=True,
        ),
        Pedal(
            "distortion",
            (
                Setting("drive_db", "dB", -20, 60, 14, 38),
                Setting("hardness", "", 1, 16, 1, 16, True),
            ),
            (
                Setting("bias", "", -2, 2, 0, 0.4),
                Setting("tight_hz", "Hz", 16, 5_000, 16, 400, True),
            ),
            _distortion,
        ),
        Pedal(
            "chorus",
            (
                Setting("rate_hz", "Hz", 0.05, 20, 0.5, 5, True),
                Setting("depth_ms", "ms", 0.01, 15, 0.6, 3),
                Setting("mix", "", 0, 1, 0.35, 0.6),
            ),
            (Setting("delay_ms", "ms", 4, 40, 7, 16), PHASE, TRIANGLE),
            _chorus,
        ),
        Pedal(
            "phaser",
            (
                Setting("rate_hz", "Hz", 0.05, 20, 0.3, 4, True),
                Setting("depth_octaves", "", 0, 3, 0.6, 2),
                Setting("feedback", "", -0.95, 0.95, 0, 0.8),
            ),
            (Setting("centre_hz", "Hz", 50, 8_000, 400, 1_500, True), PHASE, TRIANGLE),
            _phaser,
        ),
        Pedal(
            "tremolo",
            (
                Setting("rate_hz", "Hz", 0.05, 20, 2, 9, True),
                Setting("depth", "", 0, 1, 0.4, 1),
            ),
            (PHASE, TRIANGLE),
            _tremolo,
        ),
        Pedal(
            "delay",
            (
                Setting("time_ms", "ms", 100, 1_000, 110, 550, True),
                Setting("feedback", "", 0, 0.95, 0.1, 0.6),
                Setting("level_db", "dB", -60, 6, -9, 0),
            ),
            (
                Setting("low_pass_hz", "Hz", 200, 16_000, 1_500, 10_000, True),
                Setting("wow", "", -0.02, 0.02, -0.004, 0.004),
                Setting("wow_hz", "Hz", 0.1, 10, 0.4, 6, True),
                PHASE,
            ),
            _delay,
            is_linear=True,
        ),
        Pedal(
            "reverb",
            (
                Setting("decay_s", "s", 0.1, 10, 0.8, 4, True),
                Setting("level_db", "dB", -60, 6, -10, 3),
            ),
            (
                Setting("high_ratio", "", 0.05, 1, 0.2, 1, True),
                Setting("size", "", 0, len(SIZES), 0, len(SIZES)),
            ),
            _reverb,
            is_linear=True,
        ),
    )
}


def pedals_of(where: str, asked: Any) -> list[Pedal]:
    """The pedals of a configuration, each with the ranges that it is given.

    Args:
        where: the key, for messages.
        asked: effect → setting → [lowest, highest]; a range that is left out is the pedal's own,
            and an effect that is null is left out.

    Raises:
        InputError: for what is no effect, no setting of it, or no range; or if none is left.
    """
    if not isinstance(asked, Mapping):
        raise InputError(f"{where} must hold effect: ranges pairs, got {asked!r}")
    found = []
    for name, ranges in asked.items():
        if name not in PEDALS:
            raise InputError(f"{where}: no effect {name!r} (there are {', '.join(PEDALS)})")
        if ranges is None:
            continue
        pedal = PEDALS[name]
        if not isinstance(ranges, Mapping):
            raise InputError(f"{where}.{name} must hold setting: range pairs, got {ranges!r}")
        known = {each.name: each for each in (*pedal.settings, *pedal.varied)}
        for key in ranges:
            if key not in known:
                raise InputError(
                    f"{where}.{name}: no setting {key!r} (its own: {', '.join(known)})"
                )
        drawn = {
            key: each.between(f"{where}.{name}.{key}", ranges[key]) if key in ranges else each
            for key, each in known.items()
        }
        found.append(
            pedal._replace(
                settings=tuple(drawn[each.name] for each in pedal.settings),
                varied=tuple(drawn[each.name] for each in pedal.varied),
            )
        )
    if not found:
        raise InputError(f"{where}: no effect is left: take one")
    return found
