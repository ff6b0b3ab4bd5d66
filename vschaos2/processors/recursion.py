"""Recursions of float64 state, each in three forms that are held equal by the tests.

Where Python runs, compiled loops with their adjoints (`kernels`): this is what trains. In
TorchScript, which must do without them, filters go by matrices over sub-blocks of `BLOCK` samples,
so that the sums do not depend on the host's block, and what has no such form goes sample by sample.
Both of the latter are plain torch, too, and can be run and differentiated without the compiler.
"""

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from vschaos2.dsp.state import Stateful

BLOCK = 64  # samples of a sub-block, whatever the host's block
GROUP = 8  # sub-blocks whose states are found at once


def cascade(x: Tensor, sections: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """Filters of two states in series, compiled; differentiable by everything.

    Args:
        x: input.
        sections: A (row by row), B, C, D of each section, s' = A s + B x, y = C s + D x.
        state: two states of each section.

    Shape: x [B, C, T], sections [B, M, 9], state [B, C, 2 M] → y [B, C, T], state; all float64.
    """
    batch, channels, count = x.shape
    rows, sections, state = x.reshape(batch * channels, count).cpu(), sections.cpu(), state.cpu()
    after = []
    for m in range(sections.shape[1]):
        c = sections[:, m].repeat_interleave(channels, 0)
        s = state[:, :, 2 * m : 2 * m + 2].reshape(batch * channels, 2)
        rows, s = _Section.apply(rows, c, s)
        after.append(s.reshape(batch, channels, 2))
    return rows.reshape(x.shape).to(x.device), torch.cat(after, 2).to(x.device)


def block_matrices(sections: Tensor, block: int = BLOCK, group: int = GROUP) -> list[Tensor]:
    """What one sub-block of a cascade is, as matrices.

    Sections in series are one state space of S = 2 M states. Within a sub-block of K samples from
    state s, with h the impulse response (h₀ = D, hₖ = C Aᵏ⁻¹ B),

        y = toeplitz(h) x + [C Aᵏ] s,    s' = [Aᴷ⁻¹⁻ᵏ B] x + Aᴷ s.

    The states of G sub-blocks follow at once from the first and what each sub-block adds, by a
    matrix whose blocks are powers of Aᴷ.

    Shape: [B, M, 9] → [B, K, K], [B, S, K], [B, K, S], [B, (G + 1) S, (G + 1) S], each to be
        multiplied from the right: y = x @ first + s @ second, and (s, x @ third, …) @ fourth.
    """
    a, b, c, d = _series(sections)
    batch, size = a.shape[0], a.shape[1]
    number = torch.arange(size, device=a.device)
    powers = (number[:, None] == number).to(a.dtype).expand(batch, 1, size, size)
    step = a
    while powers.shape[1] < block:
        powers = torch.cat((powers, torch.matmul(powers, step[:, None])), 1)
        step = torch.matmul(step, step)
    observed = torch.matmul(c[:, None], powers)[:, :, 0]
    driven = torch.matmul(powers, b[:, None])[..., 0]
    response = torch.cat((d[:, :, 0], torch.matmul(observed, b)[:, :-1, 0]), 1)
    time = torch.arange(block, device=a.device)
    lag = time[None, :] - time[:, None]
    taps = response[:, lag.clamp(min=0).flatten()].reshape(batch, block, block)
    toeplitz = torch.where(lag >= 0, taps, 0.0)
    carried = step.transpose(1, 2)
    steps = [powers[:, 0]]
    for _ in range(group):
        steps.append(torch.matmul(steps[-1], carried))
    number = torch.arange(group + 1, device=a.device)
    later = number[None, :] - number[:, None]
    carry = (
        torch.stack(steps, 1)[:, later.clamp(min=0).flatten()]
        * (later.flatten() >= 0)[:, None, None]
    )
    carry = carry.reshape(batch, group + 1, group + 1, size, size).transpose(2, 3)
    return [
        toeplitz,
        observed.transpose(1, 2).contiguous(),
        driven.flip(1).contiguous(),
        carry.reshape(batch, (group + 1) * size, (group + 1) * size),
    ]


def cascade_blocks(
    x: Tensor, matrices: list[Tensor], state: Tensor, block: int = BLOCK, group: int = GROUP
) -> tuple[Tensor, Tensor]:
    """`cascade`, by `block_matrices`.

    Shape: x [B, C, T], T a multiple of `BLOCK`, state [B, C, S] → y [B, C, T], state; all float64.
    """
    batch, channels, size = state.shape
    count = x.shape[2] // block
    blocks = x.reshape(batch, channels * count, block)
    driven = torch.matmul(blocks, matrices[2]).reshape(batch, channels, count * size)
    before: list[Tensor] = []
    for n in range((count + group - 1) // group):
        width = min(group, count - n * group) * size
        added = driven[:, :, n * group * size : n * group * size + width]
        met = torch.cat((state, added), 2)
        met = torch.matmul(met, matrices[3][:, : width + size, : width + size])
        before.append(met[:, :, :width])
        state = met[:, :, width:]
    first = before[0] if len(before) == 1 else torch.cat(before, 2)
    first = first.reshape(batch, channels * count, size)
    y = torch.matmul(blocks, matrices[0]) + torch.matmul(first, matrices[1])
    return y.reshape(x.shape), state


class OnePole(Stateful):
    """An average that forgets: y ← y + a (x - y); the matrices of a section are kept for it."""

    kept_a: Tensor
    kept: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.forget()

    @torch.jit.export
    def forget(self) -> None:
        """Forget the matrices that were kept: they follow from a."""
        self.kept_a = torch.zeros(0, 0)
        self.kept = [torch.zeros(0)]

    def forward(self, x: Tensor, a: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
        """The average of a block, and its last value.

        Args:
            x: what is averaged.
            a: in (0, 1), for all samples, or for each sub-block.
            last: y before the first sample, float64.

        Shape: x [B, T], a [B, N], N 1 or T / `BLOCK`, last [B] → y [B, T] as x is, and the last y
            [B], float64.
        """
        if not torch.jit.is_scripting():
            return ballistics(x, a, a, last)
        if a.shape[1] > 1:
            return ballistics_loop(x, a, a, last)
        if self.kept_a.shape != a.shape or bool((self.kept_a != a).any()):
            # y = (1 - a) s + a x is the next state; the second state of the section rests.
            rest, keeps = torch.zeros_like(a), 1.0 - a
            own = [keeps, rest, rest, rest, a, rest, keeps, rest, a]
            self.kept_a, self.kept = a, block_matrices(torch.stack(own, 2))
        state = torch.stack((last, torch.zeros_like(last)), 1)[:, None]
        y, state = cascade_blocks(x.double()[:, None], self.kept, state)
        return y[:, 0].to(x.dtype), state[:, 0, 0]


def ballistics(
    x: Tensor, attack: Tensor, release: Tensor, last: Tensor, block: int = BLOCK
) -> tuple[Tensor, Tensor]:
    """An average that rises and falls at speeds of its own: y ← y + a (x - y).

    Args:
        x: what is averaged.
        attack: a where x is above y, in (0, 1): for all samples, or for each sub-block.
        release: a elsewhere.
        last: y before the first sample, float64.
        block: samples of a sub-block.

    Shape: x [B, T], attack and release [B, N], N 1 or T / `BLOCK`, last [B] → y [B, T] as x is,
        and the last y [B], float64.
    """
    if not torch.jit.is_scripting():
        size = x.shape[1] if attack.shape[1] == 1 else block
        given = (each.double().cpu() for each in (x, attack, release, last))
        y, after = _Ballistics.apply(*given, size)
        return y.to(x), after.to(x.device)
    return ballistics_loop(x, attack, release, last)


def ballistics_loop(
    x: Tensor, attack: Tensor, release: Tensor, last: Tensor
) -> tuple[Tensor, Tensor]:
    """`ballistics`, sample by sample in TorchScript; without derivatives."""
    rows: list[Tensor] = []
    ends: list[float] = []
    size = x.shape[1] // attack.shape[1]
    for r in range(x.shape[0]):
        values: list[float] = x[r].double().tolist()
        ups: list[float] = attack[r].double().tolist()
        downs: list[float] = release[r].double().tolist()
        u = float(last[r])
        out: list[float] = []
        for n, up in enumerate(ups):
            down = downs[n]
            for value in values[n * size : (n + 1) * size]:
                d = value - u
                if d > 0.0:
                    u += up * d
                else:
                    u += down * d
                out.append(u)
        rows.append(torch.tensor(out, dtype=torch.float64))
        ends.append(u)
    return torch.stack(rows).to(x), torch.tensor(ends, dtype=torch.float64)


def smoothing(time_ms: Tensor, sample_rate: float) -> Tensor:
    """The a of an average that gets within 1/e of a step in a time: 1 - exp(-1 / (t f_s))."""
    return -torch.expm1(-1000.0 / (time_ms * sample_rate))


def _series(sections: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A, B, C, D of sections in series: [B, M, 9] → [B, S, S], [B, S, 1], [B, 1, S], [B, 1, 1]."""
    batch = sections.shape[0]
    a = sections.new_zeros(batch, 0, 0)
    b = sections.new_zeros(batch, 0, 1)
    c = sections.new_zeros(batch, 1, 0)
    d = sections.new_ones(batch, 1, 1)
    for m in range(sections.shape[1]):
        own = sections[:, m]
        own_a, own_b = own[:, :4].reshape(batch, 2, 2), own[:, 4:6].reshape(batch, 2, 1)
        own_c, own_d = own[:, 6:8].reshape(batch, 1, 2), own[:, 8:].reshape(batch, 1, 1)
        above = torch.cat((a, sections.new_zeros(batch, 2 * m, 2)), 2)
        a = torch.cat((above, torch.cat((torch.matmul(own_b, c), own_a), 2)), 1)
        b = torch.cat((b, torch.matmul(own_b, d)), 1)
        c = torch.cat((torch.matmul(own_d, c), own_c), 2)
        d = own_d * d
    return a, b, c, d


class _Section(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, c: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[no-untyped-def]
        from vschaos2.processors import kernels

        x, c, after = x.detach().contiguous(), c.detach().contiguous(), s.detach().clone()
        y, states = torch.empty_like(x), x.new_empty(*x.shape, 2)
        kernels.section(x.numpy(), c.numpy(), after.numpy(), y.numpy(), states.numpy())
        ctx.save_for_backward(x, c, states)
        return y, after

    @staticmethod
    @once_differentiable
    def backward(ctx, gy: Tensor, gs: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # type: ignore[no-untyped-def]
        from vschaos2.processors import kernels

        x, c, states = ctx.saved_tensors
        gs, gx, gc = gs.clone().contiguous(), torch.empty_like(x), torch.empty_like(c)
        arrays = (each.contiguous().numpy() for each in (x, c, states, gy, gs, gx, gc))
        kernels.section_adjoint(*arrays)
        return gx, gc, gs


class _Ballistics(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[no-untyped-def]
        ctx, x: Tensor, attack: Tensor, release: Tensor, last: Tensor, size: int
    ) -> tuple[Tensor, Tensor]:
        from vschaos2.processors import kernels

        x, attack, release = (each.detach().contiguous() for each in (x, attack, release))
        first, after, y = last.detach().clone(), last.detach().clone(), torch.empty_like(x)
        kernels.ballistics(*(each.numpy() for each in (x, attack, release, after, y)), size)
        ctx.size = size
        ctx.save_for_backward(x, attack, release, first, y)
        return y, after

    @staticmethod
    @once_differentiable
    def backward(ctx, gy: Tensor, gu: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[no-untyped-def]
        from vschaos2.processors import kernels

        x, attack, release, first, y = ctx.saved_tensors
        gu, gx = gu.clone().contiguous(), torch.empty_like(x)
        gattack, grelease = torch.empty_like(attack), torch.empty_like(release)
        given = (x, attack, release, first, y, gy.contiguous(), gu, gx, gattack, grelease)
        kernels.ballistics_adjoint(*(each.numpy() for each in given), ctx.size)
        return gx, gattack, grelease, gu, None
