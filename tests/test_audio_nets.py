"""Every network at audio rate keeps the promises of `AudioNet`."""

import pytest
import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.families.effect import build  # noqa: F401 - networks are registered there
from vschaos2.nets.audio_conv import GCN, TCN
from vschaos2.nets.audio_rate import AudioNet
from vschaos2.nets.audio_recurrent import LSTM, AudioGRU
from vschaos2.nets.state_space import SSM, DiagonalStateSpace
from vschaos2.parts import parts

RATE = 8000
# A chain plays blocks of 64 samples, in its own units: see test_grey.py.
KINDS = {name: kind for name, kind in parts("effect_net").items() if name != "Chain"}
OPTIONS = {
    "TCN": {"hidden_dims": 5, "receptive_ms": 3.0},
    "GCN": {"hidden_dims": 4, "receptive_ms": 3.0},
    "SSM": {"hidden_dims": 3, "layers": 2},
}


def waves(n_outputs: int) -> dict:
    """A WaveNet of two arrays with gates of both kinds, wide heads, and a head behind them."""
    first = {
        "channels": 4, "kernels": [3, 2], "dilations": [1, 5], "activations": ["Tanh", "Softsign"],
        "bottleneck": 3, "skip_channels": 2, "gates": ["gated", "blended"], "head_channels": 5,
        "head_kernel": 4, "head_bias": True,
    }  # fmt: skip
    second = {
        "channels": 5, "kernels": [3], "dilations": [2], "activations": ["Tanh"], "mixes": False,
        "head_channels": 2,
    }  # fmt: skip
    head = {"channels": 3, "kernels": [2, 1], "activation": "SiLU"}
    return {"arrays": [first, second], "head": head, "head_scale": 2.0}


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(params=[(1, 0, 1), (2, 3, 1), (1, 2, 2)], ids=["plain", "stereo in", "stereo out"])
def sizes(request) -> tuple[int, int, int]:
    return request.param


@pytest.fixture(params=KINDS)
def net(request, sizes) -> AudioNet:
    torch.manual_seed(0)
    options = OPTIONS.get(request.param, {"hidden_dims": 6})
    options = waves(sizes[2]) if request.param == "WaveNet" else options
    made = KINDS[request.param](*sizes, RATE, **options)
    for name, weight in made.named_parameters():
        if "film" in name:  # at first it does nothing, and a mistake would not be heard
            weight.data.normal_()
    return made


def example(net: AudioNet, batch: int, count: int) -> tuple[Tensor, Tensor]:
    x = 0.5 * torch.randn(batch, count, net.n_channels)
    return x, 2.0 * torch.rand(batch, count, net.n_knobs) - 1.0


@pytest.mark.parametrize("is_scripted", [False, True], ids=["eager", "scripted"])
@pytest.mark.parametrize("batch", [1, 3])
def test_blocks_equal_the_whole(net, batch, is_scripted):
    x, knobs = example(net, batch, 192)
    net.eval().requires_grad_(False)
    whole, last = net(x, knobs, net.begin(batch))
    assert list(whole.shape) == [batch, 192, net.n_outputs]
    assert list(last.shape) == [batch, net.state_size]
    run = torch.jit.script(net) if is_scripted else net
    for sizes in ([64] * 3, [1, 63, 128], [192]):
        state, made = net.begin(batch), []
        for sound, told in zip(x.split(sizes, 1), knobs.split(sizes, 1), strict=True):
            y, state = run(sound, told, state)
            made.append(y)
        torch.testing.assert_close(torch.cat(made, 1), whole, rtol=0, atol=3e-6)
        torch.testing.assert_close(state, last, rtol=2e-6, atol=3e-6)


def test_sounds_of_a_batch_do_not_mix(net):
    x, knobs = example(net, 2, 96)
    both, _ = net(x, knobs, net.begin(2))
    for row in range(2):
        alone, _ = net(x[row : row + 1], knobs[row : row + 1], net.begin(1))
        torch.testing.assert_close(both[row : row + 1], alone, rtol=0, atol=2e-6)


def test_knobs_at_rest_may_be_said_once(net):
    x, knobs = example(net, 2, 96)
    once, _ = net(x, knobs[:, :1], net.begin(2))
    always, _ = net(x, knobs[:, :1].expand(-1, 96, -1), net.begin(2))
    torch.testing.assert_close(once, always, rtol=0, atol=2e-6)


def test_no_sample_hears_a_later_one_and_reach_is_how_far_back(net):
    net.double().eval().requires_grad_(False)
    count = 300
    x, knobs = example(net, 1, count)
    x, knobs, state = x.double(), knobs.double(), net.begin(1).double()
    other = x.clone()
    other[0, 100] += 0.5
    differs = (net(x, knobs, state)[0] - net(other, knobs, state)[0]).abs().amax((0, 2))
    assert float(differs[:100].max()) < 1e-12
    assert float(differs[100]) > 1e-6
    if net.reach is not None:
        assert float(differs[100 + net.reach]) > 0.0
        assert float(differs[100 + net.reach + 1 :].max()) == 0.0


def test_gradients_reach_every_weight_and_the_state(net):
    x, knobs = example(net, 2, 96)
    state = net.begin(2).requires_grad_(True)
    y, after = net(x, knobs, state)
    ((y * torch.randn_like(y)).sum() + after.square().sum()).backward()
    gradients = {"state": state.grad, **{n: w.grad for n, w in net.named_parameters()}}
    assert [n for n, g in gradients.items() if g is None or not bool(g.abs().max() > 0)] == []


def test_receptive_field_is_at_least_what_was_asked_for():
    for kind in (TCN, GCN):
        made = kind(1, 0, 1, 44_100, receptive_ms=45.0)
        assert made.reach >= 0.045 * 44_100
        assert made.reach < 2.1 * 0.045 * 44_100


def test_state_space_is_its_recurrence():
    """Slow oracle: s[t] = a s[t-1] + x[t], one sample at a time, in complex128."""
    torch.manual_seed(1)
    layer = DiagonalStateSpace(2, 3, RATE).double().requires_grad_(False)
    x, state = torch.randn(1, 2, 40).double(), torch.randn(1, 12).double()
    y, after = layer(x, state)
    step = layer.log_step.exp()[:, None]
    a = torch.exp(torch.complex(-step * layer.log_decay.exp(), step * layer.turns))
    c = torch.complex(layer.read_real, layer.read_imag) * step
    s = torch.complex(*state.reshape(2, 2, 3))
    for t in range(40):
        s = a * s + x[0, :, t, None]
        due = (c * s).sum(1).real + layer.direct * x[0, :, t]
        torch.testing.assert_close(y[0, :, t], due)
    torch.testing.assert_close(after.reshape(2, 2, 3), torch.stack((s.real, s.imag)))


def test_a_skip_connection_adds_the_sound():
    torch.manual_seed(0)
    plain, skipping = (LSTM(1, 1, 2, RATE, 4, skip=skip) for skip in (False, True))
    skipping.load_state_dict(plain.state_dict())
    x, knobs = example(plain, 1, 20)
    y, due = (net(x, knobs, net.begin(1))[0] for net in (skipping, plain))
    torch.testing.assert_close(y, due + x)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LSTM(1, 0, 1, RATE, hidden_dims=0),
        lambda: AudioGRU(1, 0, 1, RATE, layers=99),
        lambda: LSTM(3, 0, 1, RATE),
        lambda: TCN(1, 0, 1, RATE, growth=1, receptive_ms=1000.0),
        lambda: GCN(1, 0, 1, RATE, receptive_ms=float("nan")),
        lambda: SSM(1, 0, 1, RATE, n_states=0),
    ],
)
def test_sizes_that_cannot_be_are_refused(make):
    with pytest.raises(InputError, match=r"^model\.[a-z_.]+"):
        make()
