"""Whether a prior moves as its recordings do, for ten minutes, and repeats none of them.

    python -m benchmarks.prior RUN [RUN …] [--seconds 600] [--temperature 1]

Level, spectral centroid and onset rate are measured over stretches of two seconds: of the
recordings as the model plays them, whose quartiles are printed, and of what it plays by itself,
whose median should lie between these. Then the distance of stretches of eight frames to the
nearest one of the training files, of what it plays by itself and of held-out files: equal where it
repeats as little as recordings repeat each other. Last, process CPU time of the scripted prior in
blocks of 4096 samples, as a part of one core.
"""

import argparse
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from scipy.signal import find_peaks
from torch import Tensor

from vschaos2.families.loading import load_run
from vschaos2.families.vae.material import material
from vschaos2.families.vae.prior import LatentPrior
from vschaos2.families.vae.prior_file import read_prior
from vschaos2.families.vae.prior_finish import recorded_latents
from vschaos2.families.vae.prior_stream import PriorStream
from vschaos2.families.vae.signal_path import (
    OfflineCore,
    Samples,
    by_itself,
    offline_core,
    sound_of,
)

STRETCH_S = 2.0
SIMILAR = 8  # frames
COMPARED = 2000  # stretches that look for their neighbours
BLOCK = 4096
FLUX_FRAME, FLUX_HOP = 1024, 512
LEAST_FLUX = 0.12  # of a stretch's mean spectrum: what counts as an onset
NAMES = ("level, dB", "centroid, Hz", "onsets a second")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=600.0, help="played (%(default)s)")
    parser.add_argument("--temperature", type=float, default=1.0)
    arguments = parser.parse_args()
    print("| run | measure | recordings' quartiles | by itself | within |\n|---|---|---|---|---|")
    for path in arguments.runs:
        for row in rows(path, arguments.seconds, arguments.temperature):
            print(f"| {path.name} | {' | '.join(row)} |", flush=True)


def rows(path: Path, seconds: float, temperature: float) -> Iterator[tuple[str, ...]]:
    """What is printed of one run."""
    run = load_run(path)
    prior = read_prior(run.folder, run.model)
    if prior is None:
        raise SystemExit(f"{path}: has no prior")
    training, held_out = recorded_latents(run.model, material(run.config, run.model))
    core = offline_core(run.model, "eco", prior=prior)
    rate_hz, hop = core.transform.sample_rate_hz, core.hop
    played = torch.from_numpy(by_itself(core, round(seconds * rate_hz / hop), temperature, 0))
    recorded = [measures(decoded(core, each), rate_hz) for each in (*training, *held_out)]
    known = np.concatenate([each for each in recorded if len(each)])
    found = measures(decoded(core, played), rate_hz)
    for column, name in enumerate(NAMES):
        low, high = np.percentile(known[:, column], (25, 75))
        middle = float(np.median(found[:, column]))
        yield (
            name,
            f"{low:.2f} … {high:.2f}",
            f"{middle:.2f}",
            "yes" if low <= middle <= high else "no",
        )
    reference = pieces([prior.basis(each) for each in training])
    others = [pieces([prior.basis(each) for each in each_of]) for each_of in (held_out, [played])]
    recorded_far, own_far = (nearest(each, reference) for each in others)
    low, high = np.percentile(recorded_far, (25, 75))
    middle = float(np.median(own_far))
    yield (
        "distance to the nearest stretch", f"{low:.2f} … {high:.2f} (held out)", f"{middle:.2f}",
        "yes" if middle >= low else "no",
    )  # fmt: skip
    load = cost_us(prior) * 1e-6 * rate_hz / hop
    yield "CPU, part of a core", "≤ 1 %", f"{load:.2%}", "yes" if load <= 0.01 else "no"


def decoded(core: OfflineCore, latents: Tensor) -> Samples:
    """The sound of latents [F, Z], labels guessed or 0."""
    labels = np.full((len(latents), core.labels.n_labels), np.nan, dtype=np.float32)
    return np.concatenate(list(sound_of(core, latents.numpy(), labels, 0, len(latents) * core.hop)))


def measures(sound: Samples, rate_hz: int) -> np.ndarray:
    """Level, centroid and onset rate of each stretch: [N, 3]; what is shorter is one stretch."""
    size = min(round(STRETCH_S * rate_hz), len(sound))
    if size < 4 * FLUX_FRAME:
        return np.zeros((0, 3))
    stretches = sound[: len(sound) // size * size].reshape(-1, size).astype(np.float64)
    return np.array([measured(each, rate_hz) for each in stretches])


def measured(sound: np.ndarray, rate_hz: int) -> tuple[float, float, float]:
    """Level in dB of full scale, centroid of the power in Hz, onsets a second."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, FLUX_FRAME)[::FLUX_HOP]
    spectra = np.abs(np.fft.rfft(frames * np.hanning(FLUX_FRAME), axis=1))
    power = np.square(spectra).sum(0)
    hertz = np.fft.rfftfreq(FLUX_FRAME, 1.0 / rate_hz)
    centroid = float((power * hertz).sum() / max(power.sum(), 1e-20))
    level_db = 10.0 * np.log10(np.square(sound).mean() + 1e-10)
    compressed = np.sqrt(spectra)
    flux = np.maximum(np.diff(compressed, axis=0), 0.0).sum(1) / max(compressed.sum(1).mean(), 1e-9)
    peaks, _ = find_peaks(flux, height=LEAST_FLUX, distance=4, prominence=LEAST_FLUX / 2)
    return level_db, centroid, len(peaks) * rate_hz / len(sound)


def pieces(paths: list[Tensor]) -> Tensor:
    """All stretches of eight frames: [N, 8 D]."""
    found = [each.unfold(0, SIMILAR, 1).flatten(1) for each in paths if len(each) >= SIMILAR]
    return torch.cat(found)


def nearest(some: Tensor, reference: Tensor) -> np.ndarray:
    """Root mean square distance of stretches to the nearest one: at most so many, evenly chosen."""
    chosen = some[:: max(1, len(some) // COMPARED)]
    far = torch.cat([torch.cdist(part, reference).amin(1) for part in chosen.split(256)])
    return (far / some.shape[1] ** 0.5).numpy()


def cost_us(prior: LatentPrior) -> float:
    """Process CPU time of a frame in µs, the median of ten runs of 20 blocks."""
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream = torch.jit.script(PriorStream(prior))
    heat, times = torch.ones(1, BLOCK // 512), []
    with torch.inference_mode():
        for _ in range(20):
            stream(heat)
        for _ in range(10):
            begun = time.process_time()
            for _ in range(20):
                stream(heat)
            times.append((time.process_time() - begun) / 20 / heat.shape[1])
    return 1e6 * float(np.median(times))


if __name__ == "__main__":
    main()
