"""A chain as a program for those who have pedalboard: text, which nothing here runs or imports.

pedalboard (Spotify, GPL-3.0) has effects of the same kinds and other circuits: settings carry over
as far as they mean the same.
"""

from collections.abc import Callable, Mapping, Sequence

from vschaos2.chains.pedals import PEDALS
from vschaos2.chains.rack import Setup

Values = Mapping[str, float]


def _call(name: str, **values: float) -> str:
    return f"{name}({', '.join(f'{key}={value:.4g}' for key, value in values.items())})"


def _compressor(v: Values) -> str:
    turned_down = _call(
        "Compressor", threshold_db=v["threshold_db"], ratio=v["ratio"],
        attack_ms=v["attack_ms"], release_ms=v["release_ms"],
    )  # fmt: skip
    # What follows hears the level that ours makes up for.
    (stage,) = PEDALS["compressor"].stages(v)
    return f"{turned_down}, {_call('Gain', gain_db=stage.values['makeup_db'])}"


def _eq(v: Values) -> str:
    # A ladder of two poles; its resonance from 0 to 1 for a Q from some .5 on.
    resonance = min(0.95, max(0.0, 1.0 - 0.5 / v["q"]))
    return _call("LadderFilter", mode=0, cutoff_hz=v["cutoff_hz"], resonance=resonance).replace(
        "mode=0", "mode=LadderFilter.Mode.LPF12"
    )


def _chorus(v: Values) -> str:
    return _call(
        "Chorus", rate_hz=v["rate_hz"], depth=min(1.0, v["depth_ms"] / v["delay_ms"]),
        centre_delay_ms=v["delay_ms"], feedback=0.0, mix=v["mix"],
    )  # fmt: skip


def _phaser(v: Values) -> str:
    return _call(
        "Phaser", rate_hz=v["rate_hz"], depth=min(1.0, v["depth_octaves"] / 3.0),
        centre_frequency_hz=v["centre_hz"], feedback=v["feedback"], mix=0.5,
    )  # fmt: skip


def _delay(v: Values) -> str:
    wet = 10.0 ** (v["level_db"] / 20.0)
    return _call(
        "Delay", delay_seconds=v["time_ms"] / 1000.0, feedback=v["feedback"], mix=wet / (1.0 + wet)
    )


def _reverb(v: Values) -> str:
    wet = 10.0 ** (v["level_db"] / 20.0)
    return _call(
        "Reverb", room_size=min(0.95, 0.35 + 0.15 * v["decay_s"]), damping=1.0 - v["high_ratio"],
        wet_level=wet / (1.0 + wet), dry_level=1.0 / (1.0 + wet),
    )  # fmt: skip


CALLS: dict[str, Callable[[Values], str]] = {
    "compressor": _compressor,
    "eq": _eq,
    "distortion": lambda v: _call("Distortion", drive_db=v["drive_db"]),
    "chorus": _chorus,
    "phaser": _phaser,
    "delay": _delay,
    "reverb": _reverb,
}


def script(setups: Sequence[Setup]) -> str:
    """The program. What pedalboard has no effect for is named in a comment."""
    found = []
    for setup in setups:
        call = CALLS.get(setup.pedal.name)
        told = ", ".join(f"{n.name} {setup.values[n.name]:.4g}" for n in setup.pedal.settings)
        known = f"        {call(setup.values)}," if call else "        # pedalboard has none:"
        found.append(f"{known}  # {setup.pedal.name}: {told}")
    chain = "\n".join(found)
    return f'''"""Plays a sound through a chain, by pedalboard: python chain.py IN.wav OUT.wav"""

import sys

from pedalboard import *
from pedalboard.io import AudioFile

board = Pedalboard(
    [
{chain}
    ]
)
with AudioFile(sys.argv[1]) as dry:
    wet = board(dry.read(dry.frames), dry.samplerate)
with AudioFile(sys.argv[2], "w", dry.samplerate, wet.shape[0]) as out:
    out.write(wet)
'''
