"""The noise of a stream of magnitudes: parted from its tone, and held back until that sounds."""

import torch
from torch import Tensor

from vschaos2.dsp.state import Stateful
from vschaos2.dsp.texture import (
    attack_weight,
    learnt_weight,
    low_bins,
    neighbour_mean,
    onset_weight,
    parted,
    tone_weight,
)
from vschaos2.dsp.white_noise import WhiteNoise


class NoisePart(Stateful):
    """Spectra of noise for what `texture.py` takes for noise, and magnitudes of the rest.

    The noise is a function of a frame's number: the same however the frames are cut into calls.

    Args:
        n_fft: window and FFT length in samples.
        hop: in samples.
        amount: part of the noise's power that becomes noise, 0 to 1; see `set_amount`.

    Attributes:
        is_on: whether there is noise, or may be some on its way.
        queue: spectra of frames whose tone is still held back, [B, frames, K].
    """

    low: Tensor  # least weight of tone, [K]
    queue: Tensor

    def __init__(self, n_fft: int, hop: int, amount: float) -> None:
        super().__init__()
        self.amount = amount
        self.is_on = amount > 0.0
        self.white_noise = WhiteNoise(n_fft, hop)
        bins = n_fft // 2 + 1
        self.register_buffer("low", low_bins(bins), persistent=False)
        nothing = torch.zeros([1, 0, bins], dtype=torch.complex64)
        self.register_buffer("queue", nothing, persistent=False)

    @torch.jit.export
    def set_amount(self, amount: float) -> None:
        """Make so much noise from the next call on, 0 to 1."""
        self.amount = amount
        # Once there is noise on its way, it leaves with the frames that it belongs to.
        self.is_on = self.is_on or amount > 0.0

    @torch.jit.export
    def start(self, batch: int, waiting: int) -> None:
        """Begin in silence, for a batch of that size, held back by so many frames."""
        quiet = torch.zeros([batch, waiting, self.low.shape[0]], device=self.low.device)
        self.queue = torch.complex(quiet, quiet)
        self.is_on = self.amount > 0.0

    @torch.jit.export
    def forget(self) -> None:
        """Begin anew, as late and with as many items as before."""
        self.start(self.queue.shape[0], self.queue.shape[1])

    def forward(
        self, magnitudes: Tensor, logs: Tensor, first: int, coherence: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """The tone of new frames, and the spectra of noise that leave in this call.

        Args:
            magnitudes: of the new frames, [B, F, K].
            logs: of the two frames before and of these, in nepers, [B, F + 2, K].
            first: the number of the first of them.
            coherence: where a model learnt it, [B, F, K]; it is guessed if None.

        Returns:
            magnitudes [B, F, K]; frame-start spectra [B, F, K].
        """
        count = magnitudes.shape[1]
        smooth = neighbour_mean(logs[:, 1:])
        newest, now, before = logs[:, 2:], smooth[:, 1:], smooth[:, :-1]
        if coherence is None:
            tonal, sudden = tone_weight(newest, now, self.low), onset_weight(now, before)
        else:
            tonal = learnt_weight(newest, now, coherence, self.low)
            sudden = attack_weight(now, before)
        weight = torch.maximum(tonal, sudden)
        tone, noise = parted(magnitudes, weight, self.amount)
        spectra = torch.cat((self.queue, noise * self.white_noise(first, count)), 1)
        self.queue = spectra[:, count:]
        return tone, spectra[:, :count]
