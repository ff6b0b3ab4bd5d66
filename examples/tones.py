"""Five instruments, each one function from a note to its sound.

Every function takes the same arguments:
    f0_hz: fundamental, 60 to 1000 Hz.
    duration_s: length of the whole tone, attack and release included, 0.5 s or more.
    loudness: 0 (softest) to 1 (loudest); louder is brighter, and 24 dB higher from end to end.
    rng: the player's irregularities; the same generator state gives the same sound.
    sample_rate_hz: samples per second, 44100 or more.

Shape: [T] with T = round(duration_s · sample_rate_hz), float64, mono, within ±0.8,
silent at both ends. Peaks differ so that a tone that rings out and one that holds come near each
other in loudness.
"""

import numpy as np
from scipy.signal import lfilter
from synthesis import (
    Signal,
    band_noise,
    band_taper,
    control_points,
    detuned,
    drift_cents,
    finished,
    harmonic_frequencies,
    harmonic_sum,
    resonance,
    sample_times,
    vibrato_cents,
)

# A marimba bar is undercut until its second and third modes are the double octave and about the
# tenth harmonic; the higher ones stay where they fall.
BAR_MODES = np.array([1.0, 3.99, 9.85, 16.7, 24.4])
BAR_GAINS = np.array([1.0, 0.5, 0.3, 0.2, 0.12])

# A violin-like body: centre, bandwidth (Hz) and gain of the air and wood modes and the bridge hill.
BODY_MODES = [
    (285.0, 50.0, 1.0),
    (460.0, 60.0, 1.1),
    (560.0, 70.0, 1.0),
    (1050.0, 200.0, 0.7),
    (2500.0, 1100.0, 1.3),
]

# Formant centres (Hz) of [ɑ] and [i], men's averages: Peterson & Barney (1952), "Control methods
# used in a study of the vowels", table II; the fourth and fifth, which they do not give, close
# together as in trained singers.
VOWEL_AH = np.array([730.0, 1090.0, 2440.0, 3100.0, 3700.0])
VOWEL_EE = np.array([270.0, 2290.0, 3010.0, 3300.0, 3700.0])
FORMANT_BANDWIDTHS_HZ = np.array([80.0, 90.0, 120.0, 140.0, 200.0])


def struck(
    f0_hz: float,
    duration_s: float,
    loudness: float,
    rng: np.random.Generator,
    sample_rate_hz: int,
) -> Signal:
    """A wooden bar under a mallet: five decaying modes and the knock of the blow.

    A harder blow is shorter, so it reaches further up the modes; a higher mode dies sooner.
    Source: Fletcher & Rossing (1998), "The Physics of Musical Instruments", ch. 19.
    """
    times_s = sample_times(duration_s, sample_rate_hz)
    mode_hz = f0_hz * BAR_MODES
    mode_hz[1:] *= 2.0 ** (rng.normal(0.0, 6.0, BAR_MODES.size - 1) / 1200.0)
    mallet_hz = 150.0 * (4000.0 / 150.0) ** loudness
    gains = BAR_GAINS * band_taper(mode_hz) / (1.0 + (mode_hz / mallet_hz) ** 2)
    gains *= rng.uniform(0.9, 1.1, BAR_MODES.size)
    # Time to fall by 60 dB: 1.9 s at 131 Hz, shorter upwards as internal friction grows with f.
    decay_s = 1.9 * (131.0 / mode_hz) ** 0.6
    tone = np.zeros_like(times_s)
    for frequency, gain, t60 in zip(mode_hz, gains, decay_s, strict=True):
        ringing = np.exp(-np.log(1000.0) * times_s / t60)
        tone += gain * ringing * np.sin(2 * np.pi * frequency * times_s)
    knock = band_noise(rng, times_s.size, 250.0 + 900.0 * loudness, 0.8, sample_rate_hz)
    tone += 0.10 * gains[0] * loudness * knock * np.exp(-times_s / 0.008)
    return finished(tone, loudness, 0.8, 0.0015, 0.12, sample_rate_hz)


def plucked(
    f0_hz: float,
    duration_s: float,
    loudness: float,
    rng: np.random.Generator,
    sample_rate_hz: int,
) -> Signal:
    """A string in a tuned feedback loop: y[n] = x[n] + g Σ_i c_i y[n - D - i].

    The loop must last exactly P = rate / f0 samples. Its damping filter [s, 1 - 2s, s] is
    symmetric, so it delays every frequency by 1; a third-order Lagrange interpolator delays by the
    1 ≤ d < 2 that is left: D + 1 + d = P. The excitation is one period with the amplitudes of a
    string plucked at a seventh of its length and random phases.

    Source: Karplus & Strong (1983), Computer Music Journal 7(2); fractional tuning after Jaffe &
    Smith (1983), same issue, with their allpass replaced by Laakso et al. (1996), "Splitting the
    unit delay", eq. 42.
    """
    times_s = sample_times(duration_s, sample_rate_hz)
    period = sample_rate_hz / f0_hz
    whole = int(period) - 2
    d = period - 1 - whole
    lagrange = np.array(
        [
            (1 - d) * (2 - d) * (3 - d) / 6,
            d * (2 - d) * (3 - d) / 2,
            d * (d - 1) * (3 - d) / 2,
            d * (d - 1) * (d - 2) / 6,
        ]
    )
    damping = 0.10 - 0.06 * loudness
    loop = np.convolve(lagrange, [damping, 1.0 - 2.0 * damping, damping])
    t60_s = 2.6 * (131.0 / f0_hz) ** 0.5
    loop *= 10.0 ** (-3.0 / (f0_hz * t60_s))

    f0 = np.full(times_s.size, f0_hz)
    frequency = harmonic_frequencies(f0)
    order = np.arange(1, frequency.shape[0] + 1)[:, None]
    finger_hz = 700.0 + 3800.0 * loudness**2
    gains = np.abs(np.sin(np.pi * order / 7.0)) / order**0.6
    gains = gains * band_taper(frequency) / (1.0 + (frequency / finger_hz) ** 2)
    phase = rng.uniform(0.0, 2 * np.pi, order.shape)
    # One period, cut with slanted edges: w(n) = r(n) - r(n - P), where r rises from 0 to 1 within
    # half a period. Repeated every P samples it sums to 1, so the loop closes without a step.
    n = np.arange(int(1.5 * period) + 1)
    edges = np.clip(np.stack([n, n - period]) / (0.5 * period), 0.0, 1.0)
    rise, rise_later = 0.5 - 0.5 * np.cos(np.pi * edges)
    excitation = np.zeros_like(times_s)
    cut = slice(0, n.size)
    excitation[cut] = harmonic_sum(f0[cut], gains[:, :1] * np.exp(1j * phase), sample_rate_hz)
    excitation[cut] *= rise - rise_later

    feedback = np.concatenate([[1.0], np.zeros(whole - 1), -loop])
    tone = lfilter([1.0], feedback, excitation)
    return finished(tone, loudness, 0.8, 0.002, 0.12, sample_rate_hz)


def bowed(
    f0_hz: float,
    duration_s: float,
    loudness: float,
    rng: np.random.Generator,
    sample_rate_hz: int,
) -> Signal:
    """A bowed string: a sawtooth through the modes of a body, with vibrato and bow noise.

    The harmonics move with the vibrato under fixed body modes, so each one also swells and
    fades. Source: Helmholtz motion, 1/k seen at a bow placed 11 % along the string.
    """
    times_s = sample_times(duration_s, sample_rate_hz)
    cents = vibrato_cents(times_s, rng.uniform(5.3, 5.9), 16.0, 0.22, rng.uniform(0, 2 * np.pi))
    f0 = detuned(f0_hz, cents + drift_cents(rng, times_s, 1.2))
    frequency = harmonic_frequencies(f0)
    order = np.arange(1, frequency.shape[0] + 1)[:, None]
    bow_hz = 700.0 + 4300.0 * loudness**2
    gains = np.abs(np.sin(np.pi * 0.11 * order)) / order + 0.02 / order
    gains = gains * band_taper(frequency) / (1.0 + (frequency / bow_hz) ** 2)
    body = 0.25 + sum(
        gain * 1j * (frequency * width / centre**2) * resonance(frequency, centre, width)
        for centre, width, gain in BODY_MODES
    )
    # The string takes longer to lock into its high harmonics: they rise last.
    rise_s = 0.035 + 0.02 * (1.0 - loudness) + 0.004 * np.minimum(order, 20)
    onset = 1.0 - np.exp(-control_points(times_s) / rise_s)
    tone = harmonic_sum(f0, gains * body * onset, sample_rate_hz)
    tone /= np.abs(tone).max()
    scratch = 0.3 + 1.2 * np.exp(-times_s / 0.05)
    tone += 0.012 * scratch * band_noise(rng, times_s.size, 2600.0, 0.9, sample_rate_hz)
    return finished(tone, loudness, 0.75, 0.025, 0.14, sample_rate_hz)


def blown(
    f0_hz: float,
    duration_s: float,
    loudness: float,
    rng: np.random.Generator,
    sample_rate_hz: int,
) -> Signal:
    """A cylindrical pipe with a reed: odd harmonics, breath, and a chiff before the tone settles.

    Below the tone-hole cutoff, about 1.5 kHz, a pipe closed at the reed sounds odd harmonics only;
    above it the holes no longer reflect and the even ones return.
    Source: Benade (1976), "Fundamentals of Musical Acoustics", ch. 21-22.
    """
    times_s = sample_times(duration_s, sample_rate_hz)
    scoop = -35.0 * np.exp(-times_s / 0.025)
    f0 = detuned(f0_hz, scoop + drift_cents(rng, times_s, 1.5))
    frequency = harmonic_frequencies(f0)
    order = np.arange(1, frequency.shape[0] + 1)[:, None]
    cutoff = (frequency / 1500.0) ** 4
    even = 0.03 + 0.5 * cutoff / (1.0 + cutoff)
    gains = np.where(order % 2 == 1, 1.0, even) / order ** (1.9 - 1.1 * loudness)
    gains = gains * band_taper(frequency) / (1.0 + (frequency / 2200.0) ** 2)
    rise_s = 0.012 + 0.006 * np.minimum(order, 15)
    onset = 1.0 - np.exp(-control_points(times_s) / rise_s)
    tone = harmonic_sum(f0, gains * onset + 0j, sample_rate_hz)
    tone /= np.abs(tone).max()
    tone *= 1.0 + 0.05 * np.clip(times_s / 0.4 - 0.5, 0, 1) * np.sin(2 * np.pi * 4.8 * times_s)
    count = times_s.size
    breath = band_noise(rng, count, 1800.0, 1.3, sample_rate_hz)
    breath *= 0.008 * (1.0 + 0.5 * np.sin(2 * np.pi * np.cumsum(f0) / sample_rate_hz))
    chiff = band_noise(rng, count, 3.0 * f0_hz, 0.25, sample_rate_hz)
    chiff *= (0.05 + 0.10 * loudness) * (times_s / 0.012) * np.exp(1.0 - times_s / 0.012)
    return finished(tone + breath + chiff, loudness, 0.55, 0.015, 0.10, sample_rate_hz)


def sung(
    f0_hz: float,
    duration_s: float,
    loudness: float,
    rng: np.random.Generator,
    sample_rate_hz: int,
) -> Signal:
    """A voice on two vowels, [ɑ] and then [i], in one breath with vibrato.

    A glottal pulse (two real poles, -12 dB per octave) passes five formants in cascade and
    radiates from the lips (+6 dB per octave). A louder voice closes its folds faster: the poles
    move up. Source: Fant (1960), "Acoustic Theory of Speech Production".
    """
    times_s = sample_times(duration_s, sample_rate_hz)
    cents = vibrato_cents(times_s, rng.uniform(5.0, 5.6), 28.0, 0.25, rng.uniform(0, 2 * np.pi))
    f0 = detuned(f0_hz, cents + drift_cents(rng, times_s, 2.0) - 60 * np.exp(-times_s / 0.03))
    frequency = harmonic_frequencies(f0)
    glottis_hz = 80.0 + 370.0 * loudness**2
    radiated = 1j * frequency / f0_hz * band_taper(frequency)
    gains = radiated / (1.0 + 1j * frequency / glottis_hz) ** 2
    # The mouth moves from one vowel to the other between 40 % and 60 % of the tone.
    way = np.clip((control_points(times_s) / duration_s - 0.4) / 0.2, 0.0, 1.0)
    way = 0.5 - 0.5 * np.cos(np.pi * way)
    for ah, ee, width in zip(VOWEL_AH, VOWEL_EE, FORMANT_BANDWIDTHS_HZ, strict=True):
        # A singer opens the mouth rather than let the first formant fall below the fundamental.
        centre = ((ah ** (1.0 - way) * ee**way) ** 4 + frequency[0] ** 4) ** 0.25
        gains = gains * resonance(frequency, centre, width)
    # [i] would come out far weaker than [ɑ]; a singer evens vowels out, though not wholly.
    gains = gains / np.sqrt(np.sum(np.abs(gains) ** 2, axis=0)) ** 0.8
    tone = harmonic_sum(f0, gains, sample_rate_hz)
    tone /= np.abs(tone).max()
    aspiration = band_noise(rng, times_s.size, 3200.0, 0.7, sample_rate_hz)
    aspiration *= 1.0 + 0.7 * np.sin(2 * np.pi * np.cumsum(f0) / sample_rate_hz)
    tone += 0.006 * aspiration
    return finished(tone, loudness, 0.75, 0.05, 0.12, sample_rate_hz)
