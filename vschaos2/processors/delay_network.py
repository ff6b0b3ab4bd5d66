"""Delay lines that feed each other: a room (see `delay_lines`)."""

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from vschaos2.processors.delay_lines import part
from vschaos2.processors.recursion import BLOCK, OnePole


class Network(nn.Module):
    """Delay lines that feed each other by a Householder matrix, each with a one-pole and a gain.

    Of each line, y = one-pole of u(t - m), s = g y, and u = x + s - 2/L Σ s: the matrix
    I - 2/L 1 1ᵀ, which keeps the energy (J.-M. Jot, A. Chaigne, "Digital delay networks for
    designing artificial reverberators", 1991).

    Args:
        lengths: m in samples, at least `BLOCK`.

    Attributes:
        length: of what is kept of each line, M.
    """

    lengths: Tensor
    reads: Tensor

    def __init__(self, lengths: list[int]) -> None:
        super().__init__()
        self.lines, self.length = len(lengths), max(lengths)
        of = torch.tensor(lengths)
        self.register_buffer("lengths", of, persistent=False)
        self.most = min(lengths) // BLOCK * BLOCK  # samples that are known at once
        reads = (self.length - of)[:, None] + torch.arange(self.most)
        reads = reads * self.lines + torch.arange(self.lines)[:, None]
        self.register_buffer("reads", reads, persistent=False)
        self.one_pole = OnePole()

    def forward(
        self, x: Tensor, gain: Tensor, a: Tensor, last: Tensor, line: Tensor
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """What leaves each line, and what is carried on.

        Args:
            x: input of each line.
            gain: g.
            a: of the one-poles, in (0, 1]: for all samples, or for each sub-block.
            last: y before the first sample.
            line: the last M of u, of all lines sample by sample.

        Shape: x [B, L, T], gain [B, L, 1 or T], a [B, L, N], last [B, L], line [B, M L] →
            s [B, L, T], last, and the line in parts, which are to be joined; all float64.
        """
        batch, count = x.shape[0], x.shape[2]
        if not torch.jit.is_scripting():
            rows = line.reshape(batch, self.length, self.lines).transpose(1, 2)
            given = (each.cpu() for each in (x, gain, a, last, rows))
            s, last, whole = _Network.apply(self.lengths.cpu(), *given)
            whole = whole[:, :, count:].transpose(1, 2).flatten(1)
            return s.to(x.device), last.to(x.device), [whole.to(x.device)]
        a = a.flatten(0, 1)
        out: list[Tensor] = []
        parts = [line]
        n = 0
        while n < count:
            size = min(self.most, count - n)
            line = parts[0] if len(parts) == 1 else torch.cat(parts, 1)
            at = self.reads[:, :size].flatten().expand(batch, self.lines * size)
            read = line.gather(1, at).reshape(batch * self.lines, size)
            y, end = self.one_pole(read, part(a, n, size, count), last.flatten())
            last = end.reshape(batch, self.lines)
            g = gain if gain.shape[2] == 1 else gain[:, :, n : n + size]
            s = g * y.reshape(batch, self.lines, size)
            back = s - (2.0 / self.lines) * s.sum(1, keepdim=True)
            added = (x[:, :, n : n + size] + back).transpose(1, 2).flatten(1)
            parts = [line[:, size * self.lines :], added]
            out.append(s)
            n += size
        return torch.cat(out, 2) if len(out) > 1 else out[0], last, parts


class _Network(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[no-untyped-def]
        ctx, lengths: Tensor, x: Tensor, gain: Tensor, a: Tensor, last: Tensor, line: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        from vschaos2.processors import line_kernels

        x, gain, a = (each.detach().contiguous() for each in (x, gain, a))
        first, end = last.detach().contiguous(), last.detach().clone().contiguous()
        whole = torch.cat((line.detach(), torch.zeros_like(x)), 2)
        y, s = torch.empty_like(x), torch.empty_like(x)
        given = (x, lengths, gain, a, whole, end, y, s)
        line_kernels.network(*(each.numpy() for each in given))
        ctx.save_for_backward(lengths, gain, a, whole, first, y)
        return s, end, whole

    @staticmethod
    @once_differentiable
    def backward(ctx, gs: Tensor, glast: Tensor, gline: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[no-untyped-def]
        from vschaos2.processors import line_kernels

        saved = ctx.saved_tensors
        _, gain, a, _, _, y = saved
        gline, glast = gline.clone().contiguous(), glast.clone().contiguous()
        gx, ggain, ga = torch.empty_like(y), torch.zeros_like(gain), torch.zeros_like(a)
        given = (*saved, gs.contiguous(), gline, glast, gx, ggain, ga)
        line_kernels.network_adjoint(*(each.numpy() for each in given))
        return None, gx, ggain, ga, glast, gline[..., : gline.shape[2] - y.shape[2]]
