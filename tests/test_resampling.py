"""Sound between rates, in blocks: against closed forms and soxr."""

import math

import pytest
import soxr
import torch

from vschaos2.dsp.resampling import HOST_RATES_HZ, HostBridge, Resampling, bridged_rates

RATES_HZ = (44100, 48000, 88200, 96000, 22050, 16000)


def noise(count: int) -> torch.Tensor:
    return torch.randn(1, count, 1, generator=torch.Generator().manual_seed(0))


def resampled(x: torch.Tensor, from_hz: int, to_hz: int) -> torch.Tensor:
    """Every sample whose kernel lies within x, which is taken for silent outside."""
    kernel = Resampling(from_hz, to_hz)
    side = kernel.ahead
    padded = torch.nn.functional.pad(x, (0, 0, side, side))
    return kernel(padded, -side, 0, x.shape[1] * to_hz // from_hz)


@pytest.mark.parametrize("from_hz, to_hz", [(44100, 48000), (48000, 44100), (96000, 44100)])
def test_sines_are_read_between_samples(from_hz, to_hz):
    hz = torch.tensor([0.0, 100.0, 1000.0, 9000.0, 19500.0], dtype=torch.float64)

    def sines(rate_hz):
        seconds = torch.arange(rate_hz // 10, dtype=torch.float64)[:, None] / rate_hz
        return torch.cos(2.0 * math.pi * hz * seconds + 0.3)

    made = resampled(sines(from_hz)[None], from_hz, to_hz)[0]
    inner = slice(200, -200)
    assert (made - sines(to_hz))[inner].abs().max() < 3e-5  # -90 dB


def test_what_lies_above_both_is_gone():
    seconds = torch.arange(9600, dtype=torch.float64)[None, :, None] / 96000
    for hz in (24100.0, 30000.0, 43000.0):
        made = resampled(torch.cos(2.0 * math.pi * hz * seconds), 96000, 44100)
        assert made[:, 200:-200].abs().max() < 3e-5


def test_another_resampler_agrees_below_the_transition():
    low = torch.from_numpy(soxr.resample(noise(8000)[0].numpy(), 32000, 48000, "VHQ"))[None]
    due = torch.from_numpy(soxr.resample(low[0].numpy(), 48000, 44100, "VHQ"))[None]
    error = (resampled(low, 48000, 44100) - due[:, : low.shape[1] * 441 // 480])[:, 300:-300]
    assert error.square().sum() < 1e-8 * due.square().sum()


def test_knobs_move_on_straight_lines_and_overshoot_nothing():
    steps = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.0, 0.0])[None, :, None]
    made = Resampling(44100, 88200).between(steps, 0, 0, 9)[0, :, 0]
    assert made.tolist() == [0.0, 0.0, 0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0]


@pytest.mark.parametrize("block", [1, 64])
@pytest.mark.parametrize("model_hz", RATES_HZ)
def test_a_bridge_never_waits_and_keeps_enough(model_hz, block):
    for host_hz in bridged_rates(model_hz):
        bridge = HostBridge(host_hz, model_hz, block)
        up, down = bridge.inward.up, bridge.inward.down
        slack = []
        for heard in [*range(1, 700), *range(10**9, 10**9 + 700)]:
            before, due = bridge.due(heard - 1), bridge.due(heard)
            assert due % block == 0
            if due > before:
                assert (due - 1) * down // up + bridge.inward.ahead < heard
                assert (
                    before * down // up + 1 - bridge.inward.ahead >= heard - 1 - bridge.heard_size
                )
            place = (heard - 1 - bridge.delay_samples) * up // down
            slack.append(due - 1 - place - bridge.outward.ahead)
            assert place + 1 - bridge.outward.ahead >= before - bridge.made_size
        assert 0 <= min(slack) <= 2  # a shorter delay would not do


def test_rates_without_a_table_of_their_size_have_no_bridge():
    assert bridged_rates(44100) == [hz for hz in HOST_RATES_HZ if hz != 44100]
    assert bridged_rates(44056) == []
