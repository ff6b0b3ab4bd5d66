"""A take as it comes to the first effect: played faster or slower, through a pickup, in a room.

    take ──speed, tone──> [pickup] ──> [room] ──noise, hum, level──> dry

None of it is an effect that is asked for. Whoever learns from sounds that are drier and brighter
than anybody's guitar takes every real one for an effect.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import lfilter

from vschaos2.chains.features import RATE_HZ
from vschaos2.chains.takes import Takes
from vschaos2.ranges import check_number, check_range

Samples = npt.NDArray[np.float32]

HUM_HZ = (50.0, 60.0)
PICKUP_Q = (0.6, 2.0)  # of the resonance of a coil and its cable
ROOM_DB = (-26.0, -6.0)  # of the room, below the sound


class DrySound(NamedTuple):
    """How takes vary.

    Attributes:
        peak_db: lowest and highest peak.
        speeds: lowest and highest.
        tilt_db: most by which it is made brighter or duller.
        noise_db: lowest and highest level of noise, below the peak.
        pickup_hz: lowest and highest frequency above which a pickup falls.
        pickups: part of the takes that go through one.
        room_s: shortest and longest time in which a room falls by 60 dB.
        rooms: part of the takes that stand in one.
    """

    peak_db: list[float]
    speeds: list[float]
    tilt_db: float
    noise_db: list[float]
    pickup_hz: list[float]
    pickups: float
    room_s: list[float]
    rooms: float

    def check(self) -> "DrySound":
        """The same.

        Raises:
            InputError: for a value out of range.
        """
        where = "data.rendering"
        for name, least, most in (
            ("peak_db", -80.0, 0.0), ("speeds", 0.25, 4.0), ("noise_db", -200.0, 0.0),
            ("pickup_hz", 200.0, 10_000.0), ("room_s", 0.01, 2.0),
        ):  # fmt: skip
            check_range(f"{where}.{name}", getattr(self, name), least, most)
        check_number(f"{where}.tilt_db", self.tilt_db, 0.0, 40.0)
        check_number(f"{where}.pickups", self.pickups, 0.0, 1.0)
        check_number(f"{where}.rooms", self.rooms, 0.0, 1.0)
        return self

    def draw(self, takes: Takes, rng: np.random.Generator, samples: int) -> Samples:
        """A take as it comes to the first effect. Shape: → [samples]."""
        speed = _between(rng, self.speeds)
        taken = takes.draw(rng, int(np.ceil(samples * speed)) + 2)
        sound = np.interp(np.arange(samples) * speed, np.arange(len(taken)), taken)
        # A shelf above some 700 Hz.
        tilt = 10.0 ** (rng.uniform(-self.tilt_db, self.tilt_db) / 20.0)
        low = lfilter([0.2], [1.0, -0.8], sound)
        sound = low + tilt * (sound - low)
        if rng.random() < self.pickups:
            sound = through_pickup(sound, _log_between(rng, self.pickup_hz), rng.uniform(*PICKUP_Q))
        if rng.random() < self.rooms:
            sound = in_a_room(sound, _log_between(rng, self.room_s), _between(rng, ROOM_DB), rng)
        sound = (sound / max(float(np.abs(sound).max()), 1e-9)).astype(np.float32)
        noise = 10.0 ** (_between(rng, self.noise_db) / 20.0)
        turn = 2.0 * np.pi * rng.choice(HUM_HZ) * np.arange(samples) / RATE_HZ
        hum = rng.uniform() ** 2 * noise * np.sin(turn + rng.uniform(0.0, 6.28))
        sound = sound + noise * rng.standard_normal(samples, np.float32) + hum
        peak = 10.0 ** (_between(rng, self.peak_db) / 20.0)
        return (sound * (peak / np.abs(sound).max())).astype(np.float32)


def through_pickup(sound: npt.NDArray[np.float64], hz: float, q: float) -> npt.NDArray[np.float64]:
    """A low pass of second order that resonates, as a coil with its cable does. Shape: [T].

    Source: the bilinear transform of ω² / (s² + s ω / q + ω²), as in R. Bristow-Johnson's cookbook.
    """
    turn = 2.0 * np.pi * min(hz, 0.45 * RATE_HZ) / RATE_HZ
    alpha, cosine = np.sin(turn) / (2.0 * q), np.cos(turn)
    b = np.array([1.0 - cosine, 2.0 * (1.0 - cosine), 1.0 - cosine]) / 2.0
    return np.asarray(lfilter(b, [1.0 + alpha, -2.0 * cosine, 1.0 - alpha], sound))


def in_a_room(
    sound: npt.NDArray[np.float64], seconds: float, level_db: float, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """A sound and, below it, the room that it is in: noise that falls. Shape: [T].

    Args:
        sound: the sound.
        seconds: in which the room falls by 60 dB.
        level_db: of the room, against the sound.
        rng: of its reflections.
    """
    count = max(2, round(seconds * RATE_HZ))
    answer = rng.standard_normal(count) * 10.0 ** (-3.0 * np.arange(count) / count)
    # Walls are duller than air, and the first of them is some milliseconds away.
    answer = lfilter([0.4], [1.0, -0.6], answer)
    answer[: min(count // 2, round(rng.uniform(0.001, 0.012) * RATE_HZ))] = 0.0
    answer *= 10.0 ** (level_db / 20.0) / np.sqrt(np.square(answer).sum())
    answer[0] += 1.0
    size = next_fast_len(len(sound) + count, real=True)
    return np.asarray(irfft(rfft(sound, size) * rfft(answer, size), size)[: len(sound)])


def _between(rng: np.random.Generator, ends: Sequence[float]) -> float:
    return float(rng.uniform(ends[0], ends[1]))


def _log_between(rng: np.random.Generator, ends: Sequence[float]) -> float:
    return float(np.exp(rng.uniform(np.log(ends[0]), np.log(ends[1]))))
