"""Recursions through delay lines that are longer than a sub-block: echoes.

Compiled with their adjoints where Python runs. TorchScript takes as many whole sub-blocks at once
as fit into the shortest delay: what is read was written before (see `recursion`).
"""

import math

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from vschaos2.dsp.state import Stateful
from vschaos2.processors.recursion import BLOCK, OnePole

FADE_S = 0.02


def cubic(p: Tensor) -> list[Tensor]:
    """Weights of the samples at 1, 0, -1, -2 for the place -p between two, 0 ≤ p < 1.

    The cubic through four points, by Lagrange; its gain is at most 1 at any frequency.
    """
    return [
        -p * (p - 1.0) * (p - 2.0) / 6.0,
        (p + 1.0) * (p - 1.0) * (p - 2.0) / 2.0,
        -(p + 1.0) * p * (p - 2.0) / 2.0,
        (p + 1.0) * p * (p - 1.0) / 6.0,
    ]


class Crossfade(nn.Module):
    """A number that does not glide: from one value to the next, by a raised cosine of 20 ms.

    Time is cut into hops of 20 ms. Over each, the value that stood where the hop before began is
    crossed from, and the one that stands where it begins is crossed to.

    Args:
        sample_rate: in Hz.

    Attributes:
        state_size: numbers that are carried: sub-blocks since a hop began, and two values.
    """

    fade: Tensor

    def __init__(self, sample_rate: float) -> None:
        super().__init__()
        self.block = BLOCK
        self.hop = max(1, round(FADE_S * sample_rate / BLOCK))  # in sub-blocks
        self.state_size = 3
        time = torch.arange(self.hop * BLOCK, dtype=torch.float64) / (self.hop * BLOCK)
        self.register_buffer("fade", 0.5 - 0.5 * torch.cos(math.pi * time), persistent=False)

    def forward(
        self, values: Tensor, blocks: int, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What each sub-block is crossed from, and to, and the share of the latter.

        Args:
            values: above 0, N 1 or `blocks`.
            blocks: how many sub-blocks.
            state: zeros before the first.

        Shape: values [B, N], state [B, 3] → [B, `blocks`] twice, [T], or where nothing moves
            [B, 1] twice, [1]; and the state.
        """
        place, heard = int(state[0, 0]), state[:, 1:]
        if float(state[0, 1]) == 0.0:
            heard = values[:, :1].expand(-1, 2)
        last = torch.full_like(heard[:, :1], float((place + blocks) % self.hop))
        if not bool((heard[:, :, None] != values[:, None]).any()):
            still = values[:, :1]
            return still, still, torch.zeros_like(self.fade[:1]), torch.cat((last, heard), 1)
        first = (self.hop - place) % self.hop
        n = torch.arange(blocks, device=values.device)
        begins = n[first :: self.hop].clamp(max=values.shape[1] - 1)
        of = torch.cat((heard, values[:, begins]), 1)
        begun = torch.div(n - first + self.hop, self.hop, rounding_mode="floor")
        at = torch.remainder(n + place, self.hop)[:, None] * self.block
        at = at + torch.arange(self.block, device=values.device)
        state = torch.cat((last, of[:, of.shape[1] - 2 :]), 1)
        return of[:, begun], of[:, begun + 1], self.fade[at.flatten()], state


class Combs(Stateful):
    """What runs round delay lines with a one-pole in each: u = x + f y, y = one-pole of u(t - d).

    The lines of a sound are alike but for their feedback.

    Args:
        lines: of a sound, L.
        longest: delay, in samples.

    Attributes:
        length: of what is kept of each line, M.
    """

    def __init__(self, lines: int, longest: float) -> None:
        super().__init__()
        self.lines, self.length = lines, math.ceil(longest) + 4
        self.block = BLOCK
        self.one_pole = OnePole()
        self.forget()

    @torch.jit.export
    def forget(self) -> None:
        """Forget where lines were read and how samples were weighted: it follows from the delay."""
        self.kept_times, self.kept_places = torch.zeros(0, 0), torch.zeros(0, 0)
        self.kept_weights = torch.zeros(0)

    def forward(
        self,
        x: Tensor,
        before: Tensor,
        after: Tensor,
        weight: Tensor,
        a: Tensor,
        feedback: Tensor,
        last: Tensor,
        line: Tensor,
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """What leaves each line, and what is carried on.

        Args:
            x: input of all lines.
            before: d in samples, at least `BLOCK` + 2: of all samples, or of each sub-block.
            after: what d becomes.
            weight: share of `after`; [1] where nothing moves.
            a: of the one-pole, in (0, 1): for all samples, or for each sub-block.
            feedback: f, within ±1.
            last: y before the first sample.
            line: the last M of u, of all lines sample by sample.

        Shape: x [B, T], before and after [B, N], weight [T or 1], a [B, N], feedback [B, L, 1 or
            T], last [B, L], line [B, M L] → y [B, L, T], last, and the line in parts, which are to
            be joined: it is long, and joined once with all that is carried on; all float64.
        """
        batch, count = x.shape
        if not torch.jit.is_scripting():
            rows = line.reshape(batch, self.length, self.lines).transpose(1, 2)
            given = (each.cpu() for each in (x, before, after, weight, a, feedback, last, rows))
            y, last, whole = _Combs.apply(*given)
            whole = whole[:, :, count:].transpose(1, 2).flatten(1)
            return y.to(x.device), last.to(x.device), [whole.to(x.device)]
        shortest = int(torch.minimum(before, after).min()) - 1
        most = max(1, shortest // self.block) * self.block
        out: list[Tensor] = []
        parts = [line]
        n = 0
        while n < count:
            size = min(most, count - n)
            line = parts[0] if len(parts) == 1 else torch.cat(parts, 1)
            read = self.read(line, part(before, n, size, count), size)
            if weight.shape[0] > 1:
                other = self.read(line, part(after, n, size, count), size)
                read = read + weight[n : n + size] * (other - read)
            smoothing = part(a, n, size, count)[:, None].expand(-1, self.lines, -1).flatten(0, 1)
            y, end = self.one_pole(read.flatten(0, 1), smoothing, last.flatten())
            y, last = y.reshape(batch, self.lines, size), end.reshape(batch, self.lines)
            f = feedback if feedback.shape[2] == 1 else feedback[:, :, n : n + size]
            added = (x[:, None, n : n + size] + f * y).transpose(1, 2).flatten(1)
            parts = [line[:, size * self.lines :], added]
            out.append(y)
            n += size
        return torch.cat(out, 2) if len(out) > 1 else out[0], last, parts

    def read(self, line: Tensor, times: Tensor, size: int) -> Tensor:
        """What lines say in their next samples. Shape: [B, M L], [B, N] → [B, L, size]."""
        batch, blocks = times.shape
        places, weights = self.kept_places, self.kept_weights
        is_known = self.kept_times.shape == times.shape and places.shape[1] == 4 * self.lines * size
        if not is_known or bool((self.kept_times != times).any()):
            whole = times.floor()[:, :, None]
            weights = torch.stack(cubic(times[:, :, None] - whole), 1)[:, None]
            time = torch.arange(size, device=line.device).reshape(blocks, -1)
            tap = torch.arange(4, device=line.device)[:, None, None]
            number = torch.arange(self.lines, device=line.device)[:, None, None, None]
            places = self.length + 1 - whole.long() + time
            places = ((places[:, None, None] - tap) * self.lines + number).flatten(1)
            if blocks == 1:
                self.kept_times, self.kept_places, self.kept_weights = times, places, weights
        found = line.gather(1, places).reshape(batch, self.lines, 4, blocks, -1)
        return (found * weights).sum(2).flatten(2)


def part(values: Tensor, start: int, size: int, count: int) -> Tensor:
    """Of values of sub-blocks [R, N] those of the samples from `start` on; one stands for all."""
    if values.shape[1] == 1:
        return values
    block = count // values.shape[1]
    return values[:, start // block : (start + size) // block]


class _Combs(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[no-untyped-def]
        ctx,
        x: Tensor,
        before: Tensor,
        after: Tensor,
        weight: Tensor,
        a: Tensor,
        feedback: Tensor,
        last: Tensor,
        line: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        from vschaos2.processors import line_kernels

        given = [each.detach().contiguous() for each in (x, before, after, weight, a, feedback)]
        first, end = last.detach().clone(), last.detach().clone()
        y = x.new_empty(*last.shape, x.shape[1])
        whole = torch.cat((line.detach(), torch.zeros_like(y)), 2)
        line_kernels.combs(*(each.numpy() for each in (*given, whole, end, y)))
        ctx.save_for_backward(*given[1:], whole, first, y)
        return y, end, whole

    @staticmethod
    @once_differentiable
    def backward(ctx, gy: Tensor, glast: Tensor, gline: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[no-untyped-def]
        from vschaos2.processors import line_kernels

        saved = ctx.saved_tensors
        before, after, _, a, feedback, _, _, y = saved
        gline, glast = gline.clone().contiguous(), glast.clone().contiguous()
        gx = y.new_zeros(y.shape[0], y.shape[2])
        added = [torch.zeros_like(each) for each in (before, after, a, feedback)]
        given = (*saved, gy.contiguous(), gline, glast, gx, *added)
        line_kernels.combs_adjoint(*(each.numpy() for each in given))
        gbefore, gafter, ga, gfeedback = added
        past = gline[:, :, : gline.shape[2] - y.shape[2]]
        return gx, gbefore, gafter, None, ga, gfeedback, glast, past
