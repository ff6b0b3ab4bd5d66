"""Another maker's effects in the place of our own: those of pedalboard, if it is there (GPL-3.0).

Settings carry over as far as they mean the same; the rest is drawn anew for each pedal, from what
players use.
"""

import importlib
from typing import Any

import numpy as np
import numpy.typing as npt

from vschaos2.chains.features import RATE_HZ
from vschaos2.chains.rack import Setup

Samples = npt.NDArray[np.float32]


class PedalboardRack:
    """Plays setups as `vschaos2.chains.rack.Rack` does; imports pedalboard when it is made."""

    def __init__(self) -> None:
        self.board: Any = importlib.import_module("pedalboard")

    def play(self, setup: Setup, sound: Samples) -> Samples:
        """A sound behind one effect. Shape: [T] → [T]."""
        effect, gain = self._effect(setup.pedal.name, setup.values)
        return np.asarray(effect(np.ascontiguousarray(sound), RATE_HZ) * np.float32(gain))

    def _effect(self, name: str, v: dict[str, float]) -> tuple[Any, float]:
        b = self.board
        wet = 10.0 ** (v.get("level_db", 0.0) / 20.0)
        if name == "compressor":
            made_up = -0.55 * v["threshold_db"] * (1.0 - 1.0 / v["ratio"])
            # It follows peaks, ours the mean power: some 6 dB apart.
            effect = b.Compressor(
                v["threshold_db"] + 6.0, v["ratio"], v["attack_ms"], v["release_ms"]
            )
            return effect, 10.0 ** (made_up / 20.0)
        if name == "eq":
            mode = b.LadderFilter.Mode.LPF12
            return b.LadderFilter(mode, v["cutoff_hz"], min(0.6, 0.25 * v["q"])), 1.0
        if name == "distortion":
            return b.Distortion(v["drive_db"]), 0.4
        if name == "chorus":
            depth = min(1.0, v["depth_ms"] / 4.0)
            return b.Chorus(v["rate_hz"], depth, v["delay_ms"], 0.0, v["mix"]), 1.0
        if name == "delay":
            return b.Delay(v["time_ms"] / 1000.0, v["feedback"], wet / (1.0 + wet)), 1.0
        if name == "reverb":
            size = min(0.95, 0.35 + 0.15 * v["decay_s"])
            return b.Reverb(size, 1.0 - v["high_ratio"], wet / 2.0, 0.6), 1.0
        raise ValueError(f"no effect of pedalboard stands for {name}")
