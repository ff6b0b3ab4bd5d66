"""An effect at the rates of hosts that are not its own."""

import numpy as np
import pytest
import soxr
import torch

from vschaos2.errors import InputError
from vschaos2.export.nn_tilde import get_attribute, set_attribute
from vschaos2.export.trial import ExportError, opened
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.grey import ChainNet
from vschaos2.families.effect.knobs import Knob
from vschaos2.families.effect.playable import PlayableEffect, playable
from vschaos2.families.effect.proofs import check_rates, rate_delays
from vschaos2.nets.audio_recurrent import LSTM
from vschaos2.nets.state_space import SSM

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]
OWN_HZ = 44_100
KNOBS = (Knob("drive", 0.0, 10.0, 5.0),)


def lstm(rate_hz: int = OWN_HZ) -> EffectModel:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = LSTM(1, 1, 1, rate_hz, hidden_dims=6)
        for weight in net.parameters():
            torch.nn.init.normal_(weight, std=0.7)
    return EffectModel(net, KNOBS, rate_hz).eval().requires_grad_(False)


def state_space() -> EffectModel:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = SSM(1, 1, 1, OWN_HZ, hidden_dims=4)
    return EffectModel(net, KNOBS, OWN_HZ).eval().requires_grad_(False)


def compressor() -> EffectModel:
    net = ChainNet(1, 0, 1, OWN_HZ, ["gain", "compressor", "tanh"])
    return EffectModel(net, (), OWN_HZ).eval().requires_grad_(False)


def sound(rate_hz: int, seconds: float = 0.5) -> np.ndarray:
    """Noise up to 10 kHz, which every resampler passes alike."""
    low = 0.3 * np.random.default_rng(0).standard_normal(round(seconds * 20000))
    return soxr.resample(low, 20000, rate_hz, "VHQ").astype(np.float32)


def played(effect: PlayableEffect, x: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return effect.eager(torch.from_numpy(x)[None, None])[0, 0].numpy()


def error_ratio(y: np.ndarray, due: np.ndarray, rate_hz: int) -> float:
    """Error to signal up to 18 kHz: above, resamplers begin to differ."""
    count = min(len(y), len(due))
    y, due = (soxr.resample(of[:count], rate_hz, 40_000, "VHQ")[900:-900] for of in (y, due))
    return float(np.square(y - due).sum() / np.square(due).sum())


@pytest.mark.parametrize("made", [lstm, state_space, compressor])
@pytest.mark.parametrize("rate_hz", [48_000, 96_000])
def test_it_is_the_model_between_two_resamplings(made, rate_hz):
    effect = PlayableEffect(made(), {})
    x = sound(rate_hz)
    at_own = played(effect, soxr.resample(x, rate_hz, OWN_HZ, "VHQ"))
    due = soxr.resample(at_own, OWN_HZ, rate_hz, "VHQ")
    assert set_attribute(effect.eager, "sample_rate", rate_hz) == 0
    (delay, *_) = get_attribute(effect.eager, "delay")
    y = played(effect, np.concatenate((x, np.zeros(delay, np.float32))))[delay:]
    assert error_ratio(y, due, rate_hz) < 1e-7  # -70 dB
    assert error_ratio(played(PlayableEffect(made(), {}), x), due, rate_hz) > 1e-5


@pytest.mark.parametrize("made", [lstm, compressor])
def test_blocks_and_delays_hold_at_every_rate(made):
    effect = PlayableEffect(made(), {})
    content = effect.script().save_to_buffer()
    check_rates(content, effect)
    waits = rate_delays(content)
    assert waits[str(OWN_HZ)] == 0
    assert all(0 < waits[str(hz)] < 0.004 * hz for hz in (48000, 88200, 96000))
    assert opened(content).host_rates_hz == [44100, 48000, 88200, 96000]


def test_a_delay_that_is_too_short_is_found():
    effect = PlayableEffect(lstm(), {})
    effect.eager.bridges[0].delay_samples -= 3
    with pytest.raises(ExportError, match="fails on a block"):
        check_rates(effect.script().save_to_buffer(), effect)


def test_dry_and_wet_stay_together_and_any_block_will_do():
    effect = PlayableEffect(lstm(), {})
    set_attribute(effect.eager, "sample_rate", 48000)
    set_attribute(effect.eager, "mix", 0.5)
    x = sound(48000, 0.1)
    set_attribute(effect.eager, "reset", True)
    whole = played(effect, x)
    set_attribute(effect.eager, "reset", True)
    pieces = np.split(x, np.cumsum([1, 2, 1, 77, 500, 64, 3]))
    np.testing.assert_allclose(
        np.concatenate([played(effect, p) for p in pieces]), whole, atol=1e-6
    )
    set_attribute(effect.eager, "bypass", True)
    set_attribute(effect.eager, "reset", True)
    (delay, *_) = get_attribute(effect.eager, "delay")
    np.testing.assert_array_equal(played(effect, x)[delay:], x[:-delay])


def test_knobs_glide_for_twenty_milliseconds_of_the_host():
    effect = PlayableEffect(lstm(), {})
    for rate_hz in (44100, 96000):
        set_attribute(effect.eager, "sample_rate", rate_hz)
        assert effect.eager.glide_samples == round(0.02 * rate_hz)


def test_a_knob_that_moves_by_a_signal_is_heard_at_its_time():
    effect = PlayableEffect(lstm(), {})
    x, moves = sound(48000), 4.0 * np.sin(2 * np.pi * 3.0 * np.arange(24000) / 48000)
    set_attribute(effect.eager, "sample_rate", 48000)
    (delay, *_) = get_attribute(effect.eager, "delay")
    both = torch.from_numpy(np.stack((x, moves.astype(np.float32))))[None]
    with torch.inference_mode():
        y = effect.eager.modulate(both)[0, 0].numpy()[delay:]
        set_attribute(effect.eager, "sample_rate", OWN_HZ)
        at_own = 4.0 * np.sin(2 * np.pi * 3.0 * np.arange(22050) / OWN_HZ)
        own = np.stack((soxr.resample(x, 48000, OWN_HZ, "VHQ"), at_own.astype(np.float32)))
        due = effect.eager.modulate(torch.from_numpy(own)[None])[0, 0].numpy()
    assert error_ratio(y, soxr.resample(due, OWN_HZ, 48000, "VHQ"), 48000) < 1e-6


def test_other_rates_are_refused():
    effect = PlayableEffect(lstm(), {})
    for rate_hz in (0, -1, 22050, 44101, 192000):
        assert set_attribute(effect.eager, "sample_rate", rate_hz) != 0
    assert get_attribute(effect.eager, "sample_rate") == [OWN_HZ]
    odd = PlayableEffect(lstm(44_056), {})
    assert odd.eager.host_rates_hz == [44_056]
    assert set_attribute(odd.eager, "sample_rate", 48000) != 0


def test_the_rate_that_it_begins_with_can_be_wished():
    class Trained:
        model, summary, kept, folder = lstm(), {}, {}, "runs/pedal"

    begun = playable(Trained, {"rate": 48000})
    assert begun.sample_rate_hz == 48000
    assert get_attribute(begun.eager, "delay") == [84, 84]
    with pytest.raises(InputError, match="--rate 22050: an effect of 44100 Hz plays at 44100, 48"):
        playable(Trained, {"rate": 22050})
