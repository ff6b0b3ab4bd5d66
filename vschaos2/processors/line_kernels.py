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
def combs(
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
    """What runs round delay lines with a one-pole in each: u = x + f y, y ← y + a (u(t - d) - y).

    Each of N sub-blocks has one delay, or two, of which the second's share is `weight`.

    Args:
        x: input of all lines, [B, T].
        before: d in samples, from 2 to M - 3, [B, N].
        after: what d becomes, [B, N].
        weight: share of `after`, [T]; [1] where nothing moves.
        a: of the one-poles, in (0, 1), [B, N'].
        feedback: f, [B, L, 1 or T].
        line: the last M of u and room for T more, [B, L, M + T]; the latter are written.
        last: y before the first sample, [B, L]; the last one when it returns.
        y: output, [B, L, T], is written.
    """
    count = x.shape[1]
    past = line.shape[2] - count
    size, size_a = count // before.shape[1], count // a.shape[1]
    moves, is_ramp = len(weight) > 1, feedback.shape[2] > 1
    for b in range(x.shape[0]):
        for i in range(line.shape[1]):
            v, own = last[b, i], line[b, i]
            for t in range(count):
                n = t // size
                u = tap(own, past + t, before[b, n])
                if moves:
                    u += weight[t] * (tap(own, past + t, after[b, n]) - u)
                v += a[b, t // size_a] * (u - v)
                y[b, i, t] = v
                own[past + t] = x[b, t] + feedback[b, i, t if is_ramp else 0] * v
            last[b, i] = v


@compiled
def combs_adjoint(
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
    """The adjoint of `combs`; the share is no variable.

    Args:
        before: [B, N].
        after: [B, N].
        weight: [T] or [1].
        a: [B, N'].
        feedback: [B, L, 1 or T].
        line: as `combs` left it, [B, L, M + T].
        first: y before the first sample, [B, L].
        y: output, [B, L, T].
        gy: derivative by the output, [B, L, T].
        gline: derivative by the line as it was left, [B, L, M + T]; by the first M when it returns.
        glast: derivative by the last y, [B, L]; by the one before the first when it returns.
        gx: derivative by the input, [B, T], is added to.
        gbefore: derivative by `before`, [B, N], is added to.
        gafter: derivative by `after`, [B, N], is added to.
        ga: derivative by a, [B, N'], is added to.
        gfeedback: derivative by the feedback, [B, L, 1 or T], is added to.
    """
    count = y.shape[2]
    past = line.shape[2] - count
    size, size_a = count // before.shape[1], count // a.shape[1]
    moves, is_ramp = len(weight) > 1, feedback.shape[2] > 1
    for b in range(y.shape[0]):
        for i in range(y.shape[1]):
            carried, own, gown = glast[b, i], line[b, i], gline[b, i]
            for t in range(count - 1, -1, -1):
                n, k, m = t // size, t // size_a, t if is_ramp else 0
                gu = gown[past + t]
                gx[b, t] += gu
                gfeedback[b, i, m] += gu * y[b, i, t]
                g = gy[b, i, t] + feedback[b, i, m] * gu + carried
                u, share = tap(own, past + t, before[b, n]), 0.0
                if moves:
                    share = weight[t]
                    u += share * (tap(own, past + t, after[b, n]) - u)
                ga[b, k] += g * (u - (y[b, i, t - 1] if t > 0 else first[b, i]))
                carried = (1.0 - a[b, k]) * g
                g *= a[b, k]
                gbefore[b, n] += tap_adjoint(own, past + t, before[b, n], (1.0 - share) * g, gown)
                if moves:
                    gafter[b, n] += tap_adjoint(own, past + t, after[b, n], share * g, gown)
            glast[b, i] = carried


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
