"""How an effect is set: knobs glide once, what is shown can be held, sweeps are guessed."""

import numpy as np
import pytest
import torch

from vschaos2.export.nn_tilde import get_attribute, set_attribute
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.grey import ChainNet
from vschaos2.families.effect.knobs import Knob
from vschaos2.families.effect.playable import PlayableEffect

RATE = 22_050
DRIVE = Knob("drive", 0.0, 10.0, 0.0)


@pytest.fixture()
def told() -> PlayableEffect:
    """A gain of -12 to 12 dB or so, told by a knob."""
    net = ChainNet(1, 1, 1, RATE, [{"gain": {"controller": "told"}}])
    with torch.random.fork_rng():
        torch.manual_seed(3)
        for weight in net.parameters():
            torch.nn.init.normal_(weight, std=0.5)
    return PlayableEffect(EffectModel(net, (DRIVE,), RATE).eval().requires_grad_(False), {})


def gain(effect: PlayableEffect, samples: int = 64) -> np.ndarray:
    """What a constant is multiplied by, sample by sample."""
    with torch.inference_mode():
        return effect.eager(torch.full((1, 1, samples), 0.25))[0, 0].numpy() / 0.25


def rest(effect: PlayableEffect) -> float:
    set_attribute(effect.eager, "reset", True)
    return float(gain(effect)[-1])


def test_a_told_knob_glides_once(told):
    low = rest(told)
    set_attribute(told.eager, "drive", 10.0)
    high = rest(told)
    assert abs(high - low) > 0.1
    set_attribute(told.eager, "drive", 0.0)
    assert rest(told) == pytest.approx(low)
    set_attribute(told.eager, "drive", 10.0)
    blocks = round(0.02 * RATE / 64)
    path = gain(told, 64 * (blocks + 4))
    assert path[64 * blocks + 1 :] == pytest.approx(high, rel=1e-5)
    assert abs(path[64 * (blocks - 2)] - high) > 0.02 * abs(high - low)  # not at once either
    steps = np.abs(np.diff(path))
    assert steps.max() < 3.0 * abs(high - low) / (64 * blocks)


def test_setting_what_is_shown_holds_it(told):
    (shown,) = get_attribute(told.eager, "gain_db")
    set_attribute(told.eager, "drive", 10.0)
    by_knob = rest(told)
    assert by_knob != pytest.approx(10.0 ** (shown / 20.0), rel=0.01)
    assert set_attribute(told.eager, "gain_db", shown) == 0
    assert rest(told) == pytest.approx(10.0 ** (shown / 20.0), rel=1e-4)
    set_attribute(told.eager, "release", True)
    assert rest(told) == pytest.approx(by_knob, rel=1e-6)


def test_what_explains_all_recordings_is_guessed():
    """The first of them is of no sweep at all."""
    torch.manual_seed(0)
    net = ChainNet(1, 0, 1, RATE, ["flanger"])
    chain, count = net.chain, 3 * RATE // 64 * 64
    chain.load_preset({"lfo_period_s": 0.7, "lfo_phase": 0.2, "delay_ms": 3.0, "depth": 0.4})
    dry = torch.randn(2, count) * torch.exp(-3 * (torch.arange(count) / RATE % 0.5))
    with torch.no_grad():
        wet = [chain(x[None, None], torch.zeros(1, 0, 1), net.begin(1))[0][0, 0] for x in dry]
    unrelated = torch.randn(count)
    net.guess([(dry[0], unrelated), (dry[0], wet[0]), (dry[1], wet[1])])
    assert chain.preset()["lfo_period_s"] == pytest.approx(0.7, rel=0.02)
    assert chain.preset()["delay_ms"] == pytest.approx(3.0, rel=0.15)
    net.guess([(dry[0], unrelated)])
    assert abs(chain.preset()["lfo_period_s"] - 0.7) > 0.02
