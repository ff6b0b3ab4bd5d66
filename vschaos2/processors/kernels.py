"""Recursions over samples and their adjoints, compiled: loops over float64 arrays, as in C.

Each `*_adjoint` runs the recursion backwards in time and returns the derivative of a loss by
everything that entered, given its derivative by everything that left.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


def compiled(function: Any) -> Any:
    """The function in machine code, kept on disk where there is a place for it."""
    try:
        return njit(cache=True)(function)
    except RuntimeError:  # neither beside the package nor in the home folder may be written
        return njit(function)


@compiled
def section(x: Array, c: Array, s: Array, y: Array, states: Array) -> None:
    """A filter of two states: s' = A s + B x, y = C s + D x.

    Args:
        x: input, [R, T].
        c: A row by row, B, C, D of each row, [R, 9].
        s: states before the first sample, [R, 2]; after the last one when it returns.
        y: output, [R, T], is written.
        states: before each sample, [R, T, 2], are written.
    """
    for r in range(x.shape[0]):
        a00, a01, a10, a11, b0, b1, c0, c1, d = c[r]
        s0, s1 = s[r, 0], s[r, 1]
        for t in range(x.shape[1]):
            u = x[r, t]
            states[r, t, 0] = s0
            states[r, t, 1] = s1
            y[r, t] = c0 * s0 + c1 * s1 + d * u
            n0 = a00 * s0 + a01 * s1 + b0 * u
            s1 = a10 * s0 + a11 * s1 + b1 * u
            s0 = n0
        s[r, 0], s[r, 1] = s0, s1


@compiled
def section_adjoint(
    x: Array, c: Array, states: Array, gy: Array, gs: Array, gx: Array, gc: Array
) -> None:
    """The adjoint of `section`: λ = Aᵀ λ' + Cᵀ gy.

    Args:
        x: input, [R, T].
        c: coefficients, [R, 9].
        states: before each sample, [R, T, 2].
        gy: derivative by the output, [R, T].
        gs: derivative by the last states, [R, 2]; by the first ones when it returns.
        gx: derivative by the input, [R, T], is written.
        gc: derivative by the coefficients, [R, 9], is written.
    """
    for r in range(x.shape[0]):
        a00, a01, a10, a11, b0, b1, c0, c1, d = c[r]
        p, q = gs[r, 0], gs[r, 1]
        g0 = g1 = g2 = g3 = g4 = g5 = g6 = g7 = g8 = 0.0
        for t in range(x.shape[1] - 1, -1, -1):
            u, s0, s1, g = x[r, t], states[r, t, 0], states[r, t, 1], gy[r, t]
            g0 += p * s0
            g1 += p * s1
            g2 += q * s0
            g3 += q * s1
            g4 += p * u
            g5 += q * u
            g6 += g * s0
            g7 += g * s1
            g8 += g * u
            gx[r, t] = d * g + b0 * p + b1 * q
            n = a00 * p + a10 * q + c0 * g
            q = a01 * p + a11 * q + c1 * g
            p = n
        gs[r, 0], gs[r, 1] = p, q
        gc[r] = np.array((g0, g1, g2, g3, g4, g5, g6, g7, g8))


@compiled
def ballistics(x: Array, attack: Array, release: Array, u: Array, y: Array, size: int) -> None:
    """An average that rises and falls at speeds of its own: y' = y + a (x - y).

    Args:
        x: input, [R, T].
        attack: a where x > y, for each sub-block, [R, N].
        release: a elsewhere, [R, N].
        u: y before the first sample, [R]; after the last one when it returns.
        y: output, [R, T], is written.
        size: samples of a sub-block.
    """
    for r in range(x.shape[0]):
        last = u[r]
        for n in range(attack.shape[1]):
            up, down = attack[r, n], release[r, n]
            for t in range(n * size, min((n + 1) * size, x.shape[1])):
                d = x[r, t] - last
                last += (up if d > 0.0 else down) * d
                y[r, t] = last
        u[r] = last


@compiled
def ballistics_adjoint(
    x: Array,
    attack: Array,
    release: Array,
    u: Array,
    y: Array,
    gy: Array,
    gu: Array,
    gx: Array,
    gattack: Array,
    grelease: Array,
    size: int,
) -> None:
    """The adjoint of `ballistics`.

    Args:
        x: input, [R, T].
        attack: [R, N].
        release: [R, N].
        u: y before the first sample, [R].
        y: output, [R, T].
        gy: derivative by the output, [R, T].
        gu: derivative by the last y, [R]; by the first when it returns.
        gx: derivative by the input, [R, T], is written.
        gattack: derivative by the attack, [R, N], is written.
        grelease: derivative by the release, [R, N], is written.
        size: samples of a sub-block.
    """
    for r in range(x.shape[0]):
        g = gu[r]
        for n in range(attack.shape[1] - 1, -1, -1):
            up, down, gup, gdown = attack[r, n], release[r, n], 0.0, 0.0
            for t in range(min((n + 1) * size, x.shape[1]) - 1, n * size - 1, -1):
                g += gy[r, t]
                d = x[r, t] - (y[r, t - 1] if t > 0 else u[r])
                if d > 0.0:
                    a = up
                    gup += g * d
                else:
                    a = down
                    gdown += g * d
                gx[r, t] = a * g
                g -= a * g
            gattack[r, n], grelease[r, n] = gup, gdown
        gu[r] = g
