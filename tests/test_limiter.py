"""The limiter: alone, and as an attribute of an instrument."""

import pytest
import torch

from vschaos2.dsp.limiter import KNEE, soft_clip
from vschaos2.export.output_level import OutputLevel

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
HOP = 128


def test_what_is_within_the_knee_is_unchanged():
    quiet = torch.linspace(-KNEE, KNEE, 1001)
    assert torch.equal(soft_clip(quiet), quiet)


def test_nothing_exceeds_full_scale_and_louder_is_never_quieter():
    loud = torch.cat((torch.linspace(-20, 20, 4001), torch.tensor([1e30, torch.inf])))
    limited = soft_clip(loud)
    assert float(limited.abs().max()) <= 1.0
    assert bool((limited[:-1].diff() >= 0).all())
    assert torch.equal(limited, -soft_clip(-loud))


def test_curve_has_no_corner_at_the_knee():
    """By differences in double precision: tanh'(u) = 1 - u², so slopes differ by (h / 0.2)²."""
    step = 1e-4
    x = KNEE + step * torch.arange(-3.0, 4.0, dtype=torch.float64)
    slopes = soft_clip(x).diff() / step
    assert float((slopes - 1.0).abs().max()) < (4 * step / (1 - KNEE)) ** 2


def test_limit_comes_after_the_gain():
    level = OutputLevel()
    level.gain, level.is_limited = 4.0, True
    level.reset()
    signal = torch.linspace(-1, 1, 64)[None]
    assert torch.equal(level(signal), soft_clip(4.0 * signal))


@pytest.mark.parametrize("hops", [1, 3, 16])
def test_limited_blocks_are_the_limited_whole(instrument, twin, hops: int):
    generator = torch.Generator().manual_seed(2)
    latents = torch.randn(1, 4, 48, generator=generator)
    for each in (instrument, twin):
        assert each.set_inversion("eco") == 0
        assert each.set_gain_db(24.0) == 0
        assert each.set_reset(True) == 0
    assert instrument.set_limiter("decode") == 0 and twin.set_limiter("off") == 0
    with torch.inference_mode():
        free = twin.decode(latents)
        assert float(free.abs().max()) > 2.0  # or the test would show nothing
        parts = [instrument.decode(part) for part in latents.split(hops, -1)]
    torch.testing.assert_close(torch.cat(parts, -1), soft_clip(free), rtol=0, atol=1e-5)


def test_forward_is_limited_only_when_asked(instrument, twin):
    sound = torch.randn(1, 1, 16 * HOP, generator=torch.Generator().manual_seed(3))
    for each in (instrument, twin):
        assert each.set_gain_db(40.0) == 0
        assert each.set_reset(True) == 0
    heard = {}
    with torch.inference_mode():
        for choice in ("off", "decode", "all"):
            assert instrument.set_limiter(choice) == 0
            assert instrument.set_reset(True) == 0
            heard[choice] = instrument.forward(sound)
    assert torch.equal(heard["off"], heard["decode"])
    assert float(heard["off"].abs().max()) > 2.0
    torch.testing.assert_close(heard["all"], soft_clip(heard["off"]), rtol=0, atol=1e-6)


def test_decode_is_limited_at_first(fresh_instrument):
    assert fresh_instrument.get_limiter() == ["decode"]
    assert fresh_instrument.set_limiter("loud") == 1
    assert fresh_instrument.get_limiter() == ["decode"]
    assert fresh_instrument.set_gain_db(60.0) == 0
    fresh_instrument.set_reset(True)
    with torch.inference_mode():
        assert float(fresh_instrument.decode(3.0 * torch.ones(1, 4, 16)).abs().max()) <= 1.0
