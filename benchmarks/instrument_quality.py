"""How well a trained run reconstructs recordings that it never heard.

    python -m benchmarks.instrument_quality RUN FOLDER [FOLDER …]

For every file: spectral convergence ‖S - Ŝ‖ / ‖S‖ of the model's magnitudes (no phase involved),
and the metrics of the sound that `generate.py reconstruct` makes of it. Means over files, by the
first part of the file name (instrument, in the sets of `benchmarks.sampled_instruments`).
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vschaos2.audio import find_audio_files, read_audio
from vschaos2.dsp.streaming import StreamingAnalysis
from vschaos2.families.loading import load_run
from vschaos2.families.vae.vae import VAE
from vschaos2.generation import offline_core
from vschaos2.objectives.measures import measure


def padded_sound(model: VAE, path: Path) -> tuple[Tensor, int]:
    """A file at the model's rate, with silence to play its tail out: [1, T]; and its samples."""
    transform = model.transform
    sound = torch.from_numpy(read_audio(path, transform.sample_rate_hz))
    tail = transform.n_fft + -len(sound) % transform.hop
    return torch.nn.functional.pad(sound, (0, tail))[None], len(sound)


@torch.inference_mode()
def magnitude_convergence(model: VAE, path: Path) -> float:
    """Spectral convergence of the model's magnitudes of a file."""
    transform = model.transform
    padded, _ = padded_sound(model, path)
    heard = StreamingAnalysis(transform.n_fft, transform.hop)(padded).abs()[0]
    latent = model.encode(transform.to_frames(heard)).mean
    made = transform.to_magnitude(model.decode_rows(latent, None, model.initial_state(1))[0].mean)
    return float((heard - made).norm() / heard.norm().clamp_min(1e-9))


@torch.inference_mode()
def quality(model: VAE, path: Path) -> dict[str, float]:
    """Magnitude spectral convergence of a file, and the metrics of its reconstruction."""
    padded, length = padded_sound(model, path)
    core = offline_core(model, "keep_input")
    delay = core.forward_delay()
    heard_back = core(padded[None])[0, 0, delay : delay + length]
    return {
        "magnitude SC": magnitude_convergence(model, path),
        **measure(padded[0, :length], heard_back),
    }


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    arguments = parser.parse_args()
    run = load_run(arguments.run)
    if run.model.conditioning.tasks:
        parser.error(f"{arguments.run} is told labels: use python -m benchmarks.labels")
    groups = defaultdict(list)
    for folder in arguments.folders:
        for path in find_audio_files(folder):
            result = quality(run.model, path)
            groups[f"{folder.name}: {path.stem.split('_')[0]}"].append(result)
            groups[f"{folder.name}: all"].append(result)
    keys = list(next(iter(groups.values()))[0])
    print("| files | n | " + " | ".join(keys) + " |")
    print("|---" * (len(keys) + 2) + "|")
    for name, results in sorted(groups.items()):
        means = [np.mean([result[key] for result in results]) for key in keys]
        print(f"| {name} | {len(results)} | " + " | ".join(f"{m:.3f}" for m in means) + " |")


if __name__ == "__main__":
    main()
