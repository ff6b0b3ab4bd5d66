"""How late sound leaves Pd's `vschaos~`, measured, against what is declared.

    make external
    python -m benchmarks.pd_delay FILE.ts [--buffer 0] [--sample-rate 44100]

Bursts of noise and then a click pass through `forward` in a real Pd that runs by the clock. The
delay is the lag at which output and input correlate best: their envelopes (energy smoothed over
2 ms), whatever makes the phases, and their waveforms, which says something only where the input's
phases are kept. Each comes with its coefficient: 1 is equal. The click's response is as wide as a
window; told is where it is loudest. A sound card's own buffers come on top.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch

from tests.pd.runner import BLOCK, Patch, record

CLICK_AT = 4096 * BLOCK  # samples, all
START = 1024 * BLOCK
PAUSE = 256 * BLOCK  # before the click
STEP = 1764  # 40 ms, in which the noise is on or off


def bursts_and_click() -> np.ndarray:
    """Silence while the model is loaded, noise switched at random, a click: [1, T]."""
    sound = np.zeros((1, CLICK_AT + 256 * BLOCK), np.float32)
    generator = np.random.default_rng(0)
    noise = 0.2 * generator.standard_normal(CLICK_AT - START - PAUSE)
    is_on = np.repeat(generator.random(len(noise) // STEP + 1) < 0.5, STEP)[: len(noise)]
    sound[0, START : CLICK_AT - PAUSE] = noise * is_on
    sound[0, CLICK_AT] = 1.0
    return sound


def envelope(sound: np.ndarray, rate_hz: int) -> np.ndarray:
    """Root of the energy, smoothed over 2 ms, without its mean. [T] → [T]."""
    window = np.hanning(2 * int(0.001 * rate_hz) + 1)
    energy = np.convolve(sound.astype(float) ** 2, window / window.sum(), "same")
    return np.sqrt(energy) - np.sqrt(energy).mean()


def best_lag(sound: np.ndarray, output: np.ndarray) -> tuple[int, float]:
    """The lag in samples at which two signals are most alike, and how much. [T], [T]."""
    size = 2 * len(sound)
    spectrum = np.fft.rfft(output, size) * np.conj(np.fft.rfft(sound, size))
    similarity = np.fft.irfft(spectrum, size)[: len(sound) // 4]
    lag = int(np.argmax(similarity))
    return lag, float(similarity[lag] / np.linalg.norm(sound) / np.linalg.norm(output))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--buffer", type=int, default=0)
    parser.add_argument("--sample-rate", type=int, default=44100)
    parser.add_argument("--library", type=Path, default=Path("build/external"))
    arguments = parser.parse_args()
    path, rate_hz = arguments.file.resolve(), arguments.sample_rate
    inlets, _, outlets, _ = torch.jit.load(str(path)).forward_params.tolist()
    sound = bursts_and_click()
    patch = Patch()
    box = patch.box(f"vschaos~ {path} forward {arguments.buffer}")
    patch.connect(box, patch.box("print info"), outlets)
    for inlet in range(1, inlets):  # labels: the model guesses
        patch.connect(patch.box("sig~ -1"), box, 0, inlet)
    ask = float(CLICK_AT - PAUSE)
    with tempfile.TemporaryDirectory() as folder:
        played = record(
            Path(folder),
            arguments.library.resolve(),
            patch,
            taps=[(box, 0)],
            length=sound.shape[1],
            events=[(ask, "latency", box), (sound.shape[1] - BLOCK, "xruns", box)],
            sounds=sound,
            players=[(box, 0)],
            sample_rate_hz=rate_hz,
            is_batch=False,
        )
    said = {line.split()[1]: line.split()[2:] for line in played.lines if line.startswith("info:")}
    if "latency" not in said:
        raise SystemExit("Pd did not play: " + "; ".join(played.lines[-3:]))
    total, host, model = (int(word) for word in said["latency"])
    output = played.signals[0]
    heard, came = sound[0, START:CLICK_AT], output[START:CLICK_AT]
    measured = {
        "envelope": best_lag(envelope(heard, rate_hz), envelope(came, rate_hz)),
        "waveform": best_lag(heard, came),
    }
    click = int(np.argmax(np.abs(output[CLICK_AT:])))

    def ms(samples: int) -> str:
        return f"{samples} samples, {1000 * samples / rate_hz:.1f} ms"

    print(f"{path.name}, forward, buffer {arguments.buffer}, {rate_hz} Hz")
    print(f"  declared   {ms(total)} (host {host}, model {model})")
    for name, (lag, coefficient) in measured.items():
        print(f"  {name}   {ms(lag)} (coefficient {coefficient:.2f})")
    print(f"  click      {ms(click)}")
    print(f"  xruns      {said['xruns'][0]}")


if __name__ == "__main__":
    main()
