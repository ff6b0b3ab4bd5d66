"""Windows, frames and overlap-add: closed forms and a slow loop as oracle."""

import math

import pytest
import torch

from vschaos2.dsp.framing import dual_window, frame, gaussian_window, overlap_add

SIZES = [(2048, 512), (1024, 256), (2048, 256), (512, 128), (64, 32)]


def test_gaussian_window_is_cut_at_one_percent_of_its_peak():
    window = gaussian_window(2048)
    assert window[1024] == 1.0
    assert window[0].item() == pytest.approx(0.01, rel=1e-12)
    quarter = math.exp(math.log(0.01) / 4)  # half-way to the edge: a quarter of the exponent
    assert window[512].item() == pytest.approx(quarter, rel=1e-12)


@pytest.mark.parametrize(("n_fft", "hop"), SIZES)
def test_dual_times_window_sums_to_one(n_fft, hop):
    window = gaussian_window(n_fft)
    product = window * dual_window(window, hop)
    torch.testing.assert_close(
        product.reshape(-1, hop).sum(0), torch.ones(hop, dtype=torch.float64)
    )


def test_hop_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match=r"hop must divide n_fft=2048, got hop=500"):
        dual_window(gaussian_window(2048), 500)


def test_frame_covers_its_samples():
    x = torch.arange(40.0).reshape(1, -1)
    frames = frame(x, 16, 8)
    assert frames.shape == (1, 4, 16)
    for f in range(4):
        assert torch.equal(frames[0, f], x[0, f * 8 : f * 8 + 16])


@pytest.mark.parametrize(("n_fft", "hop"), SIZES)
def test_overlap_add_equals_slow_loop(n_fft, hop):
    frames = torch.randn(2, 7, n_fft, generator=torch.Generator().manual_seed(0))
    expected = torch.zeros(2, 6 * hop + n_fft)
    for f in range(7):
        expected[:, f * hop : f * hop + n_fft] += frames[:, f]
    torch.testing.assert_close(overlap_add(frames, hop), expected)


def test_constant_survives_overlap_add():
    n_fft, hop = 512, 128
    window = gaussian_window(n_fft)
    ones = torch.ones(1, 4096, dtype=torch.float64)
    framed = frame(ones, n_fft, hop) * (window * dual_window(window, hop))
    inner = overlap_add(framed, hop)[:, n_fft:-n_fft]
    torch.testing.assert_close(inner, torch.ones_like(inner))
