"""A chain as it is fitted: what is dry goes sample by sample, its space by its closed form.

The streaming form of a space is exact and slow to learn by; its response says the same at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor

from vschaos2.processors.chain import Chain
from vschaos2.processors.space import Space

TAIL_S = 3.0  # of the response of a space


def fast_length(samples: int) -> int:
    """The least length, not below `samples`, of small prime factors."""
    best = 1 << (samples - 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            two = three << max(0, (-(-samples // three) - 1).bit_length())
            best = min(best, two)
            three *= 3
        five *= 5
    return best


class Rendered(NamedTuple):
    """A sound behind the chain, and in front of its space.

    Attributes:
        wet: [2, T].
        dry: [T], behind everything but the space.
    """

    wet: Tensor
    dry: Tensor


class Rendering:
    """Plays a chain of static processors, of which the last may be a space.

    Args:
        chain: its controllers hear neither knobs nor sound.
        rate_hz: of the sound.
        tail_s: how long its space is heard.
    """

    def __init__(self, chain: Chain, rate_hz: int, tail_s: float = TAIL_S) -> None:
        self.chain, self.rate_hz = chain, rate_hz
        last = chain.processors[-1]
        self.space = last if isinstance(last, Space) else None
        self.tail = fast_length(round(tail_s * rate_hz))
        self.frequencies = torch.fft.rfftfreq(self.tail, 1.0 / rate_hz, dtype=torch.float64)
        self.frozen: Tensor | None = None

    @contextmanager
    def frozen_space(self) -> Iterator[None]:
        """Meanwhile echoes and room stand as they are; the side of the direct sound may move."""
        with torch.no_grad():
            self.frozen = self._late()
        try:
            yield
        finally:
            self.frozen = None

    def values(self, place: int) -> Tensor:
        """Of a processor's parameters, in units: [1, P, 1], float64."""
        return self.chain.controllers[place].rest(torch.zeros(0))[None, :, None]  # type: ignore[operator]

    def dry_path(self, dry: Tensor) -> Tensor:
        """A sound in front of the space, from rest. Shape: [T] → [T], T of whole sub-blocks."""
        x = dry[None, None]
        count = len(self.chain.processors) - (self.space is not None)
        for place in range(count):
            processor = self.chain.processors[place]
            state = torch.zeros(1, int(processor.state_size), dtype=torch.float64)  # type: ignore
            x, _ = processor(x, self.values(place), state)
        return x[0, 0]

    def answer(self) -> Tensor:
        """That of the space to a pulse: [2, `tail`], float32."""
        late = self._late() if self.frozen is None else self.frozen
        direct = self._responses(self.frequencies[:1])["direct"][0].real
        return late + torch.nn.functional.pad(direct.float(), (0, self.tail - 1))

    def _late(self) -> Tensor:
        """Echoes and room alone."""
        found = self._responses(self.frequencies)
        late = [found[name][0] for name in ("echo", "reverb") if name in found]
        if not late:
            return torch.zeros(2, self.tail)
        return torch.fft.irfft(torch.stack(late).sum(0), self.tail).float()

    def _responses(self, frequencies: Tensor) -> dict[str, Tensor]:
        assert self.space is not None
        values = self.values(len(self.chain.processors) - 1)
        return self.space.responses(values[..., 0], frequencies)

    def render(self, dry: Tensor) -> Rendered:
        """A sound behind the chain, from rest. Shape: [T], T of whole sub-blocks."""
        shaped = self.dry_path(dry)
        if self.space is None:
            return Rendered(shaped.expand(2, -1), shaped)
        size = fast_length(len(dry) + self.tail)
        answer = torch.fft.rfft(self.answer(), size)
        wet = torch.fft.irfft(torch.fft.rfft(shaped, size) * answer, size)
        return Rendered(wet[:, : len(dry)], shaped)
