"""Whether a run follows the labels it is told, and guesses those it is not.

    python -m benchmarks.labels RUN FOLDER [--swaps N] [--every N] [--judge swift|crepe]

FOLDER holds recordings and their metadata, which the training did not see: other velocities of
the notes of `benchmarks.sampled_instruments`, for instance. Printed are

    accuracy   of each predictor, over the frames that sound (within 40 dB of the file's loudest)
    SC         ‖S - Ŝ‖ / ‖S‖ of the magnitudes, mean over files, with the labels of the metadata
    swap       the latents of every file, played N times with the label of another pitch class: see
               `vschaos2/generation/label_swap.py`
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vschaos2.audio import read_audio
from vschaos2.data.cache import open_cache
from vschaos2.families.loading import load_run
from vschaos2.families.vae.inference import label_tasks
from vschaos2.families.vae.signal_path import hear, offline_core
from vschaos2.generation.evaluation import known_labels
from vschaos2.generation.label_swap import PitchSwap
from vschaos2.generation.player import run_inversion
from vschaos2.labels.metadata import Metadata, load_metadata

SOUNDING = 10.0 ** (-40 / 20)


def labels_over_frames(
    metadata: Metadata | None, tasks: list[str], file: int, seconds: npt.NDArray[np.float64]
) -> Tensor:
    """The labels of a file at some moments, [F, n]."""
    if metadata is None or not tasks:
        return torch.zeros(len(seconds), 0)
    values = metadata.at(np.full(len(seconds), file), seconds)
    return torch.from_numpy(np.stack([values[task] for task in tasks], 1))


@torch.inference_mode()
def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--swaps", type=int, default=2, help="other pitches per file (%(default)s)")
    parser.add_argument("--every", type=int, default=1, help="swap every Nth file (%(default)s)")
    parser.add_argument("--judge", default="swift", help="tracker: swift or crepe (%(default)s)")
    arguments = parser.parse_args()
    run = load_run(arguments.run)
    model, transform = run.model, run.model.transform
    tasks = label_tasks(model)
    told, guessed = list(model.conditioning.tasks), list(model.prediction.tasks)
    files = open_cache(arguments.folder, transform.sample_rate_hz).files
    names = [file.path for file in files]
    callbacks = run.config.data.dataset.metadata_callbacks
    metadata = load_metadata(arguments.folder, names, callbacks, tasks) if tasks else None
    played = offline_core(model, run_inversion(run))
    swap = PitchSwap(played, arguments.judge) if "pitch" in told else None
    labels_of = known_labels(run, model.conditioning, arguments.folder)
    right, convergences, followed = defaultdict(list), [], np.zeros(2)
    for number, file in enumerate(files):
        sound = torch.from_numpy(read_audio(arguments.folder / file.path, transform.sample_rate_hz))
        magnitude = transform.analyse(sound[None])[0].abs()
        seconds = np.arange(len(magnitude)) * transform.hop + transform.n_fft / 2
        seconds = seconds / transform.sample_rate_hz
        labels = labels_over_frames(metadata, told, number, seconds).nan_to_num(0.0)
        frames = transform.to_frames(magnitude)
        features = model.features(frames, labels)
        latent = model.posterior(features).mean
        made = transform.to_magnitude(
            model.decode_rows(latent, labels, model.initial_state(1))[0].mean
        )
        convergences.append(float((magnitude - made).norm() / magnitude.norm().clamp_min(1e-9)))
        energy = magnitude.norm(dim=1)
        sounding = energy >= SOUNDING * energy.max()
        guesses, _ = model.prediction.guess(features, latent)
        truth = labels_over_frames(metadata, guessed, number, seconds)
        for index, task in enumerate(guessed):
            right[task].append((guesses == truth)[sounding & ~truth[:, index].isnan(), index])
        if swap is None or number % arguments.every:
            continue
        path = arguments.folder / file.path
        heard = hear(played, path, None if labels_of is None else labels_of(path))
        for _ in range(arguments.swaps):
            followed += swap(heard)
    for task, hits in right.items():
        print(f"accuracy {task:12} {float(torch.cat(hits).float().mean()):.3f}")
    print(f"SC                    {np.mean(convergences):.4f}")
    if swap is not None:
        part = followed[0] / max(1.0, followed[1])
        print(f"swap                  {part:.3f} of {followed[1]:.0f} voiced cells")


if __name__ == "__main__":
    main()
