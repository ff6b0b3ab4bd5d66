"""Examples by number: a dry sound through a chain drawn by chance, and what is to be said of it.

    dry take ──speed, tone, level, hum, noise──> dry ──pedal──> … ──pedal──> wet ──> heard
                                                      └ less than half a dB: no label

An example is a function of a seed and its number and of nothing else: it can be rendered in any
process, at any time.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from vschaos2.chains.features import HOP, RATE_HZ, apart_db, heard, levelled, log_mel
from vschaos2.chains.pedals import Pedal
from vschaos2.chains.rack import Rack, Setup
from vschaos2.chains.takes import Takes
from vschaos2.errors import InputError
from vschaos2.ranges import check_number

Samples = npt.NDArray[np.float32]

HUM_HZ = (50.0, 60.0)


class Rendering(NamedTuple):
    """How examples are made.

    Attributes:
        seconds: of a window.
        run_up_s: most that is played before a window, so that not all begin in silence.
        shares: of chains of 0, 1, 2, … effects.
        audible_db: an effect that changes the sound by less has no label.
        peak_db: lowest and highest peak of the dry sound.
        speeds: lowest and highest.
        tilt_db: most by which the dry sound is made brighter or duller.
        noise_db: lowest and highest level of noise, below the peak.
        with_dry: whether the dry sound is heard, too.
    """

    seconds: float
    run_up_s: float
    shares: list[float]
    audible_db: float
    peak_db: list[float]
    speeds: list[float]
    tilt_db: float
    noise_db: list[float]
    with_dry: bool = False

    def check(self, longest: int) -> "Rendering":
        """The same.

        Args:
            longest: effects in a chain at most.

        Raises:
            InputError: for a value out of range.
        """
        where = "data.rendering"
        check_number(f"{where}.seconds", self.seconds, 0.7, 20.0)
        check_number(f"{where}.run_up_s", self.run_up_s, 0.0, 10.0)
        check_number(f"{where}.audible_db", self.audible_db, 0.0, 20.0)
        check_number(f"{where}.tilt_db", self.tilt_db, 0.0, 40.0)
        for name, least, most in (
            ("peak_db", -80.0, 0.0), ("speeds", 0.25, 4.0), ("noise_db", -200.0, 0.0)
        ):  # fmt: skip
            ends = getattr(self, name)
            if not isinstance(ends, list) or len(ends) != 2:
                raise InputError(f"{where}.{name} must be [lowest, highest], got {ends!r}")
            for end in ends:
                check_number(f"{where}.{name}", end, least, most)
            if ends[0] > ends[1]:
                raise InputError(f"{where}.{name}: the first must not be above the second")
        if len(self.shares) != longest + 1:
            raise InputError(
                f"{where}.shares must have {longest + 1} numbers, for chains of 0 to {longest} "
                f"effects, got {self.shares!r}"
            )
        for share in self.shares:
            check_number(f"{where}.shares", share, 0.0, 1e6)
        if not sum(self.shares) > 0.0:
            raise InputError(f"{where}.shares: one must be above 0")
        return self


class Example(NamedTuple):
    """A rendered chain.

    Attributes:
        dry: at the level of the wet sound's input, [T].
        wet: behind the chain, [T].
        chain: what was in it and could be heard.
    """

    dry: Samples
    wet: Samples
    chain: list[Setup]


class Renderer:
    """Examples of chains of some pedals on some takes.

    Args:
        pedals: E of them.
        takes: what is played.
        rendering: how.
        seed: of all draws, several numbers.
        rack: that plays; its own if None. Another maker's would have a `play` as `Rack` has.
    """

    def __init__(
        self,
        pedals: Sequence[Pedal],
        takes: Takes,
        rendering: Rendering,
        seed: Sequence[int],
        rack: Any = None,
    ) -> None:
        self.pedals, self.takes, self.rendering, self.seed = (
            list(pedals),
            takes,
            rendering,
            tuple(seed),
        )
        self.rack = Rack(RATE_HZ) if rack is None else rack
        self.samples = round(rendering.seconds * RATE_HZ)

    def example(self, number: int) -> Example:
        """One example, whole."""
        rng = np.random.default_rng([*self.seed, number])
        how = self.rendering
        run_up = round(rng.uniform(0.0, how.run_up_s) * RATE_HZ) if rng.random() < 0.5 else 0
        dry = self._dry(rng, run_up + self.samples)
        shares = np.array(how.shares) / sum(how.shares)
        length = min(int(rng.choice(len(shares), p=shares)), len(self.pedals))
        chosen = rng.permutation(len(self.pedals))[:length]
        wet, chain = dry, []
        before = log_mel(levelled(wet[run_up:]), 2 * HOP)
        for setup in (Setup(self.pedals[n], self.pedals[n].draw(rng)) for n in chosen):
            wet = self.rack.play(setup, wet)
            after = log_mel(levelled(wet[run_up:]), 2 * HOP)
            if apart_db(before, after) >= how.audible_db:
                chain.append(setup)
            before = after
        return Example(dry[run_up:], wet[run_up:], chain)

    def _dry(self, rng: np.random.Generator, samples: int) -> Samples:
        how = self.rendering
        speed = _between(rng, how.speeds)
        taken = self.takes.draw(rng, int(np.ceil(samples * speed)) + 2)
        sound = np.interp(np.arange(samples) * speed, np.arange(len(taken)), taken)
        # A shelf above some 700 Hz.
        tilt = 10.0 ** (rng.uniform(-how.tilt_db, how.tilt_db) / 20.0)
        low = lfilter([0.2], [1.0, -0.8], sound)
        sound = low + tilt * (sound - low)
        sound = (sound / max(float(np.abs(sound).max()), 1e-9)).astype(np.float32)
        noise = 10.0 ** (_between(rng, how.noise_db) / 20.0)
        hum = (
            rng.uniform() ** 2
            * noise
            * np.sin(
                2.0 * np.pi * rng.choice(HUM_HZ) * np.arange(samples) / RATE_HZ
                + rng.uniform(0, 6.28)
            )
        )
        sound = sound + noise * rng.standard_normal(samples, np.float32) + hum
        peak = 10.0 ** (_between(rng, how.peak_db) / 20.0)
        return (sound * (peak / np.abs(sound).max())).astype(np.float32)


def _between(rng: np.random.Generator, ends: Sequence[float]) -> float:
    return float(rng.uniform(ends[0], ends[1]))


class Rendered(NamedTuple):
    """Examples as a network learns from them.

    Attributes:
        mel: what is heard: of the wet sound, or of wet and dry, [B, 1 or 2, F, 64].
        summary: the same, [B, 1 or 2, S].
        chain: effects in order, -1 behind the last, [B, L].
        settings: places of all settings of all pedals, NaN where the pedal is not there, [B, P].
    """

    mel: npt.NDArray[np.float16]
    summary: npt.NDArray[np.float16]
    chain: npt.NDArray[np.int8]
    settings: npt.NDArray[np.float32]


def rendered(renderer: Renderer, numbers: Sequence[int]) -> Rendered:
    """Examples by their numbers."""
    names = [pedal.name for pedal in renderer.pedals]
    counts = np.cumsum([0, *(len(pedal.settings) for pedal in renderer.pedals)])
    longest = len(renderer.rendering.shares) - 1
    mels, summaries, chains, settings = [], [], [], []
    for number in numbers:
        example = renderer.example(number)
        sounds = [example.wet, example.dry] if renderer.rendering.with_dry else [example.wet]
        found = [heard(sound) for sound in sounds]
        mels.append([each.mel for each in found])
        summaries.append([each.summary for each in found])
        chain, places = np.full(longest, -1, np.int8), np.full(counts[-1], np.nan, np.float32)
        for place, setup in enumerate(example.chain):
            effect = names.index(setup.pedal.name)
            chain[place] = effect
            for n, setting in enumerate(setup.pedal.settings):
                places[counts[effect] + n] = setting.place(setup.values[setting.name])
        chains.append(chain)
        settings.append(places)
    return Rendered(np.array(mels), np.array(summaries), np.array(chains), np.array(settings))
