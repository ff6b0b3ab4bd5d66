"""The last steps of a fit: all settings at once, by the slopes of some hundred thousand bins.

The measure is that of `spectra`, of frames that are spread over the whole passage and of bins drawn
among theirs.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from vschaos2.dsp.alignment import fast_length
from vschaos2.retrieval.least_squares import Residuals, least_squares
from vschaos2.retrieval.rendering import Rendering
from vschaos2.retrieval.spectra import FLOOR, MID_SIDE, SIZES, mid_side

FRAMES = {128: 2400, 512: 1000, 2048: 300}
BINS = 40_000  # of each size, of left and right; as many of mid and side
LEAST = 0.03  # of a logarithm's distance, by which it is divided


class Bins(NamedTuple):
    """Bins of one size, and what they should be.

    Attributes:
        size: of a frame.
        hop: between frames.
        window: [size].
        drawn: which, of [2, F, K] flattened, [N].
        wanted: their magnitudes, of left and right, and of mid and side: [2, N].
        norms: of `wanted`, [2, 1].
    """

    size: int
    hop: int
    window: Tensor
    drawn: Tensor
    wanted: Tensor
    norms: Tensor

    @classmethod
    def of(cls, sound: Tensor, size: int, generator: torch.Generator) -> "Bins":
        """Those of a sound, [2, T]."""
        hop = max(1, (sound.shape[1] - size) // FRAMES[size])
        frames = (sound.shape[1] - size) // hop + 1
        count = 2 * frames * (size // 2 + 1)
        drawn = torch.randint(count, (min(BINS, count),), generator=generator).sort().values
        made = cls(size, hop, torch.hann_window(size), drawn, torch.zeros(0), torch.zeros(0))
        wanted = made.magnitudes(sound)
        return made._replace(wanted=wanted, norms=wanted.norm(dim=1, keepdim=True))

    def magnitudes(self, sound: Tensor) -> Tensor:
        """Of these bins. Shape: [2, T] → [2, N]."""
        found = []
        for each in (sound, mid_side(sound)):
            made = torch.fft.rfft(each.unfold(1, self.size, self.hop) * self.window)
            chosen = torch.view_as_real(made).reshape(-1, 2)[self.drawn]
            found.append((chosen.square().sum(1) + FLOOR).sqrt())
        return torch.stack(found)


class Refinement:
    """Settings as one row of numbers, and how far their sound is from what is wanted.

    Args:
        rendering: of the chain that is fitted.
        dry: [T], T of whole sub-blocks.
        wet: [2, T].
        masks: processor → [P, 1], 1 where a parameter is fitted.
        scored: samples from which on it counts.
        seed: of the bins that are drawn.
    """

    def __init__(
        self,
        rendering: Rendering,
        dry: Tensor,
        wet: Tensor,
        masks: dict[int, Tensor],
        scored: int,
        seed: int,
    ) -> None:
        self.rendering, self.dry, self.first = rendering, dry, scored
        self.fitted = [
            (n, row) for n, mask in masks.items() for row in mask[:, 0].nonzero()[:, 0].tolist()
        ]
        generator = torch.Generator().manual_seed(seed)
        self.bins = [Bins.of(wet[:, scored:], size, generator) for size in SIZES]
        self.size = fast_length(len(dry) + rendering.tail)
        self.last = len(rendering.chain.processors) - 1
        self.in_space = torch.tensor([n == self.last for n, _ in self.fitted])
        self.kept: dict[str, tuple[Tensor, Tensor]] = {}

    def numbers(self) -> Tensor:
        """Where the chain stands. Shape: [P]."""
        moved = [c.moved for c in self.rendering.chain.controllers]
        return torch.stack([moved[n].detach()[row, 0] for n, row in self.fitted]).double()  # type: ignore[operator]

    def place(self, numbers: Tensor) -> None:
        """Let the chain stand there."""
        with torch.no_grad():
            for (n, row), value in zip(self.fitted, numbers.tolist(), strict=True):
                self.rendering.chain.controllers[n].moved[row, 0] = value  # type: ignore[operator]

    def evaluate(self, numbers: Tensor) -> Residuals:
        """Linear and logarithmic distances of all bins."""
        with torch.no_grad():
            made = self._sound(numbers)[:, self.first :]
        values, weights, cost = [], [], 0.0
        for bins in self.bins:
            magnitudes = bins.magnitudes(made)
            linear, logs = magnitudes - bins.wanted, magnitudes.log() - bins.wanted.log()
            share = torch.tensor([[1.0], [MID_SIDE]]) / len(self.bins)
            apart = linear.norm(dim=1, keepdim=True)
            cost += float((share * (apart / bins.norms + logs.abs().mean(1, keepdim=True))).sum())
            values += [linear.flatten(), logs.flatten()]
            linear_weight = share / (apart * bins.norms + 1e-20)
            log_weight = share / (logs.abs().clamp(min=LEAST) * logs.shape[1])
            weights += [linear_weight.expand_as(linear).flatten(), log_weight.flatten()]
        return Residuals(torch.cat(values), torch.cat(weights), cost)

    def run(self) -> float:
        """Move the chain by the slopes of one place; → the cost after it."""
        found = least_squares(self.evaluate, self.numbers(), 1)
        self.place(found.numbers)
        return found.cost

    def _sound(self, numbers: Tensor) -> Tensor:
        """Made of two spectra, which are kept: most columns leave one of them alone."""
        self.place(numbers)
        dry = self._kept("dry", numbers[~self.in_space], lambda: self.rendering.dry_path(self.dry))
        answer = self._kept("answer", numbers[self.in_space], self.rendering.answer)
        return torch.fft.irfft(dry * answer, self.size)[:, : len(self.dry)]

    def _kept(self, name: str, numbers: Tensor, make: Callable[[], Tensor]) -> Tensor:
        if name not in self.kept or not torch.equal(self.kept[name][0], numbers):
            self.kept[name] = (numbers.clone(), torch.fft.rfft(make(), self.size))
        return self.kept[name][1]
