"""Filters that have the response which was read off a pair, from many places at once.

From one start a fit of several filters ends where the first of them stood in for another. So many
drawn starts go down side by side, on the logarithms of responses alone, which costs as much as a
few steps that hear sound; those that came furthest go on, and the best is kept.

What is read is the beginning of what the chain answers to a pulse, before a room or an echo can
have come back. Cut off there it is a response that is smeared over frequency; those of filters are
smeared alike.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from vschaos2.processors.fdn_reverb import LINES_S
from vschaos2.processors.filters import Filter
from vschaos2.processors.parameter import Ranges
from vschaos2.retrieval.deconvolution import response

STARTS, COARSE_STEPS = 96, 100
KEPT, FINE_STEPS = 6, 120
RATE = 0.15  # of Adam, on raw numbers
LEAST_PLACE = 0.1  # of a drawn start within a range, from either end
POINTS = 160  # along the logarithm of frequency
LOWEST_HZ, HIGHEST_HZ = 30.0, 18_000.0
FADE_S = 0.3  # at either end of a pair
WHOLE_S = 0.1  # of answers of filters, which are smeared
BOUND = 0.5  # of a difference of logarithms, beyond which it counts by itself, and not squared
USUAL = 5e-4  # of the mean square of raw numbers, in the cost: ends of ranges are rarely meant
MOST_RAW = 3.0  # that is handed on: at the very end of a range, slopes are flat
UNKNOWN = 0.5  # of what a deconvolution by itself leaves: below it, nothing is told


class Reading(NamedTuple):
    """The response of what is dry, as far as a pair tells of it.

    Attributes:
        hz: [K].
        gain: magnitude, smeared, [K].
        noise: that of what is no answer, [K].
        weight: how much is known at each, [K].
        turn: from an answer, as far as it is clear, to its response: complex [N, K].
        rate_hz: of the answer.
    """

    hz: Tensor
    gain: Tensor
    noise: Tensor
    weight: Tensor
    turn: Tensor
    rate_hz: float

    def smeared(self, answers: Tensor) -> Tensor:
        """Responses of the beginnings of answers: [S, T] → complex [S, K]."""
        return torch.matmul(answers[:, : len(self.turn)].to(self.turn.dtype), self.turn)


def read_response(dry: Tensor, wet: Tensor, rate_hz: float) -> Reading:
    """What a pair says of filters, and of a side.

    Shape: dry [T], wet [2, T].
    """
    clear = round(LINES_S[0] * rate_hz) - 16
    edge = clear // 4
    fade = torch.ones(clear, dtype=torch.float64)
    fade[-edge:] = 0.5 + 0.5 * torch.cos(math.pi * torch.arange(edge) / edge)
    highest = min(HIGHEST_HZ, 0.45 * rate_hz)
    hz = torch.logspace(math.log10(LOWEST_HZ), math.log10(highest), POINTS, dtype=torch.float64)
    angle = (-2.0 * math.pi / rate_hz) * torch.arange(clear)[:, None] * hz
    turn = torch.polar(fade[:, None].expand_as(angle).contiguous(), angle)
    # Where both are cut off at one time, the cut itself looks like an answer at once, of all
    # frequencies: so they come and go slowly.
    slow = min(round(FADE_S * rate_hz), len(dry) // 4)
    ramp = 0.5 - 0.5 * torch.cos(math.pi * torch.arange(slow) / slow)
    window = torch.cat((ramp, torch.ones(len(dry) - 2 * slow), ramp.flip(0)))
    dry, wet = dry * window, wet * window
    # What comes before the pulse is what a deconvolution takes for an answer, and is none.
    late = torch.nn.functional.pad(torch.cat((wet, dry[None])), (clear, 0))
    answer = response(torch.nn.functional.pad(dry, (0, clear)), late, 2 * clear)
    reading = Reading(hz, hz, hz, hz, turn, rate_hz)
    heard, still = reading.smeared(answer[:, clear:]).abs(), reading.smeared(answer).abs()
    known = heard[2]
    gain, noise = (each[:2].square().sum(0).sqrt() / known for each in (heard, still))
    return reading._replace(gain=gain, noise=noise, weight=(known / UNKNOWN).clamp(max=1.0))


class Filters(NamedTuple):
    """Filters that were found.

    Attributes:
        values: of their parameters, in units, [P].
        cost: weighted mean of what is left of the logarithms.
    """

    values: Tensor
    cost: float


def read_filters(filters: Filter, reading: Reading, seed: int) -> Filters:
    """The values of filters by which their response is that which was read."""
    ranges = Ranges(filters.physical)
    generator = torch.Generator().manual_seed(seed)
    places = torch.rand(STARTS, len(filters.physical), generator=generator, dtype=torch.float64)
    drawn = torch.logit(places, LEAST_PLACE)
    loudest = reading.gain.log().median().expand(STARTS, 1)
    start = torch.cat((drawn, loudest), 1)
    coarse, costs = _lowered(filters, ranges, reading, start, COARSE_STEPS, is_smeared=False)
    best = costs.argsort()[:KEPT]
    fine, costs = _lowered(filters, ranges, reading, coarse[best], FINE_STEPS, is_smeared=True)
    one = int(costs.argmin())
    kept = fine[one, :-1, None].clamp(-MOST_RAW, MOST_RAW)
    return Filters(ranges(kept)[:, 0], float(costs[one]))


def _lowered(
    filters: Filter, ranges: Ranges, reading: Reading, start: Tensor, steps: int, is_smeared: bool
) -> tuple[Tensor, Tensor]:
    """Raw numbers and a gain of each start, after steps of Adam, and what they cost: [S, P+1]."""
    raw = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([raw], RATE, betas=(0.9, 0.95))
    whole = round(WHOLE_S * reading.rate_hz) // 2 * 2
    grid = torch.fft.rfftfreq(whole, 1.0 / reading.rate_hz, dtype=torch.float64)
    wanted = reading.gain.clamp(min=1e-9).log()  # what is no answer is in it already
    weight = reading.weight / reading.weight.sum()
    costs = torch.zeros(len(start))
    for step in range(steps + 1):
        optimiser.param_groups[0]["lr"] = (
            RATE * 0.5 * (1.0 + math.cos(math.pi * step / max(1, steps)))
        )
        values = ranges(raw[:, :-1, None])[..., 0]
        if is_smeared:
            answers = torch.fft.irfft(filters.response(values, grid), whole)
            found = reading.smeared(answers)
        else:
            found = filters.response(values, reading.hz)
        power = found.real.square() + found.imag.square()
        said = (power * (2.0 * raw[:, -1:]).exp() + reading.noise.square()).log() * 0.5
        away = torch.nn.functional.huber_loss(
            said, wanted.expand_as(said), reduction="none", delta=BOUND
        )
        costs = (away * weight).sum(1) + USUAL * raw[:, :-1].square().mean(1)
        if step < steps:
            optimiser.zero_grad()
            costs.sum().backward()
            optimiser.step()
    return raw.detach(), costs.detach()
