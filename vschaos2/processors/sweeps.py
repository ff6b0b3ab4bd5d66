"""Recursions whose coefficients move at every sample: all-passes of a phaser, a delay line.

Compiled with their adjoints where Python runs; sample by sample in TorchScript (see `recursion`).
"""

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def phaser(x: Tensor, speed: Tensor, feedback: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """All-passes of first order in series, round which the sound is fed back a sample later.

    By the trapezoidal rule, as `svf`: with g = tan(π f/f_s), G = g / (1 + g), of each
    d = u - s, y = 2 (s + G d) - u, s' = s + 2 G d. At f its phase is -90°.

    Args:
        x: input.
        speed: G, of all of them alike.
        feedback: within ±1.
        state: of each all-pass, and the last output.

    Shape: x, speed, feedback [R, T], state [R, K + 1] → y [R, T], state; all float64.
    """
    if not torch.jit.is_scripting():
        given = (each.cpu() for each in (x, speed, feedback, state[:, :-1], state[:, -1]))
        y, s, last = _Phaser.apply(*given)
        return y.to(x.device), torch.cat((s, last[:, None]), 1).to(x.device)
    return phaser_loop(x, speed, feedback, state)


def phaser_loop(x: Tensor, speed: Tensor, feedback: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """`phaser` in TorchScript; without derivatives."""
    rows: list[Tensor] = []
    ends: list[Tensor] = []
    for r in range(x.shape[0]):
        sound: list[float] = x[r].tolist()
        speeds: list[float] = speed[r].tolist()
        backs: list[float] = feedback[r].tolist()
        s: list[float] = state[r].tolist()
        stages = len(s) - 1
        v = s[stages]
        out: list[float] = []
        for t, now in enumerate(sound):
            u = now + backs[t] * v
            g = 2.0 * speeds[t]
            for k in range(stages):
                before = s[k]
                after = before + g * (u - before)
                u = after + before - u
                s[k] = after
            v = u
            out.append(v)
        s[stages] = v
        rows.append(torch.tensor(out, dtype=torch.float64))
        ends.append(torch.tensor(s, dtype=torch.float64))
    return torch.stack(rows), torch.stack(ends)


def delay(x: Tensor, times: Tensor, feedback: Tensor, line: Tensor) -> tuple[Tensor, Tensor]:
    """A delay whose time moves, round which the sound is fed back.

    u = x + f y, y = u(t - d): between samples, u is the cubic through the four nearest. Its gain
    is at most 1 at any frequency, so that the loop's is at most |f|.

    Args:
        x: input.
        times: d in samples, from 2 to L - 3.
        feedback: f, within ±1.
        line: the last L of u.

    Shape: x, times, feedback [R, T], line [R, L] → y [R, T], line; all float64.
    """
    if not torch.jit.is_scripting():
        y, whole = _Delay.apply(*(each.cpu() for each in (x, times, feedback, line)))
        return y.to(x.device), whole[:, x.shape[1] :].to(x.device)
    return delay_loop(x, times, feedback, line)


def delay_loop(x: Tensor, times: Tensor, feedback: Tensor, line: Tensor) -> tuple[Tensor, Tensor]:
    """`delay` in TorchScript; without derivatives."""
    rows: list[Tensor] = []
    lines: list[Tensor] = []  # what is new in them
    # What is known before the loop: the cubic's weights, and where it is read.
    whole = times.floor()
    p = times - whole
    first = -p * (p - 1.0) * (p - 2.0) / 6.0
    second = (p + 1.0) * (p - 1.0) * (p - 2.0) / 2.0
    third = -(p + 1.0) * p * (p - 2.0) / 2.0
    fourth = (p + 1.0) * p * (p - 1.0) / 6.0
    at = torch.arange(x.shape[1], device=x.device) + line.shape[1] - whole.long()
    reach = min(int(whole.max()) + 2, line.shape[1])  # no more of the line is read
    at = at + reach - line.shape[1]
    for r in range(x.shape[0]):
        u: list[float] = line[r, line.shape[1] - reach :].tolist()
        sound: list[float] = x[r].tolist()
        backs: list[float] = feedback[r].tolist()
        places: list[int] = at[r].tolist()
        a: list[float] = first[r].tolist()
        b: list[float] = second[r].tolist()
        c: list[float] = third[r].tolist()
        d: list[float] = fourth[r].tolist()
        out: list[float] = []
        for t, i in enumerate(places):
            v = a[t] * u[i + 1] + b[t] * u[i] + c[t] * u[i - 1] + d[t] * u[i - 2]
            out.append(v)
            u.append(sound[t] + backs[t] * v)
        rows.append(torch.tensor(out, dtype=torch.float64))
        lines.append(torch.tensor(u[reach:], dtype=torch.float64))
    return torch.stack(rows), torch.cat((line, torch.stack(lines)), 1)[:, x.shape[1] :]


class _Phaser(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[no-untyped-def]
        ctx, x: Tensor, speed: Tensor, feedback: Tensor, s: Tensor, last: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        from vschaos2.processors import kernels

        x, speed, feedback = (each.detach().contiguous() for each in (x, speed, feedback))
        first, s, end = last.detach().clone(), s.detach().clone(), last.detach().clone()
        y, states = torch.empty_like(x), x.new_empty(*x.shape, s.shape[1])
        kernels.phaser(*(each.numpy() for each in (x, speed, feedback, s, end, y, states)))
        ctx.save_for_backward(x, speed, feedback, first, y, states)
        return y, s, end

    @staticmethod
    @once_differentiable
    def backward(ctx, gy: Tensor, gs: Tensor, glast: Tensor) -> tuple[Tensor, ...]:  # type: ignore[no-untyped-def]
        from vschaos2.processors import kernels

        saved = ctx.saved_tensors
        gs, glast = gs.clone().contiguous(), glast.clone().contiguous()
        gx, gspeed, gfeedback = (torch.empty_like(saved[0]) for _ in range(3))
        given = (*saved, gy.contiguous(), gs, glast, gx, gspeed, gfeedback)
        kernels.phaser_adjoint(*(each.numpy() for each in given))
        return gx, gspeed, gfeedback, gs, glast


class _Delay(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[no-untyped-def]
        ctx, x: Tensor, times: Tensor, feedback: Tensor, line: Tensor
    ) -> tuple[Tensor, Tensor]:
        from vschaos2.processors import kernels

        x, times, feedback = (each.detach().contiguous() for each in (x, times, feedback))
        whole, y = torch.cat((line.detach(), torch.zeros_like(x)), 1), torch.empty_like(x)
        kernels.delay(*(each.numpy() for each in (x, times, feedback, whole, y)))
        ctx.save_for_backward(times, feedback, whole, y)
        return y, whole

    @staticmethod
    @once_differentiable
    def backward(ctx, gy: Tensor, gline: Tensor) -> tuple[Tensor, ...]:  # type: ignore[no-untyped-def]
        from vschaos2.processors import kernels

        times, feedback, whole, y = ctx.saved_tensors
        gline = gline.clone().contiguous()
        gx, gtimes, gfeedback = (torch.empty_like(y) for _ in range(3))
        given = (times, feedback, whole, y, gy.contiguous(), gline, gx, gtimes, gfeedback)
        kernels.delay_adjoint(*(each.numpy() for each in given))
        return gx, gtimes, gfeedback, gline[:, : whole.shape[1] - y.shape[1]]
