"""Where an oscillator's fit begins: period, phase, middle and depth, from a dry and a wet sound.

No gradient leads to a period that is wrong by more than a part of a turn over the whole recording.
So for every frame of it, and every place where the swept thing could be (a frequency of the
all-passes, a time of the delay), a cost says how badly the place would explain the frame. The
oscillation whose path through these costs is the cheapest is looked for among all of a grid, and
then nearer and nearer around the best.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

WINDOW_S, HOP_S = 0.046, 0.0115
MOST_S = 16.0  # of a recording are heard
PERIODS_S = (0.12, 10.0)
PHASES, CENTRES, DEPTHS = 12, 14, 7
THINNED = 2  # one frame of so many is looked at on the grid
ROUNDS, TRIALS = 24, 200


class Costs(NamedTuple):
    """How badly each place explains each frame.

    Attributes:
        of: lower is better, [F, K].
        places: where the K places are, evenly spaced, [K].
        width: of a first, coarse look, in places.
    """

    of: Tensor
    places: Tensor
    width: int


class Sweep(NamedTuple):
    """An oscillation: place = centre + depth · sin(2π (t / period_s + phase))."""

    period_s: float
    phase: float
    centre: float
    depth: float


def find_sweep(costs: Costs, hop_s: float = HOP_S, seed: int = 0) -> Sweep:
    """The sine whose path through the costs is the cheapest.

    Args:
        costs: the first frame at 0 s.
        hop_s: between frames.
        seed: of the search around the best.
    """
    frames, count = costs.of.shape
    times = torch.arange(frames) * hop_s
    coarse = _blurred(costs.of, costs.width)
    longest = min(PERIODS_S[1], 0.75 * frames * hop_s)
    rates = torch.arange(1.0 / longest, 1.0 / PERIODS_S[0], 0.2 / (frames * hop_s))
    phases = torch.arange(PHASES) / PHASES - 0.5
    centre, depth = torch.meshgrid(
        torch.linspace(0.08, 0.92, CENTRES) * count,
        torch.linspace(0.05, 0.45, DEPTHS) * count,
        indexing="ij",
    )
    centre, depth = centre.flatten(), depth.flatten()
    turns = rates[:, None, None] * times + phases[:, None]
    waves = torch.sin(2.0 * math.pi * turns).reshape(-1, frames)
    mean = _grid(coarse[::THINNED], waves[:, ::THINNED], centre, depth)
    wave, place = divmod(int(mean.argmin()), len(centre))
    rate, phase = rates[wave // PHASES], phases[wave % PHASES]
    found = torch.stack((rate, phase, centre[place], depth[place]))
    found = _nearer(costs, times, found, seed)
    step = float(costs.places[1] - costs.places[0])
    rate, phase, middle, depth_found = found.tolist()
    return Sweep(
        1.0 / rate,
        (phase + 0.5) % 1.0 - 0.5,
        float(costs.places[0]) + middle * step,
        abs(depth_found) * step,
    )


def all_pass_costs(dry: Tensor, wet: Tensor, sample_rate: float, stages: int) -> Costs:
    """Of all-passes beside the sound: by the ratio of spectra, wet to dry. Shape: [T], [T].

    The places are log₂ of their frequency in Hz.
    """
    above, below = _frames(wet, sample_rate), _frames(dry, sample_rate)
    hz = torch.fft.rfftfreq(round(WINDOW_S * sample_rate), 1.0 / sample_rate)
    heard = (hz > 60.0) & (hz < min(10_000.0, 0.4 * sample_rate))
    power = below[:, heard].abs().square()
    weight = power / (power + 0.05 * power.mean())
    ratio = 0.5 * torch.log((above[:, heard].abs().square() + 1e-9) / (power + 1e-9))
    places = torch.linspace(math.log2(50.0), math.log2(8_000.0), 96)
    turn = torch.tan(math.pi * (hz[heard] / sample_rate)) / torch.tan(
        math.pi * (2.0 ** places[:, None] / sample_rate).clamp(max=0.45)
    )
    phase = -2.0 * stages * torch.atan(turn)  # of all of them, at each place: [K, bins]
    model = torch.log((0.5 + 0.5 * torch.polar(torch.ones_like(phase), phase)).abs() + 0.03)
    of = torch.stack([(weight * (ratio - each).abs().clamp(max=1.5)).sum(1) for each in model], 1)
    return Costs(of / weight.sum(1).mean(), places, 5)


def delay_costs(
    dry: Tensor, wet: Tensor, sample_rate: float, least_ms: float, most_ms: float
) -> Costs:
    """Of a delay beside the sound: by what is in the impulse response of each frame.

    What is there in all frames alike is no sweep, and counts for nothing. The places are times in
    ms. Shape: [T], [T].
    """
    above, below = _frames(wet, sample_rate), _frames(dry, sample_rate)
    power = below.abs().square()
    response = torch.fft.irfft(above * below.conj() / (power + 0.1 * power.mean()))
    lags = response.shape[1]
    cell = 2  # samples
    first = max(1, round(least_ms * 0.001 * sample_rate))
    last = min(round(most_ms * 0.001 * sample_rate), lags // 2)
    count = max(8, (last - first) // cell)
    inside = response[:, first : first + count * cell].reshape(-1, count, cell)
    places = (first + cell * torch.arange(count) + 0.5 * (cell - 1)) * (1_000.0 / sample_rate)
    of = -inside.square().sum(2).sqrt()
    return Costs(of - of.mean(0), places, max(3, count // 24))


def _frames(sound: Tensor, sample_rate: float) -> Tensor:
    """Spectra whose windows are centred at each hop, from 0 s on: [T] → [F, bins]."""
    sound = sound[: round(MOST_S * sample_rate)]
    size, hop = round(WINDOW_S * sample_rate), round(HOP_S * sample_rate)
    blocks = F.pad(sound, (size // 2, size - size // 2)).unfold(0, size, hop)
    return torch.fft.rfft(blocks * torch.hann_window(size, dtype=sound.dtype))


def _blurred(costs: Tensor, width: int) -> Tensor:
    """A mean over places on either side: [F, K] → [F, K]."""
    around = F.pad(costs[:, None], (width, width), mode="replicate")
    return F.avg_pool1d(around, 2 * width + 1, 1)[:, 0]


def _mean_cost(costs: Tensor, times: Tensor, paths: Tensor) -> Tensor:
    """Of paths of rate, phase, centre and depth (in places): [N, 4] → [N]."""
    rate, phase, centre, depth = paths.T[..., None]
    place = centre + depth * torch.sin(2.0 * math.pi * (rate * times + phase))
    outside = (place - place.clamp(0.0, costs.shape[1] - 1.0)).abs().mean(1)
    at = place.round().long().clamp(0, costs.shape[1] - 1)
    return costs[torch.arange(len(times)), at].mean(1) + 4.0 * outside * float(costs.std())


def _grid(costs: Tensor, waves: Tensor, centre: Tensor, depth: Tensor) -> Tensor:
    """The mean cost of every wave at every middle and depth: [F, K], [W, F], [M], [M] → [W, M]."""
    from vschaos2.processors import kernels

    mean = torch.empty(len(waves), len(centre), dtype=torch.float64)
    given = (each.double().contiguous().numpy() for each in (costs, waves, centre, depth))
    kernels.path_costs(*given, mean.numpy())
    return mean


def _nearer(costs: Costs, times: Tensor, found: Tensor, seed: int) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    length, count = float(times[-1]), costs.of.shape[1]
    spread = torch.tensor([0.15 / length, 0.08, 0.05 * count, 0.05 * count])
    for turn in range(ROUNDS):
        nearness = 0.82**turn
        blurred = _blurred(costs.of, max(1, round(costs.width * nearness)))
        tries = found + nearness * spread * torch.randn(TRIALS, 4, generator=draw)
        tries = torch.cat((found[None], tries))
        found = tries[int(_mean_cost(blurred, times, tries).argmin())]
    return found
