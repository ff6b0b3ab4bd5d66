"""Fits the settings of a chain to a dry and a wet recording, in stages.

1. What is dry is fitted while the space stands still.
2. The wet recording is deconvolved by the fitted dry path: what remains is the space, where the
   time, the level and the feedback of echoes can be read off, and the decay of a room.
3. All but the echoes' time is fitted on, as the time and the level of echoes trap each other: from
   a time that is slightly wrong, a fit mutes the echo, and the time then drifts freely.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from vschaos2.processors.chain import Chain
from vschaos2.processors.fdn_reverb import EVEN, LINES_S, SIDES
from vschaos2.processors.filters import Filter
from vschaos2.processors.recursion import BLOCK
from vschaos2.retrieval.deconvolution import (
    ECHO_STANDS_OUT,
    Echoes,
    arrivals,
    decay_s,
    echoes,
    high_ratio,
    in_band,
    response,
)
from vschaos2.retrieval.equaliser import read_filters, read_response
from vschaos2.retrieval.rendering import LONG_TAIL_S, Rendering
from vschaos2.retrieval.spectra import SIZES, Target
from vschaos2.training.allocator import keep_freed_memory

CROP_S, GRID_S, UNSCORED_S = 6.0, 2.0, 3.0
RATE = 0.08  # of Adam, on raw numbers
DRY_STEPS, ALL_STEPS = 70, 110
AVERAGED = 0.25  # the last part of a stage, over which settings are averaged
AVERAGE = 0.08  # of the newest in it
LONG_DECAY_S = 4.0  # of a room that is heard for longer than others


class Step(NamedTuple):
    """What a step of the fit tells.

    Attributes:
        stage: "dry" or "all".
        number: from 0, over all stages.
        steps: of all stages.
        loss: of the crop that was heard.
    """

    stage: str
    number: int
    steps: int
    loss: float


class Crops:
    """Passages of a pair that begin on a grid; each is scored behind its first seconds.

    Args:
        dry: [T].
        wet: [2, T].
        rate_hz: of both.
    """

    def __init__(self, dry: Tensor, wet: Tensor, rate_hz: int) -> None:
        length = min(len(dry), round(CROP_S * rate_hz)) // BLOCK * BLOCK
        grid = round(GRID_S * rate_hz) // BLOCK * BLOCK
        starts = range(0, max(1, len(dry) - length + 1), grid)
        heard = [(s, wet[:, s : s + length]) for s in starts]
        loudest = max(float(sound.square().mean()) for _, sound in heard)
        self.starts = [s for s, sound in heard if float(sound.square().mean()) > 1e-4 * loudest]
        self.dry, self.wet, self.length, self.rate_hz = dry, wet, length, rate_hz
        self.targets: dict[tuple[int, int], Target] = {}

    def scored(self, start: int) -> slice:
        """What counts of a passage: all of the first one, which begins in silence."""
        unscored = min(round(UNSCORED_S * self.rate_hz), self.length // 2)
        return slice(0 if start == 0 else unscored, self.length)

    def target(self, start: int, size: int) -> Target:
        """Spectra of a passage's wet sound; kept."""
        if (start, size) not in self.targets:
            sound = self.wet[:, start : start + self.length][:, self.scored(start)]
            self.targets[start, size] = Target.of(sound, size)
        return self.targets[start, size]


class Fit:
    """The state of a fit.

    Args:
        chain: that is fitted.
        dry: aligned, [T].
        wet: [2, T].
        rate_hz: of both.
        seed: of the order of passages.
    """

    def __init__(self, chain: Chain, dry: Tensor, wet: Tensor, rate_hz: int, seed: int) -> None:
        self.chain, self.dry, self.wet, self.rate_hz = chain, dry, wet, rate_hz
        self.crops = Crops(dry, wet, rate_hz)
        self.rendering = Rendering(chain, rate_hz)
        self.seed = seed
        self.generator = torch.Generator().manual_seed(seed)
        self.losses: list[float] = []
        self.steps = DRY_STEPS + ALL_STEPS

    def begin(self) -> None:
        """Let filters begin with the response that is read, and thresholds where the sound is."""
        heard = self._filters()
        level_db = 10.0 * math.log10(float(heard.square().mean()) + 1e-10)
        names = [p.name for p in self.chain.physical]
        begun = {
            n: level_db - (40.0 if "expander" in n else 5.0)
            for n in names
            if n.endswith("threshold_db")
        }
        self.chain.load_preset(self.within(begun))

    def _filters(self) -> Tensor:
        """Read the chain's filters, if they are one processor; → the sound behind them, [T]."""
        before = list(self.chain.processors)[:-1]
        found = [(n, each) for n, each in enumerate(before) if isinstance(each, Filter)]
        if len(found) != 1:
            return self.dry
        ((place, filters),) = found
        reading = read_response(self.dry, self.wet, self.rate_hz)
        values = read_filters(filters, reading, self.seed).values.tolist()
        first = sum(self.chain.counts[:place])
        names = [p.name for p in self.chain.physical][first : first + len(values)]
        self.chain.load_preset(self.within(dict(zip(names, values, strict=True))))
        count = len(self.dry) // BLOCK * BLOCK
        state = torch.zeros(1, int(filters.state_size), dtype=torch.float64)
        with torch.no_grad():
            y, _ = filters(self.dry[None, None, :count], self.rendering.values(place), state)
        return y[0, 0]

    def loss(self) -> Tensor:
        """D of a passage and a size, both at random."""
        turn = torch.randint(len(self.crops.starts), (1,), generator=self.generator)
        start = self.crops.starts[int(turn)]
        size = SIZES[int(torch.randint(len(SIZES), (1,), generator=self.generator))]
        scored = self.crops.scored(start)
        made = self.rendering.render(self.dry[start : start + self.crops.length], scored.start)
        return self.crops.target(start, size).distance(made)

    def stage(
        self,
        name: str,
        masks: dict[int, Tensor],
        steps: int,
        of: tuple[int, int],
        told: Callable[[Step], None],
    ) -> None:
        """Move the raw numbers that masks let go, and leave them at their late average.

        Args:
            name: of the stage.
            masks: processor → [P, 1], 1 where a parameter is fitted.
            steps: of Adam.
            of: steps before these, and steps of all stages.
            told: of every step.
        """
        moved = {n: self.chain.controllers[n].moved for n in masks}
        optimiser = torch.optim.Adam(moved.values(), RATE, betas=(0.9, 0.95))  # type: ignore[arg-type]
        kept: list[Tensor] | None = None
        for step in range(steps):
            share = min(1.0, (step + 1) / 5.0)
            share *= 0.05 + 0.95 * 0.5 * (1.0 + math.cos(math.pi * step / steps))
            for group in optimiser.param_groups:
                group["lr"] = RATE * share
            optimiser.zero_grad()
            loss = self.loss()
            loss.backward()
            for n, mask in masks.items():
                gradient = moved[n].grad
                if gradient is not None:
                    gradient.mul_(mask)  # type: ignore[operator]
            optimiser.step()
            if step >= (1.0 - AVERAGED) * steps:
                now = [each.detach().clone() for each in moved.values()]  # type: ignore[operator]
                kept = (
                    now
                    if kept is None
                    else [a + AVERAGE * (b - a) for a, b in zip(kept, now, strict=True)]
                )
            self.losses.append(float(loss.detach()))
            told(Step(name, of[0] + step, of[1], self.losses[-1]))
        if kept is not None:
            with torch.no_grad():
                for each, last in zip(moved.values(), kept, strict=True):
                    each.copy_(last)  # type: ignore[operator]

    def deconvolve(self) -> None:
        """Read the space off what the dry path does not explain, and begin there."""
        count = len(self.dry) // BLOCK * BLOCK
        with torch.no_grad():
            shaped = self.rendering.dry_path(self.dry[:count])
        answer = response(shaped, self.wet[:, :count], round(3.0 * self.rate_hz))
        train = echoes(answer, self.rate_hz)
        found = train if train.prominence > ECHO_STANDS_OUT else None
        begun = self._room(answer, found)
        if found is not None:
            begun |= {
                "echo_ms": found.time_ms,
                "echo_db": found.level_db,
                "echo_feedback": found.feedback,
                "echo_low_pass_hz": 5000.0,
            }
        self.chain.load_preset(self.within(begun))

    def _room(self, answer: Tensor, found: Echoes | None) -> dict[str, float]:
        """Decay of a room, and what each of its lines says first: all echoes come later."""
        rate = self.rate_hz
        low_s = decay_s(in_band(answer, rate, 150.0, 900.0), rate, found)
        at_s = decay_s(in_band(answer, rate, 4000.0, 7000.0), rate, found)
        if low_s is None:
            return {"reverb_db": -30.0}
        if low_s > LONG_DECAY_S:
            self.rendering.hear(LONG_TAIL_S)
        ratio = high_ratio(low_s, at_s or low_s, 5300.0, LINES_S[2], rate)
        seconds = [round(each * rate) for each in LINES_S]
        loss = torch.tensor(
            [10.0 ** (-3.0 * each / low_s) for each in LINES_S], dtype=torch.float64
        )
        heard = arrivals(answer, seconds) / loss / EVEN
        level = float(heard.abs().max()) / 0.7
        begun = {
            "reverb_db": 20.0 * math.log10(level + 1e-6),
            "reverb_low_s": low_s,
            "reverb_high_ratio": ratio,
        }
        for side, gains in zip(SIDES, (heard / (level + 1e-9)).tolist(), strict=True):
            begun |= {f"reverb_{side}{n + 1}": gain for n, gain in enumerate(gains)}
        return begun

    def within(self, values: dict[str, float]) -> dict[str, float]:
        """Of values those that the chain has, brought within its ranges."""
        ranges = {p.name: p for p in self.chain.physical}
        return {
            name: min(max(value, ranges[name].least), ranges[name].most)
            for name, value in values.items()
            if name in ranges
        }

    def run(self, told: Callable[[Step], None]) -> None:
        """All stages."""
        keep_freed_memory()
        last = len(self.chain.processors) - 1
        before = {n: torch.ones(self.chain.counts[n], 1) for n in range(last)}
        names = [p.name for p in self.rendering.space.physical]
        dry = before | {last: torch.tensor([[float(n == "pan")] for n in names])}
        everything = before | {last: torch.tensor([[float(n != "echo_ms")] for n in names])}
        self.begin()
        with self.rendering.frozen_space():
            self.stage("dry", dry, DRY_STEPS, (0, self.steps), told)
        self.deconvolve()
        self.stage("all", everything, ALL_STEPS, (DRY_STEPS, self.steps), told)
