"""Responses of a room, of echoes and of filters, and their adjoints, compiled (see `kernels`).

Each frequency is worked out by itself, in a loop, and nothing of the size of all of them is kept
in between. Derivatives are those of torch: of a complex number z = u + i v, ∂/∂u + i ∂/∂v.
"""

import numpy as np
from numpy.typing import NDArray

from vschaos2.processors.kernels import Array, compiled

Complex = NDArray[np.complex128]


@compiled
def room(
    gain: Array, a: Array, entering: Array, leaving: Array, turns: Complex, y: Complex
) -> None:
    """What a network of delay lines says: see `fdn_reverb`.

    Args:
        gain: g of each line, [B, L].
        a: of each line's one-pole, [B, L].
        entering: b, [B, L].
        leaving: c, [B, O, L].
        turns: z⁻¹, and z⁻ᵐ of each line, [1 + L, K].
        y: [B, O, K], is written.
    """
    lines, outputs = gain.shape[1], leaving.shape[1]
    share = 2.0 / lines
    e = np.empty(lines, np.complex128)
    for i in range(gain.shape[0]):
        for k in range(turns.shape[1]):
            own, driven = 0j, 0j  # Σ e, Σ e b
            for n in range(lines):
                d = gain[i, n] * a[i, n] * turns[1 + n, k] / (1.0 - (1.0 - a[i, n]) * turns[0, k])
                e[n] = d / (1.0 - d)
                own += e[n]
                driven += e[n] * entering[i, n]
            back = share * driven / (1.0 + share * own)
            for o in range(outputs):
                heard = 0j
                for n in range(lines):
                    heard += leaving[i, o, n] * e[n] * (entering[i, n] - back)
                y[i, o, k] = heard


@compiled
def room_adjoint(
    gain: Array,
    a: Array,
    entering: Array,
    leaving: Array,
    turns: Complex,
    gy: Complex,
    ggain: Array,
    ga: Array,
    gentering: Array,
    gleaving: Array,
) -> None:
    """The adjoint of `room`.

    With v = k Σ e b / (1 + k Σ e), y = Σ c e (b - v): of v, ∂v/∂Σ e b = k / (1 + k Σ e) and
    ∂v/∂Σ e = -v k / (1 + k Σ e); of a line, ∂e/∂d = 1 / (1 - d)².

    Args:
        gain: [B, L].
        a: [B, L].
        entering: [B, L].
        leaving: [B, O, L].
        turns: [1 + L, K].
        gy: derivative by y, [B, O, K].
        ggain: derivative by the gain, [B, L], is added to; so are those that follow.
        ga: by a, [B, L].
        gentering: by the gains into lines, [B, L].
        gleaving: by the gains out of them, [B, O, L].
    """
    lines, outputs = gain.shape[1], leaving.shape[1]
    share = 2.0 / lines
    d, e = np.empty(lines, np.complex128), np.empty(lines, np.complex128)
    once = np.empty(lines, np.complex128)  # 1 / (1 - (1 - a) z⁻¹)
    for i in range(gain.shape[0]):
        for k in range(turns.shape[1]):
            own, driven = 0j, 0j
            for n in range(lines):
                once[n] = 1.0 / (1.0 - (1.0 - a[i, n]) * turns[0, k])
                d[n] = gain[i, n] * a[i, n] * turns[1 + n, k] * once[n]
                e[n] = d[n] / (1.0 - d[n])
                own += e[n]
                driven += e[n] * entering[i, n]
            slope = share / (1.0 + share * own)
            back = slope * driven
            gback = 0j
            for o in range(outputs):
                out = 0j
                for n in range(lines):
                    out += leaving[i, o, n] * e[n]
                gback -= gy[i, o, k] * np.conj(out)
            gdriven = gback * np.conj(slope)
            gown = -gdriven * np.conj(back)
            for n in range(lines):
                by_e = gown + gdriven * entering[i, n]
                left = np.conj(entering[i, n] - back)
                gentering[i, n] += (gdriven * np.conj(e[n])).real
                for o in range(outputs):
                    g = gy[i, o, k]
                    by_e += g * leaving[i, o, n] * left
                    gleaving[i, o, n] += (g * np.conj(e[n]) * left).real
                    gentering[i, n] += leaving[i, o, n] * (g * np.conj(e[n])).real
                away = 1.0 - d[n]
                by_d = by_e * np.conj(d[n] / (away * away))  # times d
                ggain[i, n] += by_d.real / gain[i, n]
                ga[i, n] += (by_d * np.conj(1.0 / a[i, n] - turns[0, k] * once[n])).real


@compiled
def echo(a: Array, feedback: Array, weights: Array, turns: Complex, y: Complex) -> None:
    """Odd and even echoes: see `ping_pong`.

    Args:
        a: of the one-pole, [B].
        feedback: f, [B].
        weights: of the four samples around a place between two, [B, 4].
        turns: z⁻¹, and of each row z of the first of the four, [1 + B, K].
        y: odd and even, [B, 2, K], is written.
    """
    for i in range(len(a)):
        for k in range(turns.shape[1]):
            z = turns[0, k]
            read = weights[i, 0] + z * (weights[i, 1] + z * (weights[i, 2] + z * weights[i, 3]))
            once = turns[1 + i, k] * read * a[i] / (1.0 - (1.0 - a[i]) * z)
            back = feedback[i] * once
            odd = once / (1.0 - back * back)
            y[i, 0, k] = odd
            y[i, 1, k] = back * odd


@compiled
def echo_adjoint(
    a: Array,
    feedback: Array,
    weights: Array,
    turns: Complex,
    gy: Complex,
    ga: Array,
    gfeedback: Array,
    gweights: Array,
) -> None:
    """The adjoint of `echo`.

    With q = 1 / (1 - f² E²), odd = q E and even = q f E²:
    ∂odd/∂E = q² (1 + f² E²), ∂odd/∂f = 2 q² f E³,
    ∂even/∂E = 2 q² f E, ∂even/∂f = q² E² (1 + f² E²).

    Args:
        a: [B].
        feedback: [B].
        weights: [B, 4].
        turns: [1 + B, K].
        gy: derivative by y, [B, 2, K].
        ga: derivative by a, [B], is added to; so are those that follow.
        gfeedback: by the feedback, [B].
        gweights: by the weights, [B, 4].
    """
    for i in range(len(a)):
        f = feedback[i]
        for k in range(turns.shape[1]):
            z = turns[0, k]
            read = weights[i, 0] + z * (weights[i, 1] + z * (weights[i, 2] + z * weights[i, 3]))
            pole = 1.0 / (1.0 - (1.0 - a[i]) * z)
            bare = turns[1 + i, k] * a[i] * pole
            once = bare * read
            square = f * f * once * once
            q = 1.0 / (1.0 - square)
            q2 = q * q
            godd, geven = gy[i, 0, k], gy[i, 1, k]
            by_f = godd * np.conj(2.0 * q2 * f * once * once * once)
            by_f += geven * np.conj(q2 * once * once * (1.0 + square))
            gfeedback[i] += by_f.real
            by_once = godd * np.conj(q2 * (1.0 + square)) + geven * np.conj(2.0 * q2 * f * once)
            ga[i] += (by_once * np.conj(once * (1.0 / a[i] - z * pole))).real
            by_read = by_once * np.conj(bare)
            for n in range(4):
                gweights[i, n] += by_read.real
                by_read = by_read * np.conj(z)


@compiled
def sections(c: Array, turns: Complex, y: Complex) -> None:
    """What filters of two states do in series: Π D + C (z - A)⁻¹ B.

    Args:
        c: A row by row, B, C, D of each, [B, M, 9].
        turns: z, [K].
        y: [B, K], is written.
    """
    for i in range(c.shape[0]):
        for k in range(len(turns)):
            whole = 1.0 + 0j
            for m in range(c.shape[1]):
                a00, a01, a10, a11, b0, b1, c0, c1, d = c[i, m]
                p, q = turns[k] - a00, turns[k] - a11
                over = c0 * (q * b0 + a01 * b1) + c1 * (p * b1 + a10 * b0)
                whole *= d + over / (p * q - a01 * a10)
            y[i, k] = whole


@compiled
def sections_adjoint(c: Array, turns: Complex, gy: Complex, gc: Array) -> None:
    """The adjoint of `sections`.

    Args:
        c: [B, M, 9].
        turns: [K].
        gy: derivative by y, [B, K].
        gc: derivative by c, [B, M, 9], is added to.
    """
    many = c.shape[1]
    each, part = np.empty(many, np.complex128), np.empty(9, np.complex128)
    for i in range(c.shape[0]):
        for k in range(len(turns)):
            for m in range(many):
                a00, a01, a10, a11, b0, b1, c0, c1, d = c[i, m]
                p, q = turns[k] - a00, turns[k] - a11
                over = c0 * (q * b0 + a01 * b1) + c1 * (p * b1 + a10 * b0)
                each[m] = d + over / (p * q - a01 * a10)
            for m in range(many):
                a00, a01, a10, a11, b0, b1, c0, c1, d = c[i, m]
                p, q = turns[k] - a00, turns[k] - a11
                by = 1.0 / (p * q - a01 * a10)
                over = (c0 * (q * b0 + a01 * b1) + c1 * (p * b1 + a10 * b0)) * by
                part[0] = (over * q - c1 * b1) * by
                part[1] = (over * a10 + c0 * b1) * by
                part[2] = (over * a01 + c1 * b0) * by
                part[3] = (over * p - c0 * b0) * by
                part[4] = (c0 * q + c1 * a10) * by
                part[5] = (c0 * a01 + c1 * p) * by
                part[6] = (q * b0 + a01 * b1) * by
                part[7] = (p * b1 + a10 * b0) * by
                part[8] = 1.0 + 0j
                others = gy[i, k]
                for n in range(many):
                    if n != m:
                        others = others * np.conj(each[n])
                for n in range(9):
                    gc[i, m, n] += (others * np.conj(part[n])).real
