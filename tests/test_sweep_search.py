"""An oscillation is found: in costs that it was planted in, and in sounds that it swept."""

import math

import pytest
import torch

from vschaos2.processors.modulation import Chorus, Flanger, Phaser
from vschaos2.processors.sweep_search import HOP_S, Costs, find_sweep

RATE = 22_050


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
    torch.set_num_threads(1)


def test_the_cheapest_path_is_found():
    frames, places = 700, torch.linspace(5.0, 10.0, 101)
    times = HOP_S * torch.arange(frames)
    path = 7.2 + 1.1 * torch.sin(2 * math.pi * (times / 1.7 - 0.35))
    of = -torch.exp(-(((places - path[:, None]) / 0.15) ** 2)) + 0.5 * torch.randn(frames, 101)
    sweep = find_sweep(Costs(of, places, 4))
    assert sweep.period_s == pytest.approx(1.7, rel=0.01)
    assert sweep.phase == pytest.approx(-0.35, abs=0.03)
    assert sweep.centre == pytest.approx(7.2, abs=0.1)
    assert sweep.depth == pytest.approx(1.1, abs=0.1)


@pytest.mark.parametrize(
    "make, values",
    [
        (Phaser, {"centre_hz": 800.0, "depth_octaves": 1.2, "feedback": 0.3}),
        (Chorus, {"delay_ms": 14.0, "depth": 0.3}),
        (Flanger, {"delay_ms": 3.0, "depth": 0.4, "feedback": -0.4}),
    ],
)
@pytest.mark.parametrize("period_s", [0.4, 2.3])
def test_what_swept_a_sound_is_guessed(make, values, period_s):
    processor = make(RATE)
    told = {each.name: each.default for each in processor.physical}
    told |= {"lfo_period_s": period_s, "lfo_phase": 0.2, "mix": 0.5} | values
    # Notes of noise that ring, softer and louder.
    dry = torch.randn(1, 1, 8 * RATE // 64 * 64) * torch.exp(
        -3 * (torch.arange(8 * RATE // 64 * 64) / RATE % 0.5)
    )
    given = torch.tensor(list(told.values()), dtype=torch.float64)[None, :, None]
    wet, _ = processor(dry, given, torch.zeros(1, processor.state_size))
    guess = processor.guess(dry[0, 0], wet[0, 0])
    assert guess["lfo_period_s"] == pytest.approx(period_s, rel=0.01)
    assert guess["lfo_phase"] == pytest.approx(0.2, abs=0.04)
    (place, depth) = list(values)[:2]
    assert guess[place] == pytest.approx(values[place], rel=0.1)
    assert guess[depth] == pytest.approx(values[depth], rel=0.35)
