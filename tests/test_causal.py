"""Every causal map that is registered keeps the promises of `Causal`."""

from functools import partial

import pytest
import torch
from torch import Tensor

from vschaos2.nets import temporal  # noqa: F401 - memories are registered where models are built
from vschaos2.nets.causal import Causal
from vschaos2.nets.causal_conv import CausalConv
from vschaos2.nets.recurrent import GRU
from vschaos2.parts import parts

N_INPUTS = 3
MAPS = {
    **parts("memory"),
    "deep gru": partial(GRU, hidden_dims=5, layers=3),
    "deep causal_conv": partial(CausalConv, hidden_dims=8, layers=3),
    "wide causal_conv": partial(CausalConv, hidden_dims=6, layers=2, kernel_size=3),
}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture(params=MAPS)
def memory(request) -> Causal:
    return MAPS[request.param](N_INPUTS).requires_grad_(False)


def start(memory: Causal, batch: int = 1) -> Tensor:
    return torch.zeros(batch, memory.state_size)


def frames_for(memory: Causal) -> int:
    """More than it reaches; where the past never ends, enough to hear some of it."""
    return 12 + (memory.reach or 0) + memory.delay


def differences(memory: Causal, changed: int, count: int) -> Tensor:
    """How much every frame of an output differs when one frame of the input does: [F]."""
    x = torch.randn(1, count, N_INPUTS)
    other = x.clone()
    other[:, changed] += 1.0
    ours, theirs = (memory(of, start(memory))[0] for of in (x, other))
    return (ours - theirs).abs().amax((0, 2))


@pytest.mark.parametrize("is_scripted", [False, True], ids=["eager", "scripted"])
@pytest.mark.parametrize("batch", [1, 2, 5])
def test_sequences_in_blocks_equal_the_whole(memory, batch: int, is_scripted: bool):
    run = torch.jit.script(memory) if is_scripted else memory
    x = torch.randn(batch, 30, N_INPUTS)
    before = start(memory, batch)
    whole, last = memory(x, before)
    assert list(whole.shape) == [batch, 30, memory.n_outputs]
    assert list(last.shape) == [batch, memory.state_size]
    assert not before.any()  # a pure function
    for sizes in ([1] * 30, [3] * 10, [30], [1, 7, 2, 16, 4]):
        state, made = before, []
        with torch.inference_mode():
            for block in x.split(sizes, 1):
                y, state = run(block, state)
                made.append(y)
        torch.testing.assert_close(torch.cat(made, 1), whole, rtol=0, atol=2e-6)
        torch.testing.assert_close(state, last, rtol=0, atol=2e-6)


def test_sequences_of_a_batch_do_not_mix(memory):
    x = torch.randn(3, 9, N_INPUTS)
    together = memory(x, start(memory, 3))[0]
    for item in range(3):
        alone = memory(x[item : item + 1], start(memory))[0]
        torch.testing.assert_close(together[item : item + 1], alone, rtol=0, atol=2e-6)


def test_gradients_reach_every_weight_the_input_and_the_state(memory):
    memory.requires_grad_(True)
    count = frames_for(memory)
    x = torch.randn(4, count, N_INPUTS, requires_grad=True)
    state = torch.randn(4, memory.state_size, requires_grad=True)
    y, _ = memory(x, state)
    (y * torch.randn_like(y)).sum().backward()
    reached = {
        "x": x.grad,
        "state": state.grad,
        **{n: w.grad for n, w in memory.named_parameters()},
    }
    assert [name for name, grad in reached.items() if not bool(grad.abs().max() > 0)] == []


@pytest.mark.parametrize("changed", [0, 4, 9])
def test_no_frame_hears_a_later_one(memory, changed: int):
    differs = differences(memory, changed, 10)
    assert float(differs[:changed].sum()) == 0.0
    assert float(differs[changed:].max()) > 0.0


def test_reach_is_how_far_back_an_output_hears(memory):
    differs = differences(memory, 0, frames_for(memory))
    heard = len(differs) if memory.reach is None else memory.reach + 1
    assert bool((differs[:heard] > 0.0).all())
    assert float(differs[heard:].sum()) == 0.0


def test_delay_is_how_late_the_inputs_pass_beside_their_summary(memory):
    x = torch.randn(2, 9, N_INPUTS)
    y, _ = memory(x, start(memory, 2))
    assert torch.equal(y[:, memory.delay :, :N_INPUTS], x[:, : 9 - memory.delay])


@pytest.mark.parametrize("layers, kernel_size", [(1, 2), (3, 2), (2, 3)])
def test_causal_conv_reaches_one_frame_less_than_its_taps_span(layers: int, kernel_size: int):
    memory = CausalConv(N_INPUTS, 8, layers, kernel_size)
    assert memory.reach == kernel_size**layers - 1
    assert memory.state_size == memory.reach * 8


def test_gru_is_its_equations():
    """Slow oracle: one unit at a time, in float64."""
    memory = GRU(3, hidden_dims=4, layers=2).requires_grad_(False)
    x = torch.randn(1, 7, 3)
    y, state = memory(x, start(memory))
    heard = x[0].double()
    for layer in range(2):
        W, U, b, c = (
            getattr(memory.units, f"{name}_l{layer}").double()
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        h, outputs = torch.zeros(4, dtype=torch.float64), []
        for frame in heard:
            units = []
            for i in range(4):
                r, u, n = i, 4 + i, 8 + i
                reset = 1 / (1 + torch.exp(-(W[r] @ frame + b[r] + U[r] @ h + c[r])))
                update = 1 / (1 + torch.exp(-(W[u] @ frame + b[u] + U[u] @ h + c[u])))
                new = torch.tanh(W[n] @ frame + b[n] + reset * (U[n] @ h + c[n]))
                units.append((1 - update) * new + update * h[i])
            h = torch.stack(units)
            outputs.append(h)
        heard = torch.stack(outputs)
        torch.testing.assert_close(state[0, 4 * layer : 4 * layer + 4], h.float())
    torch.testing.assert_close(y[0], torch.cat((x[0], heard.float()), 1))


def test_causal_conv_is_its_sums():
    """Slow oracle: every frame reads its taps out of the whole, zeros before the first."""
    memory = CausalConv(3, hidden_dims=4, layers=2, kernel_size=3).requires_grad_(False)
    x = torch.randn(1, 12, 3)
    h = x[0] @ memory.input.weight.T + memory.input.bias
    for layer, dilation in zip(memory.layers, (1, 3), strict=True):
        normal = (h - h.mean(1, keepdim=True)) / (
            h.var(1, keepdim=True, correction=0) + 1e-5
        ).sqrt()
        after = []
        for f in range(12):
            past = [f - 2 * dilation, f - dilation, f]
            taps = torch.cat([normal[i] if i >= 0 else torch.zeros(4) for i in past])
            total = layer.taps.weight @ taps + layer.taps.bias
            after.append(h[f] + total * torch.sigmoid(total))
        h = torch.stack(after)
    torch.testing.assert_close(memory(x, start(memory))[0][0], torch.cat((x[0], h), 1))
