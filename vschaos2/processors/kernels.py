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


@compiled
def phaser(
    x: Array, speed: Array, feedback: Array, s: Array, last: Array, y: Array, states: Array
) -> None:
    """All-passes in series, round which the sound is fed back.

    The first hears u = x + f y', y' the last one's output a sample ago; each one then

        d = u - s,  y = 2 (s + G d) - u,  s' = s + 2 G d.

    Args:
        x: input, [R, T].
        speed: G of all of them, [R, T].
        feedback: f, [R, T].
        s: states before the first sample, [R, K]; after the last one when it returns.
        last: y before the first sample, [R]; the last one when it returns.
        y: output, [R, T], is written.
        states: before each sample, [R, T, K], are written.
    """
    for r in range(x.shape[0]):
        v = last[r]
        for t in range(x.shape[1]):
            u, g = x[r, t] + feedback[r, t] * v, 2.0 * speed[r, t]
            for k in range(s.shape[1]):
                before = s[r, k]
                states[r, t, k] = before
                after = before + g * (u - before)
                u = after + before - u
                s[r, k] = after
            v = u
            y[r, t] = v
        last[r] = v


@compiled
def phaser_adjoint(
    x: Array,
    speed: Array,
    feedback: Array,
    last: Array,
    y: Array,
    states: Array,
    gy: Array,
    gs: Array,
    glast: Array,
    gx: Array,
    gspeed: Array,
    gfeedback: Array,
) -> None:
    """The adjoint of `phaser`.

    Args:
        x: input, [R, T].
        speed: [R, T].
        feedback: [R, T].
        last: y before the first sample, [R].
        y: output, [R, T].
        states: before each sample, [R, T, K].
        gy: derivative by the output, [R, T].
        gs: derivative by the last states, [R, K]; by the first when it returns.
        glast: derivative by the last y, [R]; by the one before the first when it returns.
        gx: derivative by the input, [R, T], is written.
        gspeed: derivative by the speed, [R, T], is written.
        gfeedback: derivative by the feedback, [R, T], is written.
    """
    stages = states.shape[2]
    u = np.empty(stages)
    for r in range(x.shape[0]):
        carried = glast[r]
        for t in range(x.shape[1] - 1, -1, -1):
            before = y[r, t - 1] if t > 0 else last[r]
            g = 2.0 * speed[r, t]
            u[0] = x[r, t] + feedback[r, t] * before
            for k in range(stages - 1):
                s = states[r, t, k]
                u[k + 1] = 2.0 * s + g * (u[k] - s) - u[k]
            out, by_speed = gy[r, t] + carried, 0.0
            for k in range(stages - 1, -1, -1):
                both = out + gs[r, k]
                by_speed += 2.0 * both * (u[k] - states[r, t, k])
                gs[r, k] = both + out - g * both
                out = g * both - out
            gspeed[r, t], gx[r, t], gfeedback[r, t] = by_speed, out, out * before
            carried = feedback[r, t] * out
        glast[r] = carried


@compiled
def delay(x: Array, times: Array, feedback: Array, line: Array, y: Array) -> None:
    """A delay whose time moves, round which the sound is fed back: u = x + f y, y = u(t - d).

    Between samples u is the cubic through the four nearest, two on either side.

    Args:
        x: input, [R, T].
        times: d in samples, from 2 to L - 3, [R, T].
        feedback: f, [R, T].
        line: the last L of u and room for T more, [R, L + T]; the latter are written.
        y: output, [R, T], is written.
    """
    past = line.shape[1] - x.shape[1]
    for r in range(x.shape[0]):
        for t in range(x.shape[1]):
            whole = int(times[r, t])
            p = times[r, t] - whole
            i = past + t - whole
            a, b, c, d = line[r, i + 1], line[r, i], line[r, i - 1], line[r, i - 2]
            v = (
                a * (-p * (p - 1.0) * (p - 2.0) / 6.0)
                + b * ((p + 1.0) * (p - 1.0) * (p - 2.0) / 2.0)
                + c * (-(p + 1.0) * p * (p - 2.0) / 2.0)
                + d * ((p + 1.0) * p * (p - 1.0) / 6.0)
            )
            y[r, t] = v
            line[r, past + t] = x[r, t] + feedback[r, t] * v


@compiled
def delay_adjoint(
    times: Array,
    feedback: Array,
    line: Array,
    y: Array,
    gy: Array,
    gline: Array,
    gx: Array,
    gtimes: Array,
    gfeedback: Array,
) -> None:
    """The adjoint of `delay`.

    Args:
        times: [R, T].
        feedback: [R, T].
        line: as `delay` left it, [R, L + T].
        y: output, [R, T].
        gy: derivative by the output, [R, T].
        gline: derivative by the line as it was left, [R, L + T]; by the first L when it returns.
        gx: derivative by the input, [R, T], is written.
        gtimes: derivative by the times, [R, T], is written.
        gfeedback: derivative by the feedback, [R, T], is written.
    """
    count = y.shape[1]
    past = line.shape[1] - count
    for r in range(y.shape[0]):
        for t in range(count - 1, -1, -1):
            gu = gline[r, past + t]
            gx[r, t], gfeedback[r, t] = gu, gu * y[r, t]
            gv = gy[r, t] + feedback[r, t] * gu
            whole = int(times[r, t])
            p = times[r, t] - whole
            i = past + t - whole
            a, b, c, d = line[r, i + 1], line[r, i], line[r, i - 1], line[r, i - 2]
            gline[r, i + 1] += gv * (-p * (p - 1.0) * (p - 2.0) / 6.0)
            gline[r, i] += gv * ((p + 1.0) * (p - 1.0) * (p - 2.0) / 2.0)
            gline[r, i - 1] += gv * (-(p + 1.0) * p * (p - 2.0) / 2.0)
            gline[r, i - 2] += gv * ((p + 1.0) * p * (p - 1.0) / 6.0)
            gtimes[r, t] = gv * (
                a * (-(3.0 * p * p - 6.0 * p + 2.0) / 6.0)
                + b * ((3.0 * p * p - 4.0 * p - 1.0) / 2.0)
                + c * (-(3.0 * p * p - 2.0 * p - 2.0) / 2.0)
                + d * ((3.0 * p * p - 1.0) / 6.0)
            )


@compiled
def path_costs(costs: Array, waves: Array, centre: Array, depth: Array, mean: Array) -> None:
    """The mean cost along the path centre + depth · wave; 1 more for each frame outside.

    Args:
        costs: of each place at each frame, [F, K].
        waves: within ±1, [W, F].
        centre: places, [M].
        depth: places, [M].
        mean: [W, M], is written.
    """
    frames, count = costs.shape
    for w in range(waves.shape[0]):
        for m in range(len(centre)):
            total = 0.0
            for f in range(frames):
                k = int(centre[m] + depth[m] * waves[w, f] + 0.5)
                if 0 <= k < count:
                    total += costs[f, k]
                else:
                    total += 1.0
            mean[w, m] = total / frames
