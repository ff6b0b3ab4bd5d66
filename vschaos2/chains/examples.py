"""Examples by number: a dry sound through a chain drawn by chance, and what is to be said of it.

    dry ──pedal──> … ──pedal──> wet ──noise──> heard
               └ less than half a dB: no label

What stands behind each pedal of a chain is the end of a shorter one: a *family* is a dry sound and
what is heard behind none, one, two, … pedals. It costs hardly more than the longest chain alone,
and shows what a single pedal changes.

An example is a function of a seed and its number, and so is a family, and of nothing else: they
can be rendered in any process, at any time.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vschaos2.chains.dry import DrySound
from vschaos2.chains.features import HOP, RATE_HZ, Heard, apart_db, heard, levelled, log_mel
from vschaos2.chains.pedals import Pedal
from vschaos2.chains.rack import Rack, Setup
from vschaos2.chains.takes import Takes
from vschaos2.errors import InputError
from vschaos2.ranges import check_number, check_range

Samples = npt.NDArray[np.float32]


class Rendering(NamedTuple):
    """How examples are made.

    Attributes:
        seconds: of a window.
        run_up_s: most that is played before a window, so that not all begin in silence.
        shares: of chains of 0, 1, 2, … effects.
        audible_db: an effect that changes the sound by less has no label.
        peak_db: see `DrySound`, as all up to `rooms`.
        speeds: of takes.
        tilt_db: of their tone.
        noise_db: of noise and hum.
        with_dry: whether the dry sound is heard, too.
        pickup_hz: of pickups.
        pickups: part of the takes.
        room_s: of rooms.
        rooms: part of the takes.
        families: whether those that are learnt from are families.
        floor_db: of noise that comes behind the effects, below the peak.
        floors: part of the recordings that have it.
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
    pickup_hz: list[float] = [1_200.0, 9_000.0]  # noqa: RUF012 - never written to
    pickups: float = 0.0
    room_s: list[float] = [0.05, 0.4]  # noqa: RUF012
    rooms: float = 0.0
    families: bool = False
    floor_db: list[float] = [-90.0, -50.0]  # noqa: RUF012
    floors: float = 0.0

    @property
    def dry(self) -> DrySound:
        """How takes vary."""
        return DrySound(*(getattr(self, name) for name in DrySound._fields))

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
        self.dry.check()
        check_range(f"{where}.floor_db", self.floor_db, -200.0, 0.0)
        check_number(f"{where}.floors", self.floors, 0.0, 1.0)
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
        rng, recorder = self._chance(number), self._chance(number, 2)
        dry, run_up = self._dry(rng)
        shares = np.array(self.rendering.shares) / sum(self.rendering.shares)
        length = min(int(rng.choice(len(shares), p=shares)), len(self.pedals))
        *_, (wet, chain) = self._behind(rng, dry, run_up, length)
        return Example(dry[run_up:], self._recorded(recorder, wet), chain)

    def family(self, number: int) -> list[Example]:
        """A dry sound behind none, one, two, … pedals, as often as lengths have shares."""
        rng, recorder = self._chance(number, 1), self._chance(number, 2)
        dry, run_up = self._dry(rng)
        shares = np.array(self.rendering.shares[: len(self.pedals) + 1])
        taken = rng.random(len(shares)) < shares / shares.max()
        length = int(np.flatnonzero(taken).max(initial=0))
        window, behind = dry[run_up:], self._behind(rng, dry, run_up, length)
        return [
            Example(window, self._recorded(recorder, wet), chain)
            for is_taken, (wet, chain) in zip(taken, behind, strict=False)
            if is_taken
        ]

    def _chance(self, *numbers: int) -> np.random.Generator:
        return np.random.default_rng([*self.seed, *numbers])

    def _dry(self, rng: np.random.Generator) -> tuple[Samples, int]:
        """A dry sound, and how much of it comes before the window."""
        most = self.rendering.run_up_s
        run_up = round(rng.uniform(0.0, most) * RATE_HZ) if rng.random() < 0.5 else 0
        return self.rendering.dry.draw(self.takes, rng, run_up + self.samples), run_up

    def _recorded(self, rng: np.random.Generator, wet: Samples) -> Samples:
        """A sound and, in part of the recordings, the noise of the last device."""
        if rng.random() >= self.rendering.floors:
            return wet
        lowest, highest = self.rendering.floor_db
        level = float(np.abs(wet).max()) * 10.0 ** (rng.uniform(lowest, highest) / 20.0)
        return np.asarray(wet + np.float32(level) * rng.standard_normal(len(wet), np.float32))

    def _behind(
        self, rng: np.random.Generator, dry: Samples, run_up: int, length: int
    ) -> Iterator[tuple[Samples, list[Setup]]]:
        """What is there behind none, one, two, … up to `length` pedals."""
        chosen = rng.permutation(len(self.pedals))[:length]
        chain: list[Setup] = []
        wet = dry
        yield wet[run_up:], list(chain)
        before = log_mel(levelled(wet[run_up:]), 2 * HOP)
        for setup in (Setup(self.pedals[n], self.pedals[n].draw(rng)) for n in chosen):
            wet = self.rack.play(setup, wet)
            after = log_mel(levelled(wet[run_up:]), 2 * HOP)
            if apart_db(before, after) >= self.rendering.audible_db:
                chain.append(setup)
            before = after
            yield wet[run_up:], list(chain)


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
    return _heard(renderer, (renderer.example(number) for number in numbers))


def rendered_families(renderer: Renderer, first: int, count: int) -> Rendered:
    """So many examples of the families from number `first` on.

    Their shares are those of lengths, as nearly as chance has it.
    """
    families = (renderer.family(number) for number in itertools.count(first))
    every = itertools.chain.from_iterable(families)
    return _heard(renderer, itertools.islice(every, count))


def _heard(renderer: Renderer, examples: Iterable[Example]) -> Rendered:
    names = [pedal.name for pedal in renderer.pedals]
    counts = np.cumsum([0, *(len(pedal.settings) for pedal in renderer.pedals)])
    longest = len(renderer.rendering.shares) - 1
    mels, summaries, chains, settings = [], [], [], []
    dry: tuple[Samples, Heard] | None = None  # that of a family is heard once
    for example in examples:
        found = [heard(example.wet)]
        if renderer.rendering.with_dry:
            if dry is None or dry[0] is not example.dry:
                dry = (example.dry, heard(example.dry))
            found.append(dry[1])
        mels.append([each.mel for each in found])
        summaries.append([each.summary for each in found])
        effects, places = np.full(longest, -1, np.int8), np.full(counts[-1], np.nan, np.float32)
        for place, setup in enumerate(example.chain):
            effect = names.index(setup.pedal.name)
            effects[place] = effect
            for n, setting in enumerate(setup.pedal.settings):
                places[counts[effect] + n] = setting.place(setup.values[setting.name])
        chains.append(effects)
        settings.append(places)
    return Rendered(np.array(mels), np.array(summaries), np.array(chains), np.array(settings))
