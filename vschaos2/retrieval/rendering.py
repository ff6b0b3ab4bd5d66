"""A chain as it is fitted: what is dry goes sample by sample, its space by its closed form.

The streaming form of a space is exact and slow to learn by; its response says the same at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from vschaos2.dsp.alignment import fast_length
from vschaos2.errors import InputError
from vschaos2.processors.chain import Chain
from vschaos2.processors.controllers import Nothing
from vschaos2.processors.space import Space

TAIL_S, LONG_TAIL_S = 3.0, 6.0  # of the response of a space


class Rendering:
    """Plays a chain of static processors, of which the last is a space.

    Args:
        chain: its controllers hear neither knobs nor sound.
        rate_hz: of the sound.
        tail_s: how long its space is heard.

    Raises:
        InputError: for another chain.
    """

    def __init__(self, chain: Chain, rate_hz: int, tail_s: float = TAIL_S) -> None:
        self.chain, self.rate_hz = chain, rate_hz
        *_, last = chain.processors
        stands = all(isinstance(each.adds, Nothing) for each in chain.controllers)
        if not (isinstance(last, Space) and stands):
            raise InputError(
                "model.net.processors: only a chain that ends in a space, pan, ping_pong or "
                f"fdn_reverb, with static controllers, can be retrieved, got {chain.names}"
            )
        self.space = last
        self.frozen: Tensor | None = None
        self.frozen_spectra: dict[int, Tensor] = {}
        self.hear(tail_s)

    def hear(self, tail_s: float) -> None:
        """From now on, hear the space for so long: what comes later would come too early."""
        self.tail = fast_length(round(tail_s * self.rate_hz))
        self.frequencies = torch.fft.rfftfreq(self.tail, 1.0 / self.rate_hz, dtype=torch.float64)
        self.lowest = self.frequencies[:1]

    @contextmanager
    def frozen_space(self) -> Iterator[None]:
        """Meanwhile echoes and room stand as they are; the side of the direct sound may move."""
        with torch.no_grad():
            self.frozen = self._late(self._responses(self.frequencies))
        self.frozen_spectra = {}
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
        for place in range(len(self.chain.processors) - 1):
            processor = self.chain.processors[place]
            state = torch.zeros(1, int(processor.state_size), dtype=torch.float64)  # type: ignore
            x, _ = processor(x, self.values(place), state)
        return x[0, 0]

    def answer(self) -> Tensor:
        """That of the space to a pulse: [2, `tail`], float32."""
        if self.frozen is None:
            found = self._responses(self.frequencies)
            late, direct = self._late(found), found["direct"]
        else:
            late, direct = self.frozen, self._responses(self.lowest)["direct"]
        return late + torch.nn.functional.pad(direct[0].real.float(), (0, self.tail - 1))

    def _spectrum(self, size: int) -> Tensor:
        """Of the answer, followed by silence. Shape: → complex [2, K]."""
        if self.frozen is None:
            return torch.fft.rfft(self.answer(), size)
        if size not in self.frozen_spectra:
            self.frozen_spectra[size] = torch.fft.rfft(self.frozen, size)
        # A pulse at once is the same at all frequencies.
        direct = self._responses(self.lowest)["direct"][0].real.float()
        return self.frozen_spectra[size] + direct

    def _late(self, found: dict[str, Tensor]) -> Tensor:
        """Echoes and room alone, of `_responses`: [2, `tail`]."""
        late = [found[name][0] for name in ("echo", "reverb") if name in found]
        if not late:
            return torch.zeros(2, self.tail)
        return torch.fft.irfft(torch.stack(late).sum(0), self.tail).float()

    def _responses(self, frequencies: Tensor) -> dict[str, Tensor]:
        values = self.values(len(self.chain.processors) - 1)
        return self.space.responses(values[..., 0], frequencies)

    def render(self, dry: Tensor, first: int = 0) -> Tensor:
        """A sound behind the chain, from rest.

        Args:
            dry: of whole sub-blocks.
            first: sample from which on it is wanted: up to it a tail may be wrapped round.

        Shape: [T] → [2, T - first].
        """
        size = fast_length(max(len(dry), len(dry) + self.tail - first))
        wet = torch.fft.irfft(torch.fft.rfft(self.dry_path(dry), size) * self._spectrum(size), size)
        return wet[:, first : len(dry)]
