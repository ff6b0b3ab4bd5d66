"""Recursions through long delay lines and their adjoints, compiled (see `kernels`)."""

import numpy as np
from numpy.typing import NDArray

from vschaos2.processors.kernels import Array, compiled


@compiled
def tap(u: Array, at: int, time: float) -> float:
    """A line u, so many samples before the place `at`: a cubic through the four nearest."""
    whole = int(time)
    p, i = time - whole, at - whole
    value: float = (
        u[i + 1] * (-p * (p - 1.0) * (p - 2.0) / 6.0)
        + u[i] * ((p + 1.0) * (p - 1.0) * (p - 2.0) / 2.0)
        + u[i - 1] * (-(p + 1.0) * p * (p - 2.0) / 2.0)
        + u[i - 2] * ((p + 1.0) * p * (p - 1.0) / 6.0)
    )
    return value


@compiled
def tap_adjoint(u: Array, at: int, time: float, g: float, gu: Array) -> float:
    """The adjoint of `tap`: adds to the derivative by the line, returns that by the time."""
    whole = int(time)
    p, i = time - whole, at - whole
    gu[i + 1] += g * (-p * (p - 1.0) * (p - 2.0) / 6.0)
    gu[i] += g * ((p + 1.0) * (p - 1.0) * (p - 2.0) / 2.0)
    gu[i - 1] += g * (-(p + 1.0) * p * (p - 2.0) / 2.0)
    gu[i - 2] += g * ((p + 1.0) * p * (p - 1.0) / 6.0)
    by_time: float = g * (
        u[i + 1] * (-(3.0 * p * p - 6.0 * p + 2.0) / 6.0)
        + u[i] * ((3.0 * p * p - 4.0 * p - 1.0) / 2.0)
        + u[i - 1] * (-(3.0 * p * p - 2.0 * p - 2.0) / 2.0)
        + u[i - 2] * ((3.0 * p * p - 1.0) / 6.0)
    )
    return by_time


@compiled
def comb(
    x: Array,
    before: Array,
    after: Array,
    weight: Array,
    a: Array,
    feedback: Array,
    line: Array,
    last: Array,
    y: Array,
) -> None:
    """What runs round a delay line with a one-pole in it: u = x + f y, y ← y + a (u(t - d) - y).

    Each of N sub-blocks has one delay, or two, of which the second's share is `weight`.

    Args:
        x: input, [R, T].
        before: d in samples, from 2 to L - 3, [R, N].
        after: what d becomes, [R, N].
        weight: share of `after`, [T]; [1] where nothing moves.
        a: of the one-pole, in (0, 1), [R, N'].
        feedback: f, [R, 1 or T].
        line: the last L of u and room for T more, [R, L + T]; the latter are written.
        last: y before the first sample, [R]; the last one when it returns.
        y: output, [R, T], is written.
    """
    count = x.shape[1]
    past = line.shape[1] - count
    size, size_a = count // before.shape[1], count // a.shape[1]
    moves, is_ramp = len(weight) > 1, feedback.shape[1] > 1
    for r in range(x.shape[0]):
        v = last[r]
        for t in range(count):
            n = t // size
            u = tap(line[r], past + t, before[r, n])
            if moves:
                u += weight[t] * (tap(line[r], past + t, after[r, n]) - u)
            v += a[r, t // size_a] * (u - v)
            y[r, t] = v
            line[r, past + t] = x[r, t] + feedback[r, t if is_ramp else 0] * v
        last[r] = v


@compiled
def comb_adjoint(
    before: Array,
    after: Array,
    weight: Array,
    a: Array,
    feedback: Array,
    line: Array,
    first: Array,
    y: Array,
    gy: Array,
    gline: Array,
    glast: Array,
    gx: Array,
    gbefore: Array,
    gafter: Array,
    ga: Array,
    gfeedback: Array,
) -> None:
    """The adjoint of `comb`; the share is no variable.

    Args:
        before: [R, N].
        after: [R, N].
        weight: [T] or [1].
        a: [R, N'].
        feedback: [R, 1 or T].
        line: as `comb` left it, [R, L + T].
        first: y before the first sample, [R].
        y: output, [R, T].
        gy: derivative by the output, [R, T].
        gline: derivative by the line as it was left, [R, L + T]; by the first L when it returns.
        glast: derivative by the last y, [R]; by the one before the first when it returns.
        gx: derivative by the input, [R, T], is written.
        gbefore: derivative by `before`, [R, N], is added to.
        gafter: derivative by `after`, [R, N], is added to.
        ga: derivative by a, [R, N'], is added to.
        gfeedback: derivative by the feedback, [R, 1 or T], is added to.
    """
    count = y.shape[1]
    past = line.shape[1] - count
    size, size_a = count // before.shape[1], count // a.shape[1]
    moves, is_ramp = len(weight) > 1, feedback.shape[1] > 1
    for r in range(y.shape[0]):
        carried = glast[r]
        for t in range(count - 1, -1, -1):
            n, k, m = t // size, t // size_a, t if is_ramp else 0
            gu = gline[r, past + t]
            gx[r, t] = gu
            gfeedback[r, m] += gu * y[r, t]
            g = gy[r, t] + feedback[r, m] * gu + carried
            u, share = tap(line[r], past + t, before[r, n]), 0.0
            if moves:
                share = weight[t]
                u += share * (tap(line[r], past + t, after[r, n]) - u)
            ga[r, k] += g * (u - (y[r, t - 1] if t > 0 else first[r]))
            carried = (1.0 - a[r, k]) * g
            g *= a[r, k]
            by = tap_adjoint(line[r], past + t, before[r, n], (1.0 - share) * g, gline[r])
            gbefore[r, n] += by
            if moves:
                gafter[r, n] += tap_adjoint(line[r], past + t, after[r, n], share * g, gline[r])
        glast[r] = carried


@compiled
def network(
    x: Array,
    lengths: NDArray[np.int64],
    gain: Array,
    a: Array,
    line: Array,
    last: Array,
    y: Array,
    s: Array,
) -> None:
    """A network of delay lines that feed each other by a Householder matrix.

    Of each line, y ← y + a (u(t - m) - y), s = g y, and u = x + s - 2/L Σ s.

    Args:
        x: input of each line, [B, L, T].
        lengths: m in samples, [L].
        gain: g, [B, L, 1 or T].
        a: of the one-poles, in (0, 1], [B, L, N].
        line: the last M of u and room for T more, [B, L, M + T]; the latter are written.
        last: y before the first sample, [B, L]; the last one when it returns.
        y: [B, L, T], is written.
        s: output of each line, [B, L, T], is written.
    """
    lines, count = x.shape[1], x.shape[2]
    past = line.shape[2] - count
    size, is_ramp, share = count // a.shape[2], gain.shape[2] > 1, 2.0 / lines
    for b in range(x.shape[0]):
        for t in range(count):
            total = 0.0
            for i in range(lines):
                before = y[b, i, t - 1] if t > 0 else last[b, i]
                u = line[b, i, past + t - lengths[i]]
                now = before + a[b, i, t // size] * (u - before)
                y[b, i, t] = now
                now *= gain[b, i, t if is_ramp else 0]
                s[b, i, t] = now
                total += now
            for i in range(lines):
                line[b, i, past + t] = x[b, i, t] + s[b, i, t] - share * total
        last[b] = y[b, :, count - 1]


@compiled
def network_adjoint(
    lengths: NDArray[np.int64],
    gain: Array,
    a: Array,
    line: Array,
    first: Array,
    y: Array,
    gs: Array,
    gline: Array,
    glast: Array,
    gx: Array,
    ggain: Array,
    ga: Array,
) -> None:
    """The adjoint of `network`.

    Args:
        lengths: [L].
        gain: [B, L, 1 or T].
        a: [B, L, N].
        line: as `network` left it, [B, L, M + T].
        first: y before the first sample, [B, L].
        y: [B, L, T].
        gs: derivative by the output, [B, L, T].
        gline: derivative by the line as it was left, [B, L, M + T]; by the first M when it returns.
        glast: derivative by the last y, [B, L]; by the one before the first when it returns.
        gx: derivative by the input, [B, L, T], is written.
        ggain: derivative by the gain, [B, L, 1 or T], is added to.
        ga: derivative by a, [B, L, N], is added to.
    """
    lines, count = y.shape[1], y.shape[2]
    past = line.shape[2] - count
    size, is_ramp, share = count // a.shape[2], gain.shape[2] > 1, 2.0 / lines
    for b in range(y.shape[0]):
        for t in range(count - 1, -1, -1):
            total, n, m = 0.0, t // size, t if is_ramp else 0
            for i in range(lines):
                total += gline[b, i, past + t]
            for i in range(lines):
                gu = gline[b, i, past + t]
                gx[b, i, t] = gu
                g = gs[b, i, t] + gu - share * total
                ggain[b, i, m] += g * y[b, i, t]
                g = g * gain[b, i, m] + glast[b, i]
                at = past + t - lengths[i]
                before = y[b, i, t - 1] if t > 0 else first[b, i]
                ga[b, i, n] += g * (line[b, i, at] - before)
                gline[b, i, at] += g * a[b, i, n]
                glast[b, i] = g * (1.0 - a[b, i, n])
