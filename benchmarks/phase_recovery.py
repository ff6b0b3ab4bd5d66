"""How well and how fast each inversion mode makes sound of magnitudes: a markdown table.

    python -m benchmarks.phase_recovery [--sizes 2048/512 1024/256]

`SC` is the spectral convergence 20·log10(‖S - S'‖/‖S‖), in dB, lower is better: S goes in, S' is
the analysis of the waveform that comes out, aligned by `delay_samples`; the mean over the eleven
sounds of `benchmarks.sounds`. `blurred` is the same for magnitudes no signal has, smoothed by
[1 2 1]/4 over frames and over bins, as a decoder smooths them. `RTF` is processing time over sound
time on one thread, scripted, under inference mode, for calls of 2048 samples and of one hop: the
fastest tenth of the calls, so that other programs' share does not count. `by frames per call` is
SC for calls of 1, 4 and 16 frames and of the whole sound at once.
"""

import argparse
import math
import time
from collections.abc import Callable
from statistics import fmean

import torch
from torch import Tensor

from benchmarks.sounds import SAMPLE_RATE, make_sounds, speech_source
from vschaos2.dsp.gabor import analyse
from vschaos2.dsp.inversion import MagnitudeInversion
from vschaos2.dsp.inversion_modes import MODES

BLOCK = 2048
FILE_FRAMES = 256  # of a call, as files are rendered


def magnitudes_of(waveform: Tensor, window: Tensor, hop: int) -> Tensor:
    """Magnitudes of a stream: its first frame ends after the first hop, [1, T] → [1, F, K]."""
    n_fft = window.shape[0]
    return analyse(torch.nn.functional.pad(waveform, (n_fft - hop, 0)), window, hop).abs()


def blur(magnitudes: Tensor) -> Tensor:
    """[1 2 1]/4 over frames and over bins."""
    kernel = torch.tensor([0.25, 0.5, 0.25])
    kernel = (kernel[:, None] * kernel).reshape(1, 1, 3, 3)
    padded = torch.nn.functional.pad(magnitudes[:, None], (1, 1, 1, 1), mode="replicate")
    return torch.nn.functional.conv2d(padded, kernel)[:, 0]


def convergence_db(wanted: Tensor, waveform: Tensor, window: Tensor, hop: int) -> float:
    """Spectral convergence in dB of a waveform that is aligned with the wanted magnitudes."""
    got = magnitudes_of(waveform, window, hop)
    wanted = wanted[:, : got.shape[1]]
    return 20.0 * math.log10(((wanted - got).norm() / wanted.norm()).item())


def stream(inversion: MagnitudeInversion, magnitudes: Tensor, frames_per_call: int) -> Tensor:
    """The waveform of magnitudes given in calls of so many frames, its delay taken off."""
    inversion.reset()
    parts = [inversion(part) for part in magnitudes.split(frames_per_call, dim=1)]
    return torch.cat(parts, 1)[:, inversion.delay_samples :]


def real_time_factor(
    inversion: Callable[[Tensor], Tensor], frames: int, n_fft: int, hop: int
) -> float:
    """Processing time over sound time for calls of so many frames."""
    magnitudes = torch.rand(1, frames, n_fft // 2 + 1, generator=torch.Generator().manual_seed(0))
    durations = []
    for _ in range(150):
        start = time.perf_counter()
        inversion(magnitudes)
        durations.append(time.perf_counter() - start)
    return sorted(durations)[15] / (frames * hop / SAMPLE_RATE)


def measure(n_fft: int, hop: int, waveforms: list[Tensor]) -> None:
    """Print one row for each mode at this size."""
    inversion = torch.jit.script(MagnitudeInversion(n_fft, hop))
    window = inversion.window
    # Silence behind the sounds brings out the last of each, whatever the delay.
    padded = [torch.nn.functional.pad(sound, (0, 4 * n_fft)) for sound in waveforms]
    clean = [magnitudes_of(sound, window, hop) for sound in padded]
    blurred = [blur(magnitudes) for magnitudes in clean]
    frames = BLOCK // hop
    for name in MODES:
        inversion.set_mode(name)
        figures = [
            fmean(convergence_db(m, stream(inversion, m, frames), window, hop) for m in wanted)
            for wanted in (clean, blurred)
        ]
        lengths = (1, 4, 16, 10**6)
        by_call = [
            fmean(convergence_db(m, stream(inversion, m, length), window, hop) for m in clean)
            for length in lengths
        ]
        whole = real_time_factor(inversion, frames, n_fft, hop)
        single = real_time_factor(inversion, 1, n_fft, hop)
        delay = inversion.delay_samples
        print(
            f"| {n_fft}/{hop} | {name} | {figures[0]:.1f} | {figures[1]:.1f} | {whole:.4f} "
            f"| {single:.4f} | {delay} ({1000 * delay / SAMPLE_RATE:.1f} ms) "
            f"| {' / '.join(f'{figure:.1f}' for figure in by_call)} |",
            flush=True,
        )
    offline = MagnitudeInversion(n_fft, hop)
    offline.configure_offline()
    start = time.perf_counter()
    figures = [
        fmean(convergence_db(m, stream(offline, m, FILE_FRAMES), window, hop) for m in wanted)
        for wanted in (clean, blurred)
    ]
    taken = (time.perf_counter() - start) / (2 * sum(w.shape[1] for w in padded) / SAMPLE_RATE)
    print(
        f"| {n_fft}/{hop} | offline | {figures[0]:.1f} "
        f"| {figures[1]:.1f} | {taken:.4f} | – | – | – |",
        flush=True,
    )


def main() -> None:
    """Print the table for every size asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sizes", nargs="+", default=["2048/512", "1024/256", "2048/256", "512/128"]
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    waveforms = [torch.from_numpy(samples)[None] for samples in make_sounds().values()]
    print(f"{len(waveforms)} sounds, voices by {speech_source()}; torch {torch.__version__}\n")
    print(
        "| n_fft/hop | mode | SC dB | blurred | RTF 2048 samples | RTF one hop | delay "
        "| by frames per call |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with torch.inference_mode():
        for size in arguments.sizes:
            n_fft, hop = (int(number) for number in size.split("/"))
            measure(n_fft, hop, waveforms)


if __name__ == "__main__":
    main()
