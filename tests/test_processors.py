"""Every processor that is registered keeps the promises of `Processor`."""

from functools import partial

import pytest
import torch
from torch import Tensor

from vschaos2.export.operators import check_operators
from vschaos2.parts import parts
from vschaos2.processors import chain  # noqa: F401 - which registers all of them
from vschaos2.processors.dynamics import Compressor
from vschaos2.processors.fir import Fir
from vschaos2.processors.parameter import Ranges
from vschaos2.processors.recursion import BLOCK

RATE = 44_100.0
KINDS = {
    **parts("processor"),
    "drawn fir": partial(Fir, taps=33, siren=True),
    "compressor with a slow path": partial(Compressor, paths=2),
}

# What is first heard after so many sub-blocks, or twice that, has no derivative before.
LATE = {"ping_pong": 700, "fdn_reverb": 130, "space": 700, "echo": 700, "room": 130}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
    torch.set_num_threads(1)


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


def make(kind: str, channels: int = 1):
    return KINDS[kind](RATE, channels)


def anywhere(processor, batch: int, blocks: int = 1) -> Tensor:
    """Values anywhere in their ranges: [B, P, N]."""
    position = torch.rand(batch, len(processor.physical), blocks, dtype=torch.float64)
    return Ranges(processor.physical)(torch.logit(position, eps=1e-3))


def moves(processor, batch: int, blocks: int, every: int) -> Tensor:
    """Values that jump, as someone who turns knobs would have it: [B, P, N]."""
    return anywhere(processor, batch, -(-blocks // every)).repeat_interleave(every, 2)[..., :blocks]


def begin(processor, batch: int) -> Tensor:
    return torch.zeros(batch, processor.state_size)


def in_blocks(run, x: Tensor, values: Tensor, state: Tensor, sizes: list[int]) -> Tensor:
    """A stream in blocks of so many sub-blocks in turn."""
    out, n, turn = [], 0, 0
    while n * BLOCK < x.shape[2]:
        count = sizes[turn % len(sizes)]
        part = values if values.shape[2] == 1 else values[:, :, n : n + count]
        y, state = run(x[:, :, n * BLOCK : (n + count) * BLOCK], part, state)
        out.append(y)
        n, turn = n + count, turn + 1
    return torch.cat(out, 2)


def difference(a: Tensor, b: Tensor) -> float:
    return float((a - b).detach().abs().max() / b.detach().abs().max().clamp(min=1e-6))


@pytest.mark.parametrize("is_scripted", [False, True], ids=["eager", "scripted"])
@pytest.mark.parametrize("is_moving", [False, True], ids=["still", "moving"])
def test_a_stream_in_blocks_equals_the_whole(kind, is_scripted, is_moving):
    """Ten seconds at once, as training hears them, or two that move; scripted, by other sums."""
    processor = make(kind)
    run = torch.jit.script(processor) if is_scripted else processor
    blocks = int((2 if is_moving else 10) * RATE) // BLOCK
    x = 0.3 * torch.randn(1, 1, blocks * BLOCK)
    values = moves(processor, 1, blocks, 300) if is_moving else anywhere(processor, 1)
    with torch.inference_mode():
        whole, _ = processor(x, values, begin(processor, 1))
        sizes = [1, 2, 3, 8, 33, 127, 700]
        assert difference(in_blocks(run, x, values, begin(processor, 1), sizes), whole) < 1e-5


def test_items_of_a_batch_do_not_hear_each_other(kind):
    processor = make(kind, channels=2)
    x, values = 0.3 * torch.randn(2, 2, 40 * BLOCK), moves(processor, 2, 40, 7)
    scripted = torch.jit.script(processor)
    with torch.inference_mode():
        for run in (processor, scripted):
            both, _ = run(x, values, begin(processor, 2))
            for n in (0, 1):
                alone, _ = run(x[n : n + 1], values[n : n + 1], begin(processor, 1))
                assert difference(both[n], alone[0]) < 1e-6


def test_hosts_can_load_it(kind):
    check_operators(torch.jit.script(make(kind)))


@pytest.mark.parametrize("blocks", [1, 2], ids=["still", "moving"])
def test_gradients_are_those_of_finite_differences(kind, blocks):
    processor, each = make(kind).double(), LATE.get(kind, 1)
    x = 0.5 * torch.randn(1, 1, 2 * each * BLOCK, dtype=torch.float64)
    # Away from the ends, where finite differences would leave the range.
    raw = torch.randn(1, len(processor.physical), blocks, dtype=torch.float64)
    values, state = Ranges(processor.physical), torch.zeros(1, processor.state_size).double()

    def of(x: Tensor, raw: Tensor) -> Tensor:
        held = values(raw).repeat_interleave(each, 2) if blocks > 1 else values(raw)
        return processor(x, held, state)[0]

    given = (x.requires_grad_(), raw.requires_grad_())
    assert torch.autograd.gradcheck(of, given, fast_mode=True, atol=1e-6)


def test_everything_that_may_be_learnt_has_a_gradient(kind):
    processor = make(kind)
    x = 0.3 * torch.randn(1, 1, max(30, 2 * LATE.get(kind, 1)) * BLOCK)
    values = anywhere(processor, 1).requires_grad_()
    processor(x, values, begin(processor, 1))[0].square().mean().backward()
    learnt = [values] if processor.physical else []
    for each in (*learnt, *processor.parameters()):
        assert each.grad is not None and bool((each.grad != 0.0).all())


def test_the_response_is_that_of_the_sound(kind):
    processor = make(kind).requires_grad_(False)
    if not processor.is_linear:
        assert not hasattr(processor, "response")
        return
    values = Ranges(processor.physical)(0.5 * torch.randn(1, len(processor.physical), 1))
    # As long as it takes a room to fall silent: what rings on would come round to the beginning.
    impulse = torch.zeros(1, 1, (16 if kind in LATE else 1) * 1024 * BLOCK, dtype=torch.float64)
    impulse[..., 0] = 1.0
    y, _ = processor.double()(impulse, values, begin(processor, 1))
    frequencies = torch.fft.rfftfreq(impulse.shape[2], 1.0 / RATE, dtype=torch.float64)
    wanted = processor.response(values[..., 0], frequencies)[0]
    assert difference(torch.fft.rfft(y[0]), wanted.expand(processor.outputs, -1)) < 1e-6


def test_it_begins_at_its_values(kind):
    """What came before the first sound is not guessed: nothing is ramped from zero."""
    processor = make(kind)
    x, values = 0.3 * torch.randn(1, 1, 2 * BLOCK), anywhere(processor, 1)
    still, _ = processor(x, values, begin(processor, 1))
    told, _ = processor(x, values.expand(-1, -1, 2), begin(processor, 1))
    assert difference(told, still) < 1e-6
