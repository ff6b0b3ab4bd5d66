"""Attacks in recordings, and what is heard before them once their phases are recovered.

A frame knows when something sounds no better than its window is long. Where magnitudes are smooth,
recovered phases spread an attack over the whole window: it is heard before it comes.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from vschaos2.dsp.inversion import MagnitudeInversion
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.objectives.principal_components import Components, restored

BLOCK_S = 0.005
BEFORE, AFTER, APART = 4, 2, 10  # blocks before and after an attack; between one and the next
RISE_DB = 10.0  # from those before to those after
LOUD_DB = -30.0  # of those after, relative to the loudest of all
SILENCE_DB = -60.0  # relative to an attack, or to the loudest: what is softer counts as silence


class Attacks(NamedTuple):
    """Attacks of passages.

    Attributes:
        passage: in which each one comes, [A].
        first: its first sample there, [A].
        seconds: for which the passages sound.
    """

    passage: Tensor
    first: Tensor
    seconds: float

    @property
    def per_second(self) -> float:
        """How many there are in a second of sound."""
        return len(self.first) / self.seconds if self.seconds > 0 else 0.0


def attacks_of(passages: Tensor, sample_rate_hz: int) -> Attacks:
    """Where the level rises by 10 dB within 30 ms: [N, T] → attacks.

    They are 50 ms apart or more, no more than 30 dB below the loudest, and at their steepest.
    """
    size = max(1, round(BLOCK_S * sample_rate_hz))
    power = passages.unfold(1, size, size).square().mean(2)
    around = power.unfold(1, BEFORE + AFTER, 1)  # [N, M, BEFORE + AFTER]
    before, after = around[..., :BEFORE].mean(2), around[..., BEFORE:].mean(2)
    loudest = after.max().clamp_min(1e-20)
    floor = loudest * 10 ** ((LOUD_DB + SILENCE_DB) / 10)
    rise = (after + floor) / (before + floor)
    steepest = F.max_pool1d(rise[:, None], 2 * APART + 1, 1, APART)[:, 0]
    found = (rise == steepest) & (rise > 10 ** (RISE_DB / 10))
    found &= after > loudest * 10 ** (LOUD_DB / 10)
    passage, block = found.nonzero().T
    sounding = int((power > loudest * 10 ** (SILENCE_DB / 10)).sum())
    return Attacks(passage, (block + BEFORE) * size, sounding * size / sample_rate_hz)


def pre_echo_db(
    passages: Tensor,
    attacks: Attacks,
    transform: SpectralTransform,
    components: Components,
    dims: int,
) -> float:
    """How much louder it is just before attacks than it was, mean over attacks; 0 without any.

    The passages lose all of their magnitudes but what `dims` components keep, and their phases,
    which are recovered as `decode` does in its mode "balanced".

    Args:
        passages: [N, T], T a multiple of the transform's hop.
        attacks: of them.
        transform: whose level is set.
        components: of its frames.
        dims: latents of a linear model.
    """
    if len(attacks.first) == 0:
        return 0.0
    inversion = MagnitudeInversion(transform.n_fft, transform.hop, "balanced", for_files=True)
    delay = inversion.delay_samples
    # Frame f of a stream ends with hop f; the end comes once the delay is over.
    padded = F.pad(passages, (transform.n_fft - transform.hop, delay))
    frames = transform(padded)
    rows = restored(components, frames.flatten(0, 1), dims).view_as(frames)
    played = inversion(transform.to_magnitude(rows))[:, delay:]
    size = max(1, round(BLOCK_S * transform.sample_rate_hz))
    # The last block before an attack holds its very beginning, and is left out.
    offsets = torch.arange(-BEFORE * size, -size // 2)
    places = attacks.first[:, None] + offsets, attacks.first[:, None] + torch.arange(AFTER * size)
    rows_of = attacks.passage[:, None]
    floor = passages[rows_of, places[1]].square().mean(1) * 10 ** (SILENCE_DB / 10)
    original, heard = (
        sound[rows_of, places[0]].square().mean(1) + floor for sound in (passages, played)
    )
    return float(10.0 * (heard / original).log10().mean())
