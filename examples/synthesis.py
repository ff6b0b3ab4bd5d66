"""What the instruments of the demo dataset are built of: harmonics, resonances, noise, contours.

Everything is band-limited by construction: no component is ever made above `BAND_LIMIT_HZ`, so
nothing has to be filtered away afterwards and nothing can alias.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Signal = NDArray[np.float64]
Spectrum = NDArray[np.complexfloating]

BAND_LIMIT_HZ = 18_000.0
TAPER_HZ = 4_000.0  # the band closes over this width, not at a cliff
CONTROL_STEP = 64  # samples between two values of a slowly varying quantity
DYNAMIC_RANGE_DB = 24.0  # from loudness 0 to loudness 1


def sample_times(duration_s: float, sample_rate_hz: int) -> Signal:
    """The time of every sample in seconds, [T] with T = round(duration · rate)."""
    return np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz


def control_points(signal: Signal) -> Signal:
    """A signal read at about every 64th sample, first and last included: [T] → [F]."""
    count = signal.shape[-1]
    frames = -(-count // CONTROL_STEP) + 1
    return np.interp(np.linspace(0, count - 1, frames), np.arange(count), signal)


def band_taper(frequency_hz: ArrayLike) -> Signal:
    """The gain that closes the band: 1 up to 14 kHz, half a cosine down to 0 at 18 kHz."""
    above = (np.asarray(frequency_hz) - (BAND_LIMIT_HZ - TAPER_HZ)) / TAPER_HZ
    return 0.5 + 0.5 * np.cos(np.pi * np.clip(above, 0.0, 1.0))


def harmonic_frequencies(f0_hz: Signal) -> Signal:
    """Every harmonic's course, as many as ever fall under the band limit: [T] → [H, F] in Hz."""
    track = control_points(f0_hz)
    count = int(BAND_LIMIT_HZ / track.min())
    return np.arange(1, count + 1)[:, None] * track


def harmonic_sum(f0_hz: Signal, gains: Spectrum, sample_rate_hz: int) -> Signal:
    """Σ_k |g_k(t)| sin(k φ(t) + arg g_k(t)), with φ the running phase of f0.

    With z = exp(jφ), the k-th harmonic is z^k = z^(k-1) · z: one multiplication in place of a
    sine per harmonic and sample.

    Args:
        f0_hz: fundamental at every sample, [T], Hz.
        gains: complex gain of each harmonic at the control points, [H, F], interpolated linearly;
            the caller has already closed the band (`band_taper`).
        sample_rate_hz: samples per second.

    Shape: [T], [H, F] → [T].
    """
    count = f0_hz.shape[0]
    rotation = np.exp(2j * np.pi * np.cumsum(f0_hz) / sample_rate_hz)
    instants = np.linspace(0, count - 1, gains.shape[1])
    samples = np.arange(count)
    power = np.ones(count, dtype=np.complex128)
    total = np.zeros(count)
    for gain in gains:
        power *= rotation
        total += (np.interp(samples, instants, gain) * power).imag
    return total


def resonance(frequency_hz: Signal, centre_hz: ArrayLike, bandwidth_hz: ArrayLike) -> Spectrum:
    """F² / (F² - f² + j f B): a two-pole resonance at F, 1 at f = 0, F/B at its centre.

    Source: Fant (1960), "Acoustic Theory of Speech Production": a formant in a cascade.
    """
    centre = np.asarray(centre_hz)
    return centre**2 / (centre**2 - frequency_hz**2 + 1j * frequency_hz * np.asarray(bandwidth_hz))


def band_noise(
    rng: np.random.Generator,
    count: int,
    centre_hz: float,
    width_octaves: float,
    sample_rate_hz: int,
) -> Signal:
    """Gaussian noise in one band, RMS 1, with nothing at 0 Hz and above the band limit.

    Args:
        rng: source of randomness.
        count: length in samples.
        centre_hz: middle of the band, Hz.
        width_octaves: standard deviation of the bell-shaped gain, in octaves.
        sample_rate_hz: samples per second.

    Shape: [count].
    """
    frequency_hz = np.fft.rfftfreq(count, 1.0 / sample_rate_hz)
    octaves = np.log2(np.maximum(frequency_hz, 1e-6) / centre_hz)
    gain = np.exp(-0.5 * (octaves / width_octaves) ** 2) * band_taper(frequency_hz)
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(count)) * gain, count)
    return noise / np.sqrt(np.mean(noise**2))


def vibrato_cents(
    times_s: Signal, rate_hz: float, depth_cents: float, onset_s: float, phase: float
) -> Signal:
    """A player's vibrato: a sine that grows to `depth_cents` over twice `onset_s`, [T] → [T]."""
    grown = np.clip(times_s / onset_s - 0.5, 0.0, 1.0)
    return depth_cents * grown * np.sin(2 * np.pi * rate_hz * times_s + phase)


def drift_cents(rng: np.random.Generator, times_s: Signal, depth_cents: float) -> Signal:
    """Unsteadiness of the hand or breath: random cents, ten values a second joined by lines."""
    knots_s = np.arange(0.0, times_s[-1] + 0.2, 0.1)
    return np.interp(times_s, knots_s, depth_cents * rng.standard_normal(knots_s.shape[0]))


def detuned(f0_hz: float, cents: Signal) -> Signal:
    """f0 · 2^(cents/1200), in Hz, [T] → [T]."""
    return f0_hz * 2.0 ** (cents / 1200.0)


def finished(
    tone: Signal,
    loudness: float,
    peak: float,
    attack_s: float,
    release_s: float,
    sample_rate_hz: int,
) -> Signal:
    """A tone that starts and ends at exactly 0 and peaks where its loudness asks.

    Args:
        tone: any signal, [T].
        loudness: 0 (softest) to 1 (loudest).
        peak: highest absolute value at loudness 1, full scale = 1; at a lower loudness it is
            peak · 10^(-24 (1 - loudness) / 20).
        attack_s: length of the raised-cosine fade at the start, s.
        release_s: length of the raised-cosine fade at the end, s.
        sample_rate_hz: samples per second.

    Shape: [T] → [T].
    """
    samples = np.arange(tone.shape[0])
    rise = np.clip(samples / (attack_s * sample_rate_hz), 0.0, 1.0)
    fall = np.clip(samples[::-1] / (release_s * sample_rate_hz), 0.0, 1.0)
    shaped = tone * (0.5 - 0.5 * np.cos(np.pi * rise)) * (0.5 - 0.5 * np.cos(np.pi * fall))
    level = peak * 10.0 ** (-DYNAMIC_RANGE_DB * (1.0 - loudness) / 20.0)
    return shaped * (level / np.abs(shaped).max())
