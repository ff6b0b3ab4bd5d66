"""What linear processors do to steady sines, compiled, with derivatives (see `response_kernels`).

A chain is fitted by these (see `retrieval.rendering`): in plain torch each would be some twenty
passes over all frequencies, and three times as many backwards.
"""

import functools
import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


@functools.lru_cache(maxsize=8)  # by identity: of the same frequencies, turns are the same
def turns(frequencies: Tensor, sample_rate: float, samples: tuple[int, ...]) -> Tensor:
    """z⁻ᵐ of each m of `samples`: [K] in Hz → complex128 [M, K]."""
    turn = (2.0 * math.pi / sample_rate) * frequencies.detach().double().cpu()
    angle = -turn * torch.tensor(samples, dtype=torch.float64)[:, None]
    return torch.polar(torch.ones_like(angle), angle)


def room(gain: Tensor, a: Tensor, entering: Tensor, leaving: Tensor, turned: Tensor) -> Tensor:
    """What a network of delay lines does, see `fdn_reverb`.

    Args:
        gain: g of each line.
        a: of each line's one-pole.
        entering: b, gains into lines.
        leaving: c, gains out of them.
        turned: z⁻¹, and z⁻ᵐ of each line.

    Shape: gain, a, entering [B, L], leaving [B, O, L], turned [1 + L, K] → complex128 [B, O, K].
    """
    shape = (*leaving.shape[:2], turned.shape[1])
    return _Response.apply("room", turned, shape, gain, a, entering, leaving)


def echo(a: Tensor, feedback: Tensor, weights: Tensor, turned: Tensor) -> Tensor:
    """Odd and even echoes, see `ping_pong`.

    Args:
        a: of the one-pole.
        feedback: f.
        weights: of the four samples around a place between two.
        turned: z⁻¹, and of each echo z of the first of the four.

    Shape: a, feedback [B], weights [B, 4], turned [1 + B, K] → complex128 [B, 2, K].
    """
    return _Response.apply("echo", turned, (len(a), 2, turned.shape[1]), a, feedback, weights)


def sections(coefficients: Tensor, turned: Tensor) -> Tensor:
    """What filters of two states in series do, see `svf`.

    Shape: [B, M, 9], z⁻¹ [K] → complex128 [B, K].
    """
    shape = (len(coefficients), len(turned))
    return _Response.apply("sections", turned.conj().resolve_conj(), shape, coefficients)


class _Response(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[no-untyped-def]
        ctx, kernel: str, turned: Tensor, shape: tuple[int, ...], *given: Tensor
    ) -> Tensor:
        from vschaos2.processors import response_kernels

        held = [each.detach().double().cpu().contiguous() for each in given]
        y = torch.empty(shape, dtype=torch.complex128)
        numbers = (each.numpy() for each in (*held, turned, y))
        getattr(response_kernels, kernel)(*numbers)
        ctx.kernel, ctx.kinds = kernel, [(each.dtype, each.device) for each in given]
        ctx.save_for_backward(turned, *held)
        return y.to(given[0].device)

    @staticmethod
    @once_differentiable
    def backward(ctx, gy: Tensor) -> tuple[Any, ...]:  # type: ignore[no-untyped-def]
        from vschaos2.processors import response_kernels

        turned, *held = ctx.saved_tensors
        found = [torch.zeros_like(each) for each in held]
        gy = gy.cpu().resolve_conj().contiguous()
        numbers = (each.numpy() for each in (*held, turned, gy, *found))
        getattr(response_kernels, ctx.kernel + "_adjoint")(*numbers)
        moved = (g.to(device, dtype) for g, (dtype, device) in zip(found, ctx.kinds, strict=True))
        return (None, None, None, *moved)
