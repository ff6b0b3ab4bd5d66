"""What the processors of pedals do, by closed forms: echo, room, tremolo, clipper."""

import math

import numpy as np
import pytest
import torch

from vschaos2.errors import InputError
from vschaos2.parts import parts
from vschaos2.processors import chain  # noqa: F401 - which registers all of them
from vschaos2.processors.mono_space import Room

RATE = 16_000.0


def play(kind: str, x: torch.Tensor, values: dict[str, float], **options) -> torch.Tensor:
    processor = parts("processor")[kind](RATE, x.shape[1], **options)
    told = [values.get(each.name, each.default) for each in processor.physical]
    told_values = torch.tensor([told], dtype=torch.float64)[:, :, None].expand(len(x), -1, 1)
    with torch.no_grad():
        y, _ = processor(x, told_values, torch.zeros(len(x), processor.state_size))
    return y


def impulse(samples: int, channels: int = 1) -> torch.Tensor:
    x = torch.zeros(1, channels, samples // 64 * 64, dtype=torch.float64)
    x[..., 0] = 1.0
    return x


def test_echoes_come_at_their_times_and_fade_by_the_feedback():
    """With a low pass far above the band all that is left of an echo is its number."""
    values = {"echo_ms": 125.0, "echo_feedback": 0.5, "echo_db": -6.0, "echo_low_pass_hz": 500.0}
    y = play("echo", impulse(10_000), values)[0, 0]
    gain = 10.0 ** (-6.0 / 20.0)
    assert float(y[0]) == 1.0 and float(y[1:1999].abs().max()) == 0.0
    # The one-pole passes what does not move: sums over an echo are gain · feedbackⁿ.
    for n in range(4):
        echo = y[2000 * (n + 1) - 8 : 2000 * (n + 1) + 900].sum()
        assert float(echo) == pytest.approx(gain * 0.5**n, rel=1e-4)


def test_channels_of_an_echo_do_not_hear_each_other():
    x = impulse(8_000, 2)
    x[0, 1] = 0.0
    y = play("echo", x, {"echo_ms": 100.0})
    assert float(y[0, 1].abs().max()) == 0.0 and float(y[0, 0, 1000:].abs().max()) > 0.01


def test_a_room_is_one_side_of_the_stereo_one():
    x = impulse(20_000)
    decay = {"room_db": -3.0, "room_low_s": 1.2, "room_high_ratio": 0.4}
    both = play("fdn_reverb", x, {n.replace("room", "reverb"): v for n, v in decay.items()})
    torch.testing.assert_close(play("room", x, decay), both[:, :1])


def test_a_room_rings_as_long_as_it_says():
    y = play("room", impulse(32_000), {"room_low_s": 1.0, "room_high_ratio": 1.0, "room_db": 0.0})
    late = y[0, 0].square()
    first, second = late[4000:8000].sum(), late[12_000:16_000].sum()
    fallen_db = 10.0 * math.log10(float(first / second))
    assert fallen_db == pytest.approx(30.0, abs=3.0)  # 60 dB in a second


def test_a_larger_room_answers_later():
    heard = [play("room", impulse(4_000), {}, size=size)[0, 0, 1:] != 0 for size in (0.5, 2.0)]
    first = [int(each.nonzero()[0]) for each in heard]
    assert first[1] == pytest.approx(4 * first[0], rel=0.02)
    with pytest.raises(InputError, match="size of a room must be a number"):
        Room(RATE, 1, 3.0)


def test_a_tremolo_turns_down_by_its_depth_in_its_period():
    x = torch.ones(1, 1, 16_000, dtype=torch.float64)
    values = {"lfo_period_s": 0.25, "depth": 0.6, "lfo_triangle": 0.0, "lfo_phase": 0.0}
    y = play("tremolo", x, values)[0, 0].numpy()
    t = np.arange(16_000) / RATE
    np.testing.assert_allclose(y, 1.0 - 0.3 * (1.0 - np.sin(2.0 * np.pi * 4.0 * t)), atol=1e-9)


def test_a_tremolo_is_found_in_a_recording():
    generator = torch.Generator().manual_seed(0)
    dry = torch.randn(1, 1, 64_000, generator=generator)
    wet = play("tremolo", dry, {"lfo_period_s": 0.2, "lfo_phase": 0.2, "depth": 0.7})
    tremolo = parts("processor")["tremolo"](RATE, 1)
    found = tremolo.guess(dry[0, 0], wet[0, 0])
    assert found["lfo_period_s"] == pytest.approx(0.2, rel=0.02)
    assert found["lfo_phase"] == pytest.approx(0.2, abs=0.06)
    assert found["depth"] == pytest.approx(0.7, abs=0.1)


@pytest.mark.parametrize("hardness", [1.0, 2.0, 16.0])
def test_a_clipper_bends_as_its_hardness_says(hardness):
    x = torch.linspace(-3.0, 3.0, 192, dtype=torch.float64)[None, None]
    y = play("clip", x, {"drive_db": 20.0, "hardness": hardness, "bias": 0.3})
    u = 10.0 * x + 0.3

    def curve(u: torch.Tensor) -> torch.Tensor:
        return u / (1.0 + u.abs() ** hardness) ** (1.0 / hardness)

    torch.testing.assert_close(y, curve(u) - curve(torch.tensor(0.3, dtype=torch.float64)))
    if hardness == 16.0:
        clipped = u.clamp(-1.0, 1.0) - 0.3
        assert float((y - clipped).abs().max()) < 0.05


def test_silence_stays_silent_in_a_biased_clipper():
    y = play("clip", torch.zeros(1, 1, 64), {"bias": 0.4, "drive_db": 40.0})
    assert float(y.abs().max()) == 0.0
