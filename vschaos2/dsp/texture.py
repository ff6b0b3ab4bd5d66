"""What is tone and what is noise in a spectrum of smooth magnitudes, and how much each is heard.

A model learns of noise the mean of its magnitudes. Phases that are recovered from so smooth a
spectrum agree from frame to frame, and what was noise buzzes at the frame rate. So a magnitude m
is parted by a weight w in [0, 1]: m·w keeps its phase, and m·sqrt(1 - w²) goes to noise, whose
power is what remains.

Tone stands out. A sine of a constant frequency has under the Gaussian window exp(-π l²/γ),
γ = C·M², the magnitude exp(-π C k²), k bins off: it stands 1.8 nepers above the mean logarithm of
6 bins on either side, while the smooth mean of a noise stands where they do. An onset is told by
time alike: its magnitude is exp(-π (a/M)² n²/C), n frames (hop a) off, thus L = ln m moves by a
neper and more per frame, in all bins together. It, too, needs the phase that it has.

Below about a hundredth of the sample rate (440 Hz of 44.1 kHz) partials of chords lie closer than
a window parts, while the ear's bands, 100 Hz wide there (Zwicker 1961), hold no modulation as fast
as the frame rate of 86 Hz: all counts as tone.

All that is a guess from one spectrum. A model that learnt the `coherence` of its recordings knows
more: where phases were steady, less need stand out, and of onsets only attacks are told by time.

Magnitudes are linear, L in nepers, frequencies in cycles per sample.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from vschaos2.dsp.phase import log_magnitude

RADIUS = 6  # bins on either side whose mean tells what stands out
# Tone: w rises from 0 to 1 where L stands so far above its neighbours, in nepers.
TONE_FROM, TONE_OVER = 0.3, 0.6
# Onsets: w rises from 0 to 1 where the mean L of neighbours moves so far in a frame, in nepers.
ONSET_FROM, ONSET_OVER = 0.4, 0.3
# Attacks, where coherence tells of onsets: w rises where that mean rises so far in a frame.
ATTACK_FROM, ATTACK_OVER = 0.6, 0.4
# A learnt coherence: from that of noise on it lowers the height where w begins to rise, until it
# exceeds that by so much; then so many nepers below the neighbours are enough for some tone.
NOISE_COHERENCE, COHERENT_OVER = 0.5, 0.225
COHERENT_DEPTH, COHERENT_TONE_OVER = 0.45, 0.5
# All is tone below the first, in cycles per sample, and nothing need be above the second.
LOW_ALL, LOW_NONE = 0.01, 0.05
# The mean of ln R lies so far below ln of the mean of R, in nepers, if R is Rayleigh distributed:
# ln sqrt(π/2) - (ln 2 - γ)/2, with Euler's γ.
RAYLEIGH_BIAS = 0.5 * math.log(math.pi / 2.0) - 0.5 * (math.log(2.0) - 0.5772156649015329)


def low_bins(bins: int, factor: int = 1) -> Tensor:
    """The least w of each bin: 1 at low frequencies, 0 above. Shape: [K], K = n_fft/2 + 1.

    Args:
        bins: K.
        factor: of the sample rate, where it is so many times that of common hosts.
    """
    frequency = torch.arange(bins, dtype=torch.float64) * factor / (2 * (bins - 1))
    return ((LOW_NONE - frequency) / (LOW_NONE - LOW_ALL)).clamp(0.0, 1.0).float()


def neighbour_mean(logs: Tensor, radius: int = RADIUS) -> Tensor:
    """The mean of L over `radius` bins on either side and its own; the nearest such at the ends.

    A difference of sums up to each bin costs a thirtieth of a running median's sort, and tells
    peaks from their surroundings as well.

    Shape: [B, F, K] → [B, F, K].
    """
    width = 2 * radius + 1
    sums = torch.cumsum(logs, -1)
    means = (sums[..., width:] - sums[..., :-width]).mul_(1.0 / width)
    return F.pad(means, [radius + 1, radius], mode="replicate")


def tone_weight(
    logs: Tensor,
    smooth: Tensor,
    low: Tensor,
    tone_from: float = TONE_FROM,
    tone_over: float = TONE_OVER,
) -> Tensor:
    """How much of each bin is tone, from one spectrum: a peak and the bins of its lobe.

    Args:
        logs: L, in nepers.
        smooth: its `neighbour_mean`.
        low: `low_bins`, [K].
        tone_from: height above the neighbours where w begins to rise, in nepers.
        tone_over: and within how many it reaches 1.

    Shape: [B, F, K] → [B, F, K], in [0, 1].
    """
    weight = ((logs - smooth - tone_from) * (1.0 / tone_over)).clamp_(0.0, 1.0)
    # Two bins on either side of a peak belong to its lobe, so w is the maximum over five bins: of
    # two, of four, of four and the fifth.
    padded = F.pad(weight, [2, 2])
    two = torch.maximum(padded[..., :-1], padded[..., 1:])
    four = torch.maximum(two[..., :-2], two[..., 2:])
    return torch.maximum(torch.maximum(four[..., :-1], padded[..., 4:]), low)


def learnt_weight(
    logs: Tensor,
    smooth: Tensor,
    coherence: Tensor,
    low: Tensor,
    tone_from: float = TONE_FROM,
    tone_over: float = COHERENT_TONE_OVER,
    noise_coherence: float = NOISE_COHERENCE,
    coherent_over: float = COHERENT_OVER,
    coherent_depth: float = COHERENT_DEPTH,
) -> Tensor:
    """How much of each bin is tone, where its coherence is known.

    Coherence alone would not do: partials that a model has not parted are tone in the recordings,
    but as smooth as noise in its spectrum, and would buzz.

    Args:
        logs: L, in nepers.
        smooth: its `neighbour_mean`.
        coherence: as `dsp.coherence` measures it.
        low: `low_bins`, [K].
        tone_from: height above the neighbours where w begins to rise in noise, in nepers.
        tone_over: and within how many it reaches 1.
        noise_coherence: coherence of noise.
        coherent_over: what is by so much more coherent counts as tone at -coherent_depth already.
        coherent_depth: in nepers.

    Shape: [B, F, K] → [B, F, K], in [0, 1].
    """
    slope = (tone_from + coherent_depth) / (coherent_over * tone_over)
    weight = (logs - smooth).sub_(tone_from).mul_(1.0 / tone_over)
    excess = (coherence - noise_coherence).clamp_(0.0, coherent_over)
    return torch.maximum(weight.add_(excess, alpha=slope).clamp_(0.0, 1.0), low)


def onset_weight(
    smooth: Tensor,
    previous: Tensor,
    onset_from: float = ONSET_FROM,
    onset_over: float = ONSET_OVER,
) -> Tensor:
    """How much of each bin belongs to a moment: how fast its surroundings move.

    Args:
        smooth: `neighbour_mean` of L.
        previous: the same, one frame before.
        onset_from: nepers per frame where w begins to rise.
        onset_over: and within how many it reaches 1.

    Shape: [B, F, K] → [B, F, K], in [0, 1].
    """
    moved = (smooth - previous).abs()
    return moved.sub_(onset_from).mul_(1.0 / onset_over).clamp_(0.0, 1.0)


def attack_weight(
    smooth: Tensor,
    previous: Tensor,
    attack_from: float = ATTACK_FROM,
    attack_over: float = ATTACK_OVER,
) -> Tensor:
    """How much of each bin belongs to an attack: how fast its surroundings grow louder.

    Noise would sound before an attack, for as long as its frame lasts. After one it is masked.

    Args:
        smooth: `neighbour_mean` of L.
        previous: the same, one frame before.
        attack_from: nepers per frame where w begins to rise.
        attack_over: and within how many it reaches 1.

    Shape: [B, F, K] → [B, F, K], in [0, 1].
    """
    return (smooth - previous).sub_(attack_from).mul_(1.0 / attack_over).clamp_(0.0, 1.0)


def parted(magnitudes: Tensor, weight: Tensor, texture: float) -> tuple[Tensor, Tensor]:
    """Magnitudes of tone and of noise, whose squares add up to those that are given.

    Args:
        magnitudes: m.
        weight: w.
        texture: part of the noise's power that becomes noise, 0 to 1; 0 leaves m as it is.

    Shape: [B, F, K] → twice [B, F, K].
    """
    noise = (1.0 - weight.square()).mul_(texture)
    tone = weight if texture == 1.0 else (1.0 - noise).sqrt()
    return magnitudes * tone, noise.sqrt().mul_(magnitudes)


def textured_gain(
    magnitudes: Tensor, heard: Tensor, low: Tensor, texture: float, bias: float = RAYLEIGH_BIAS
) -> Tensor:
    """Factors that give heard coefficients the magnitudes of a model, and leave noise its texture.

    A tone is brought to the model's magnitude, m/|c|. In noise that would level the magnitudes
    that make it one; there the gain is as smooth as the mean of logarithms over neighbours, less
    the part by which that of Rayleigh distributed magnitudes lies below the mean.

    Args:
        magnitudes: m, as the model wants them.
        heard: |c|.
        low: `low_bins`, [K].
        texture: part of the noise that keeps its texture, 0 to 1.
        bias: of the mean of logarithms, in nepers.

    Shape: twice [B, F, K] → [B, F, K].
    """
    wanted, given = log_magnitude(magnitudes), log_magnitude(heard)
    smooth = neighbour_mean(wanted)
    weight = tone_weight(wanted, smooth, low)
    noise = torch.exp(smooth - neighbour_mean(given) - bias)
    return torch.lerp(magnitudes / heard.clamp_min(1e-12), noise, texture * (1.0 - weight))
