"""Every network at audio rate keeps the promises of `AudioNet`."""

import pytest
import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.families.effect import build  # noqa: F401 - networks are registered there
from vschaos2.nets.audio_conv import GCN, TCN
from vschaos2.nets.audio_rate import AudioNet
from vschaos2.nets.audio_recurrent import LSTM, AudioGRU
from vschaos2.nets.conditioning import BESIDE, IN_LAYERS, REMEMBER
from vschaos2.nets.film import FiLM
from vschaos2.nets.state_space import SSM, DiagonalStateSpace
from vschaos2.nets.temporal_film import BLOCK, BlockMemory, Follower, TemporalFiLM
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


PLAIN, STEREO_IN, STEREO_OUT = (1, 0, 1), (2, 3, 1), (1, 2, 2)  # channels in, knobs, out
TAKEN = {name: BESIDE if name in ("LSTM", "GRU") else (*BESIDE, *IN_LAYERS) for name in KINDS}
FOREIGN = ("WaveNet", "StartedLSTM")  # their knobs are heard beside the sound, as files have it
TAKEN |= dict.fromkeys(FOREIGN, ())
USUAL = {name: "concat" if name in ("LSTM", "GRU", *FOREIGN) else "film" for name in KINDS}
OTHERS = [
    (name, how)
    for name in KINDS
    for how in TAKEN[name]
    if how not in ("none", USUAL[name]) and (name != "GCN" or how == "tfilm")  # else as a TCN's
]
CASES = [
    *[(name, sizes, USUAL[name]) for name in KINDS for sizes in (PLAIN, STEREO_IN, STEREO_OUT)],
    *[(name, STEREO_IN, how) for name, how in OTHERS],
]


def made(name: str, sizes: tuple[int, int, int], how: str) -> AudioNet:
    torch.manual_seed(0)
    options = OPTIONS.get(name, {"hidden_dims": 6})
    options = waves(sizes[2]) if name == "WaveNet" else options
    options = options if name in FOREIGN else options | {"conditioning": how}
    net = KINDS[name](*sizes, RATE, **options)
    for called, weight in net.named_parameters():
        if "film" in called:  # at first it does nothing, and a mistake would not be heard
            weight.data.normal_()
    return net


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{'-'.join(map(str, case[1]))}-{case[2]}")
def net(request) -> AudioNet:
    return made(*request.param)


def example(net: AudioNet, batch: int, count: int) -> tuple[Tensor, Tensor]:
    x = 0.5 * torch.randn(batch, count, net.n_channels)
    return x, 2.0 * torch.rand(batch, count, net.n_knobs) - 1.0


@pytest.mark.parametrize("batch, is_scripted", [(3, False), (1, True)], ids=["eager", "scripted"])
def test_blocks_equal_the_whole(net, batch, is_scripted):
    x, knobs = example(net, batch, 300)
    net.eval().requires_grad_(False)
    whole, last = net(x, knobs, net.begin(batch))
    assert list(whole.shape) == [batch, 300, net.n_outputs]
    assert list(last.shape) == [batch, net.state_size]
    run = torch.jit.script(net) if is_scripted else net
    for sizes in ([75] * 4, [1, 127, 172], [300]):
        state, played = net.begin(batch), []
        for sound, told in zip(x.split(sizes, 1), knobs.split(sizes, 1), strict=True):
            y, state = run(sound, told, state)
            played.append(y)
        torch.testing.assert_close(torch.cat(played, 1), whole, rtol=0, atol=3e-6)
        torch.testing.assert_close(state, last, rtol=2e-6, atol=3e-6)


def test_sounds_of_a_batch_do_not_mix(net):
    x, knobs = example(net, 2, 300)
    both, _ = net(x, knobs, net.begin(2))
    for row in range(2):
        alone, _ = net(x[row : row + 1], knobs[row : row + 1], net.begin(1))
        torch.testing.assert_close(both[row : row + 1], alone, rtol=0, atol=2e-6)


def test_knobs_at_rest_may_be_said_once(net):
    x, knobs = example(net, 2, 300)
    once, _ = net(x, knobs[:, :1], net.begin(2))
    always, _ = net(x, knobs[:, :1].expand(-1, 300, -1), net.begin(2))
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
    x, knobs = example(net, 2, 300)
    state = net.begin(2).requires_grad_(True)
    y, after = net(x, knobs, state)
    ((y * torch.randn_like(y)).sum() + after.square().sum()).backward()
    gradients = {"state": state.grad, **{n: w.grad for n, w in net.named_parameters()}}
    assert [n for n, g in gradients.items() if g is None or not bool(g.abs().max() > 0)] == []


def test_receptive_field_is_at_least_what_was_asked_for():
    for kind in (TCN, GCN):
        net = kind(1, 0, 1, 44_100, receptive_ms=45.0)
        assert net.reach >= 0.045 * 44_100
        assert net.reach < 2.1 * 0.045 * 44_100


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


@torch.inference_mode()
def test_what_is_settled_plays_what_was_learnt():
    """Matrices of a stride say what sums by FFT say, whole and in pieces of any length."""
    torch.manual_seed(3)
    net = SSM(1, 1, 1, RATE, hidden_dims=3, layers=2)
    x, knobs = 0.3 * torch.randn(2, 700, 1), torch.rand(2, 700, 1)
    due, after = net(x, knobs, net.begin(2))
    net.settle()
    whole, state = torch.jit.script(net)(x, knobs, net.begin(2))
    torch.testing.assert_close(whole, due, rtol=0.0, atol=1e-6 * float(due.abs().max()))
    torch.testing.assert_close(state, after, rtol=1e-5, atol=1e-6)
    state, made = net.begin(2), []
    pieces = [1, 63, 65, 571]
    for piece, told in zip(x.split(pieces, 1), knobs.split(pieces, 1), strict=True):
        y, state = net(piece, told, state)
        made.append(y)
    torch.testing.assert_close(torch.cat(made, 1), due, rtol=0.0, atol=1e-6)


def test_a_memory_of_blocks_is_what_a_loop_says():
    """Slow oracle: sample by sample, one step of the LSTM behind each block's last."""
    torch.manual_seed(2)
    net = Follower(2, 1).double().requires_grad_(False)
    x, knobs = torch.randn(1, 400, 2).double(), torch.randn(1, 400, 1).double()
    made, _ = net(x, knobs, torch.zeros(1, net.state_size).double())
    cell = torch.nn.LSTMCell(3, 16).double().requires_grad_(False)
    for name, weight in cell.named_parameters():
        weight.copy_(getattr(net.memory.units, f"{name}_l0"))
    first = second = cells = torch.zeros(1, 16).double()
    peak = torch.zeros(1, 2).double()
    for t in range(400):
        place = (t % BLOCK + 1) / BLOCK
        torch.testing.assert_close(made[:, t], first + place * (second - first))
        peak = torch.maximum(peak, x[:, t].abs())
        if place == 1.0:
            first = second
            second, cells = cell(torch.cat((peak, knobs[:, t]), 1), (second, cells))
            peak = torch.zeros_like(peak)


def test_a_memory_says_in_a_block_only_what_was_over_before_it():
    memory = BlockMemory(1, 0, 3)
    x, none = torch.zeros(1, 1, 3 * BLOCK), torch.zeros(1, 1, 0)
    x[0, 0, BLOCK - 1], state = 1.0, torch.zeros(1, memory.state_size)
    ends, since, _ = memory(x, none, state)
    assert (since, list(ends.shape)) == (0, [1, 4, 3])
    assert torch.equal(ends[:, :2], torch.zeros(1, 2, 3))
    loud, soft = (memory.units(torch.tensor([[[peak]]]))[0][:, 0] for peak in (1.0, 0.0))
    torch.testing.assert_close(ends[:, 2], loud)
    assert not torch.allclose(loud, soft)


@pytest.mark.parametrize("kind", [FiLM, TemporalFiLM])
def test_modulation_begins_as_nothing(kind):
    net = kind(2, 3) if kind is FiLM else kind(2, 3, is_tiny=True)
    h, knobs = torch.randn(1, 3, 300), torch.randn(1, 1, 2)
    assert torch.equal(net(h, knobs, torch.zeros(1, net.state_size))[0], h)


@pytest.mark.parametrize("name, how", [*OTHERS, *USUAL.items()])
def test_a_knob_is_heard_when_it_is_due(name, how):
    """At once where nothing remembers, and behind the block it was turned in where blocks do."""
    net = made(name, (1, 1, 1), how).double().requires_grad_(False)
    x = torch.randn(1, 400, 1).double()
    knobs = torch.zeros(1, 400, 1).double()
    turned = knobs.clone()
    turned[:, 150:] = 1.0
    state = net.begin(1).double()
    differs = (net(x, knobs, state)[0] - net(x, turned, state)[0]).abs()[0, :, 0]
    first = 2 * BLOCK if how in REMEMBER else 150
    assert float(differs[:first].max()) == pytest.approx(0.0, abs=1e-12)
    assert float(differs[first]) > 1e-9


@pytest.mark.parametrize("how", ["tfilm", "ttfilm", "tvfilm", "tvcond"])
def test_a_convolution_that_remembers_hears_further_than_its_taps(how):
    x, other, none = (torch.zeros(1, 600, n) for n in (1, 1, 0))
    other[0, :40] = 1.0
    plain, net = (made("TCN", PLAIN, kind).requires_grad_(False) for kind in ("film", how))
    assert (plain.reach, net.reach) == (30, None)
    for each, hears in ((plain, False), (net, True)):
        late = [each(of, none[:, :1], each.begin(1))[0][:, 300:] for of in (x, other)]
        assert torch.equal(*late) is not hears


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
        lambda: TCN(1, 1, 1, RATE, conditioning="flim"),
    ],
)
def test_sizes_that_cannot_be_are_refused(make):
    with pytest.raises(InputError, match=r"^model\.[a-z_.]+"):
        make()


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: TCN(1, 1, 1, RATE, conditioning="tflim"), "got 'tflim', did you mean 'tfilm'"),
        (lambda: LSTM(1, 1, 1, RATE, conditioning="film"), "none, concat or tvcond .* of a TCN"),
        (lambda: AudioGRU(1, 1, 1, RATE, conditioning="tvfilm"), "none, concat or tvcond"),
        (lambda: SSM(1, 2, 1, RATE, conditioning="none"), "there are 2: set model.knobs=null"),
    ],
)
def test_conditionings_that_cannot_be_are_refused(make, message):
    with pytest.raises(InputError, match=rf"^model\.net\.conditioning.*{message}"):
        make()
