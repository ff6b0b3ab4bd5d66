"""How much an effect aliases, by tones.

A tone of k periods in N samples, k odd and N a power of 2, has its harmonics in the bins that k
divides, and what folds at half the rate falls into others: of harmonic m into m k - j N, which k
divides only if it divides j. So the energy in bins that k does not divide, over that in all but the
first, is what the effect adds that no harmonic is: its aliases, and its noise if it has any.
"""

import math

import torch
from torch import Tensor

from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.processors.modulation import Swept
from vschaos2.processors.space import Space

TONES_HZ = (1250.0, 2500.0, 5000.0, 10000.0)
PERIOD_SAMPLES = 8192  # N
SETTLING_S = 0.5
LEVEL_DB = -6.0  # of a tone's peak, against the loudest that the device was driven with


def tones(rate_hz: int) -> list[int]:
    """k, the odd numbers of periods in N samples that are nearest to `TONES_HZ`."""
    wanted = (hz * PERIOD_SAMPLES / rate_hz for hz in TONES_HZ if hz < 0.45 * rate_hz)
    return [2 * round((each - 1.0) / 2.0) + 1 for each in wanted]


def alias_level_db(y: Tensor, k: int) -> float:
    """Of N samples of the answer to k periods, what is no harmonic, over all but a constant: [N].

    -200 at least; 0 of silence.
    """
    power = torch.fft.rfft(y.double()).abs().square()
    power[0] = 0.0
    whole = float(power.sum())
    if whole <= 0.0:
        return 0.0
    power[::k] = 0.0
    return max(10.0 * math.log10(max(float(power.sum()) / whole, 1e-20)), -200.0)


def oscillates(model: EffectModel) -> bool:
    """Whether it moves by itself, or rings on for seconds, so that its answer to a tone is none."""
    return any(
        isinstance(each, Swept) or (isinstance(each, Space) and (each.has_echo or each.has_reverb))
        for each in model.net.modules()
    )


@torch.inference_mode()
def measure_aliasing(model: EffectModel, peak: float) -> dict[str, float] | None:
    """The aliases of tones at one level, in dB of the answer, by their frequency in Hz.

    Of the positions lowest, first and highest of all knobs together, the worst counts.

    Args:
        model: the effect.
        peak: the loudest that the device was driven with, of full scale.

    Returns:
        None of an effect that moves by itself, or rings: what is no harmonic is not folded then.
    """
    if oscillates(model):
        return None
    found = {}
    settling = -(-round(SETTLING_S * model.rate_hz) // PERIOD_SAMPLES) * PERIOD_SAMPLES
    first = torch.tensor([knob.value for knob in model.knobs])
    positions = torch.stack((model.lowest, first, model.highest))[:, None]
    positions = positions if model.knobs else positions[:1]
    for k in tones(model.rate_hz):
        turns = torch.arange(settling + PERIOD_SAMPLES, dtype=torch.float64) * k / PERIOD_SAMPLES
        tone = peak * 10.0 ** (LEVEL_DB / 20.0) * torch.sin(2.0 * math.pi * turns)
        x = tone.float()[None, :, None].expand(len(positions), -1, model.net.n_channels)
        y, _ = model(x, positions, model.begin(len(positions)))
        levels = [alias_level_db(each, k) for each in y[:, settling:, 0]]
        found[f"{k * model.rate_hz / PERIOD_SAMPLES:.0f}"] = round(max(levels), 1)
    return found
