"""How nearly delays are found behind devices, and which kinds of device are told by their sound.

    PYTHONPATH=examples python -m benchmarks.alignment [RECORDING.wav]

Devices and strings are those of examples/. Each device is delayed by 0, 17, 1234.5 and 8000.25
samples, at both polarities by turns, with noise of 1 % of the peak; what counts is the difference
to the delay of the device itself, without noise. Then pairs of sounds that have nothing to do with
each other must be refused, and every device is asked for its kind. Limits of both were chosen on
other devices: static curves, peak compressors, a gate, tremolo, vibrato, flanger, reverbs.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
import torch
from devices import DEVICES, Signal
from plucked_strings import noise, strings

from vschaos2.audio import read_audio
from vschaos2.dsp.alignment import Alignment, NoAlignment, align
from vschaos2.inspection.device_kind import device_kind

RATE_HZ = 44_100
SECONDS = 12.0
DELAYS = ((0.0, 1), (17.0, -1), (1234.5, 1), (8000.25, -1))
NOISE = 0.01


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path, nargs="?", help="another dry sound, mono")
    given = parser.parse_args().recording
    sounds = {"strings": strings(SECONDS, 31, RATE_HZ)}
    if given:
        sounds[given.name] = read_audio(given, RATE_HZ).astype(np.float64)
    rng = np.random.default_rng(0)
    worst, turned, count = 0.0, 0, 0
    for (sound, dry), (name, device) in itertools.product(sounds.items(), DEVICES.items()):
        wet = device(dry, RATE_HZ)
        own, errors = aligned(dry, wet), []
        for samples, polarity in DELAYS:
            late = polarity * delayed(wet, samples)
            late += NOISE * np.abs(late).max() * rng.standard_normal(len(late))
            found = aligned(dry, late)
            errors.append(abs(found.delay_samples - own.delay_samples - samples))
            turned += found.polarity == polarity * own.polarity
            count += 1
        worst = max(worst, *errors)
        kind = device_kind(dry, wet, RATE_HZ)
        print(
            f"{sound:16} {name:16} worst {max(errors):.3f} samples, shift {own.shift:+d} of "
            f"{own.delay_samples:+.2f}; {kind.kind}, {kind.configuration}, linear ESR "
            f"{kind.linear_esr:.3f}, rhythm {kind.rhythm_hz:.2f} Hz",
            flush=True,
        )
    print(f"worst of {count}: {worst:.3f} samples; polarity right in {turned} of {count}")
    foreign = [*sounds.values(), strings(SECONDS, 32, RATE_HZ), noise(SECONDS, 33, RATE_HZ)]
    pairs = list(itertools.permutations(foreign, 2))
    print(f"foreign pairs refused: {sum(refused(*pair) for pair in pairs)} of {len(pairs)}")


def aligned(dry: Signal, wet: Signal) -> Alignment:
    """Of NumPy arrays."""
    return align(torch.from_numpy(dry), torch.from_numpy(wet), RATE_HZ)


def refused(dry: Signal, wet: Signal) -> bool:
    """Whether two sounds are no pair."""
    try:
        aligned(dry, wet)
    except NoAlignment:
        return True
    return False


def delayed(signal: Signal, samples: float) -> Signal:
    """A delay of any number of samples, by a ramp of phase."""
    n = 2 ** int(np.ceil(np.log2(len(signal) + samples + 4096)))
    ramp = np.exp(-2j * np.pi * np.arange(n // 2 + 1) * samples / n)
    return np.fft.irfft(np.fft.rfft(signal, n) * ramp, n)[: len(signal) + int(samples) + 64]


if __name__ == "__main__":
    main()
