"""How far a sound's loudness moves, against another's: a compressor changes it, a gain does not.

A power follows a sound at two speeds. How loud a moment is beside what is around it, in dB,

    r[t] = 10 log₁₀ (s[t] / l[t])

with the power s averaged over a short time and l over a long one, is the moment's place in the
loudness range: the same whatever gain stands behind it. Where it is flattened, something squeezed.
The distance of two sounds is the mean absolute difference of r, over several pairs of times: the
loss "MLDR" of mixing by gradients.

Sources: Skovenborg (2014), "Measures of microdynamics", AES 137, for the ratio; Yu et al. (2025),
"DiffVox", for the loss; powers here are means of 5 ms, floored 60 dB below the sound's own.
"""

import math

import torch
from torch import Tensor

from vschaos2.objectives.weightings import a_weighting, weighted

SHORT_MS, LONG_MS = (50.0, 100.0), (1000.0, 2000.0)
STEP_MS = 5.0  # over which a power is averaged before it is followed
FLOOR = 1e-6  # of a sound's own mean power, that is added to both
SILENT_POWER = 1e-12  # least mean power: silence has no range


def mldr_db(y: Tensor, t: Tensor, rate_hz: int) -> Tensor:
    """How far loudness ranges differ, in dB, A-weighted; a scalar.

    Args:
        y: what was made, [B, T, C], T at least 5 ms.
        t: what was wanted, the same.
        rate_hz: of both.
    """
    taps = a_weighting(rate_hz).to(y)
    ours, theirs = (loudness_range_db(weighted(x, taps), rate_hz) for x in (y, t))
    return (ours - theirs).abs().mean()


def loudness_range_db(x: Tensor, rate_hz: int) -> Tensor:
    """Short-time over long-time loudness, of all channels together.

    Shape: [B, T, C] → [B, P, N], P pairs of times, N steps of 5 ms.
    """
    size = max(1, round(STEP_MS * rate_hz / 1000.0))
    steps = x.shape[1] // size
    power = x[:, : steps * size].reshape(x.shape[0], steps, -1).square().mean(2)
    power = power + FLOOR * power.mean(1, keepdim=True).clamp(min=SILENT_POWER)
    level = {ms: 10.0 * followed(power, ms / STEP_MS).log10() for ms in SHORT_MS + LONG_MS}
    pairs = [level[short] - level[long] for short, long in zip(SHORT_MS, LONG_MS, strict=True)]
    return torch.stack(pairs, 1)


def followed(power: Tensor, steps: float) -> Tensor:
    """A power as a mean of its past with a memory of so many steps, [B, N] → [B, N].

    The mean is of what there was: at first of the first step alone.
    """
    count = power.shape[1]
    memory = torch.exp(torch.arange(count, device=power.device, dtype=torch.float64) / -steps)
    size = 1 << (2 * count - 1).bit_length()
    spectrum = torch.fft.rfft(power.double(), size) * torch.fft.rfft(memory, size)
    total = torch.fft.irfft(spectrum, size)[:, :count]
    sounded = 1.0 - torch.exp(torch.arange(1, count + 1, device=power.device).double() / -steps)
    return (total * (1.0 - math.exp(-1.0 / steps)) / sounded).to(power)
