"""Filters of second order as state-variable filters: two integrators, whatever the shape.

With g = tan(π f/f_s) and the damping k = 1/Q, the trapezoidal rule turns the analogue filter

    v₁ = s / (s² + k s + 1) x,   v₂ = 1 / (s² + k s + 1) x,   y = m₀ x + m₁ v₁ + m₂ v₂

into a recursion whose states stay small and mean the same for every shape, so that a filter may
take over those of another. The mixes m below give the shapes of R. Bristow-Johnson's "Audio EQ
cookbook"; the recursion is that of A. Simper, "Linear trapezoidal integrated state variable filter"
(2013).
"""

import math

import torch
from torch import Tensor

from vschaos2.processors.closed_forms import sections as closed
from vschaos2.processors.closed_forms import turns

SHAPES = ("low_pass", "high_pass", "peak", "low_shelf", "high_shelf")
HIGHEST = 0.45  # of the sample rate: a filter's frequency stays below Nyquist's


def section(shape: str, hz: Tensor, gain_db: Tensor, q: Tensor, sample_rate: float) -> Tensor:
    """The recursion of a filter: A row by row, B, C, D, as `recursion.cascade` wants them.

    Args:
        shape: one of `SHAPES`.
        hz: cutoff, centre, or middle of the slope, below half the sample rate.
        gain_db: of a peak or a shelf.
        q: resonance, above 0.
        sample_rate: in Hz.

    Shape: [B] each → [B, 9], float64.
    """
    half = hz.double() * (math.pi / sample_rate)
    g = torch.sin(half) / torch.cos(half)
    k = 1.0 / q.double()
    root = torch.exp(gain_db.double() * (math.log(10.0) / 40.0))  # the amplitude of half the gain
    nothing, whole = torch.zeros_like(g), torch.ones_like(g)
    if shape == "low_pass":
        m0, m1, m2 = nothing, nothing, whole
    elif shape == "high_pass":
        m0, m1, m2 = whole, -k, -whole
    elif shape == "peak":
        k = k / root
        m0, m1, m2 = whole, k * (root * root - 1.0), nothing
    elif shape == "low_shelf":
        g = g / torch.sqrt(root)
        m0, m1, m2 = whole, k * (root - 1.0), root * root - 1.0
    else:
        g = g * torch.sqrt(root)
        m0, m1, m2 = root * root, k * (1.0 - root) * root, 1.0 - root * root
    # One step solves the two integrators together: v₁ = a₁ s₁ + a₂ (x - s₂),
    # v₂ = s₂ + a₂ s₁ + a₃ (x - s₂), and each integrator goes on to 2 v - s.
    a1 = 1.0 / (1.0 + g * (g + k))
    a2 = g * a1
    a3 = g * a2
    a = [2.0 * a1 - 1.0, -2.0 * a2, 2.0 * a2, 1.0 - 2.0 * a3]
    b = [2.0 * a2, 2.0 * a3]
    c = [m1 * a1 + m2 * a2, m2 * (1.0 - a3) - m1 * a2]
    return torch.stack(a + b + c + [m0 + m1 * a2 + m2 * a3], 1)


def sections_response(sections: Tensor, frequencies: Tensor, sample_rate: float) -> Tensor:
    """What sections in series do to a steady sine: Π D + C (z - A)⁻¹ B.

    Shape: [B, M, 9], frequencies [K] in Hz → complex128 [B, K].
    """
    if frequencies.requires_grad:
        raise ValueError("frequencies: derivatives by them are not worked out")
    return closed(sections, turns(frequencies, sample_rate, (1,))[0]).to(sections.device)
