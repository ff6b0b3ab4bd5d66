"""Phase from magnitudes: gradients, a spanning tree without a heap, refinement.

A decoder gives magnitudes only. For a Gaussian window the phase is not lost with them: with
w(u) = exp(-π u²/γ), completing the square in the transform around the window's centre gives

    V(t, ω) = ∫ x(u) w(u - t) exp(-iω(u - t)) du = exp(-γω²/4π) · H(t - iγω/2π),

and H is entire. Its Cauchy-Riemann equations tie ψ = arg V to L = ln |V|:

    ∂ψ/∂t = ω + (2π/γ) ∂L/∂ω          ∂ψ/∂ω = -(γ/2π) ∂L/∂t.

Frame n lies at t = n·a samples (a = hop) and bin k at ω = 2πk/M (M = n_fft), so in radians per
frame and radians per bin, with the single constant c = γ/(aM),

    τ_n[k] = 2πka/M + (1/c) ∂L/∂k     φ_n[k] = -c ∂L/∂n.                                    (1)

Everything below is an integration of (1) from one frame to the next, along paths that keep to the
loud bins, where L says most about ψ; then a few steps that make neighbouring frames agree on the
samples they share.

Units: magnitudes S are linear, L in nepers, phases in radians. ψ refers to the window's centre;
multiply a spectrum by (-1)^k for an FFT that starts at the frame's first sample.

Sources: Průša & Søndergaard (2016), "Real-time spectrogram inversion using phase gradient heap
integration", DAFx-16 (gradients, heap); Griffin & Lim (1984), IEEE TASSP 32(2) (refinement);
Le Roux, Kameoka, Ono & Sagayama (2010), DAFx-10 (refinement on a stream); Perraudin, Balazs &
Søndergaard (2013), WASPAA (its acceleration).
"""

import math

import torch
from torch import Tensor

from vschaos2.dsp.framing import GAUSSIAN_CONSTANT, overlap_add


def gradient_coupling(n_fft: int, hop: int) -> float:
    """The constant c = γ/(aM) of equation (1), in frames per bin: C·M/a for γ = C·M²."""
    return GAUSSIAN_CONSTANT * n_fft / hop


def bin_advance(n_fft: int, hop: int) -> Tensor:
    """The phase 2πka/M by which the centre of bin k turns in one hop, modulo 2π.

    The product k·a is reduced modulo M as an integer: nothing is lost to rounding at high bins.

    Shape: [K] with K = n_fft/2 + 1, float64, radians in [0, 2π).
    """
    bins = torch.arange(n_fft // 2 + 1)
    return ((bins * hop) % n_fft).double() * (2.0 * math.pi / n_fft)


def log_magnitude(magnitudes: Tensor, floor: float = 1e-6) -> Tensor:
    """L = ln(S + floor) in nepers: silence is a plain of equal height, not a pit of -∞.

    Shape: [B, F, K] → [B, F, K].
    """
    return torch.log(magnitudes + floor)


def time_derivative(logs: Tensor, lookahead: int) -> Tensor:
    """∂L/∂n of F frames out of F + 2, in nepers per frame.

    With `lookahead` 1 the frames are logs[:, 1:-1] and every derivative is the centred difference
    (L[n+1] - L[n-1])/2. With 0 they are logs[:, 2:]: centred too wherever the next frame is at
    hand, and the backward difference of second order, (3L[n] - 4L[n-1] + L[n-2])/2, for the last.

    Shape: [B, F + 2, K] → [B, F, K].
    """
    count = logs.shape[1] - 2
    if lookahead == 1:
        return 0.5 * (logs[:, 2:] - logs[:, :count])
    newest = logs[:, count:]
    backward = 1.5 * newest[:, 1:] - 2.0 * newest[:, :1] + 0.5 * logs[:, count - 1 : count]
    if count == 1:
        return backward
    return torch.cat((0.5 * (logs[:, 3:] - logs[:, 1:count]), backward), 1)


def time_step(current: Tensor, previous: Tensor, advance: Tensor, coupling: float) -> Tensor:
    """T[k] = (τ_{n-1}[k] + τ_n[k])/2: the phase gained from one frame to the next, in radians.

    ∂L/∂k is the centred difference over two bins, taken as zero at the first and the last bin.
    Since τ is linear in L, the trapezoid rule is τ of the frames' mean.

    Args:
        current: L_n, in nepers.
        previous: L_{n-1}.
        advance: `bin_advance`, [K], radians.
        coupling: `gradient_coupling`.

    Shape: [B, F, K] → [B, F, K].
    """
    summed = current + previous
    step = advance.expand_as(summed).clone()
    step[..., 1:-1] += (summed[..., 2:] - summed[..., :-2]) * (0.25 / coupling)
    return step


def frequency_integral(derivative: Tensor, coupling: float) -> Tensor:
    """C[k], such that C[j] - C[k] is the trapezoid integral of φ from bin k to bin j, in radians.

    Each step of the trapezoid rule is (φ[i] + φ[i+1])/2. Their sum from k to j is
    Σ_{i≤j} φ[i] - φ[j]/2 - (Σ_{i≤k} φ[i] - φ[k]/2), hence C[k] = Σ_{i≤k} φ[i] - φ[k]/2.

    Shape: ∂L/∂n [B, F, K] → [B, F, K].
    """
    slope = derivative * -coupling
    return torch.cumsum(slope, -1) - 0.5 * slope


def spanning_roots(current: Tensor, previous: Tensor, low: Tensor, levels: int) -> Tensor:
    """For each bin, the bin of the frame before from which its phase comes.

    The heap algorithm lowers a water level through the frame before (A = `previous`) and this one
    (L' = `current`, with low bins at -∞). A bin is reached from the first of three to surface:
    its own past, at level A[k], or a neighbour that has been reached already. Then it may hand on
    its phase when the level falls to L'[k] itself. If F[k] is the level at which bin k hands on a
    phase that came from its own past or from the left, and G[k] the same from the right,

        F[k] = min(L'[k], max(A[k], F[k-1])),     G[k] = min(L'[k], max(A[k], G[k+1])),

    with F[-1] = G[K] = -∞. So bin k is a **root**, continued from its own past, where
    A[k] ≥ max(F[k-1], G[k+1]); a low bin always is. Any other takes its phase from the side that
    surfaces first, hence from the nearest root on that side: whatever lies between was reached
    from the same side, earlier. No heap is needed, and frames do not wait for one another.

    The recurrence is a clamp, F[k] = clamp(F[k-1]; lo, hi) with lo = min(A[k], L'[k]) and
    hi = L'[k], and two clamps make one: first (p, q), then (lo, hi), is the clamp to
    (clamp(p; lo, hi), clamp(q; lo, hi)). Composition is associative, so doubling the distance
    solves all bins at once; starting from -∞, F is the lower bound.

    Args:
        current: L_n, in nepers.
        previous: L_{n-1}.
        low: bins too quiet to take part, bool.
        levels: doublings; a phase travels unchallenged for 2^levels bins. log2(K) rounded up is
            exactly the heap; 3 costs under 0.1 dB of spectral convergence.

    Shape: [B, F, K] → [B, F, K], int64.
    """
    bins = current.shape[-1]
    drowned = -1e30
    ceiling = current.masked_fill(low, drowned)
    # The second half of the stack is the mirror image: one scan serves F and G.
    hi = torch.stack((ceiling, ceiling.flip(-1)))
    lo = torch.minimum(torch.stack((previous, previous.flip(-1))), hi)
    distance = 1
    for level in range(levels):
        if distance < bins:
            own_lo, own_hi = lo[..., distance:], hi[..., distance:]
            joint_lo = torch.clamp(lo[..., :-distance], own_lo, own_hi)
            if level + 1 < levels:
                own_hi.copy_(torch.clamp(hi[..., :-distance], own_lo, own_hi))
            own_lo.copy_(joint_lo)
            distance = 2 * distance
    left = torch.full_like(current, drowned)
    left[..., 1:] = lo[0, ..., :-1]
    right = torch.full_like(current, drowned)
    right[..., :-1] = lo[1].flip(-1)[..., 1:]
    root = (previous >= torch.maximum(left, right)).logical_or_(low)

    index = torch.arange(bins, device=current.device)
    nearest_left = torch.cummax(torch.where(root, index, 0), -1)[0]
    nearest_right = torch.cummin(torch.where(root, index, bins - 1).flip(-1), -1)[0].flip(-1)
    return torch.where(left >= right, nearest_left, nearest_right)


def phase_steps(
    logs: Tensor,
    noise: Tensor,
    lookahead: int,
    advance: Tensor,
    coupling: float,
    levels: int,
    log_tolerance: float = math.log(1e-5),
) -> tuple[Tensor, Tensor]:
    """Where each bin's phase comes from in the frame before, and how far it is from there.

    A path first steps in time at its root r, then runs along the frame from r to k:
    ψ_n[k] = ψ_{n-1}[r] + T[r] + C[k] - C[r]. Bins `log_tolerance` below the louder of the two
    frames' peaks carry no usable gradient and step by `noise` instead.

    Args:
        logs: L of F frames and the two next to them (see `time_derivative`), in nepers.
        noise: random phases in radians, [F, K].
        lookahead: 1 if the last of `logs` comes after the frames in question, else 0.
        advance: `bin_advance`, [K], radians.
        coupling: `gradient_coupling`.
        levels: see `spanning_roots`.
        log_tolerance: threshold of the low bins against the peak, in nepers.

    Shape: [B, F + 2, K] → roots [B, F, K] int64, steps [B, F, K] in radians.
    """
    count = logs.shape[1] - 2
    first = 2 - lookahead
    current, previous = logs[:, first : first + count], logs[:, first - 1 : first - 1 + count]
    peak = torch.maximum(current.amax(-1, keepdim=True), previous.amax(-1, keepdim=True))
    low = current <= peak + log_tolerance
    roots = spanning_roots(current, previous, low, levels)
    across = frequency_integral(time_derivative(logs, lookahead), coupling)
    step = time_step(current, previous, advance, coupling).sub_(across)
    return roots, torch.where(low, noise, step.gather(-1, roots).add_(across))


def propagate(phase: Tensor, roots: Tensor, steps: Tensor) -> Tensor:
    """ψ_n = ψ_{n-1}[roots] + steps, frame after frame, in [0, 2π].

    The only part that must run in order. Wrapping at every frame, and not once per call, makes
    the result the same however a signal is cut into calls.

    Bin 0 of a real signal is real: its phase moves to the nearer of 0 and π. Otherwise a constant
    offset would keep the phase it began with, and lose all but the cosine of it.

    Shape: ψ before the first frame [B, K], roots and steps [B, F, K] → [B, F, K].
    """
    phases = torch.empty_like(steps)
    for n in range(steps.shape[1]):
        phase = phase.gather(-1, roots[:, n]).add_(steps[:, n]).remainder_(2.0 * math.pi)
        phase[:, :1].mul_(1.0 / math.pi).round_().mul_(math.pi)
        phases[:, n] = phase
    return phases


def consensus_windows(window: Tensor, count: int, hop: int) -> Tensor:
    """The analysis windows w/Σw² of `count` frames that follow a long row of frames.

    Σw² runs over the frames that hold a sample so far: behind the last frame the sum is short of
    its full value, and the windows grow to match. It is kept from zero at 1e-6.

    Shape: [n_fft] → [count, n_fft].
    """
    n_fft = window.shape[0]
    past = n_fft // hop - 1
    energy = overlap_add(window.square().expand(1, past + count, n_fft), hop)[0, past * hop :]
    return window / energy.clamp_min(1e-6).unfold(-1, n_fft, hop)


def refine(
    spectra: Tensor,
    magnitudes: Tensor,
    past: Tensor,
    window: Tensor,
    windows: Tensor,
    hop: int,
    iterations: int,
    momentum: float,
) -> Tensor:
    """Spectra of the wanted magnitudes whose frames agree better on the samples they share.

    One step makes a signal of all frames, y = (past + Σ_j w·x_j)/Σw², analyses it again, c_j, and
    puts the wanted magnitudes back: P = S·c/|c|. Accelerated, the projection starts from
    c + α(c - c_before), α = `momentum`. Frames in `past` are done with and no longer move.

    Args:
        spectra: frame-start spectra, complex, with a first guess of the phase.
        magnitudes: the wanted magnitudes S.
        past: Σ w·x of finished frames over the samples they share with these, [B, n_fft - hop].
        window: w, [n_fft].
        windows: `consensus_windows` of these frames, [F, n_fft].
        hop: in samples.
        iterations: steps.
        momentum: α in [0, 1].

    Shape: [B, F, K] → [B, F, K], complex.

    Source: Griffin & Lim (1984); momentum from Perraudin, Balazs & Søndergaard (2013), eq. (5),
    applied here to a block of frames at a time as in Le Roux et al. (2010).
    """
    n_fft = window.shape[0]
    before = spectra
    for iteration in range(iterations):
        frames = torch.fft.irfft(spectra, n=n_fft).mul_(window)
        signal = overlap_add(frames, hop)
        signal[:, : n_fft - hop] += past
        analysis = torch.fft.rfft(signal.unfold(-1, n_fft, hop) * windows)
        target = analysis
        if iteration > 0:
            target = torch.lerp(before, analysis, 1.0 + momentum)
        before = analysis
        spectra = torch.sgn(target) * magnitudes
    return spectra
