"""A picture of what a trained run makes of sounds: spectrograms and latent tracks."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vschaos2.audio import read_audio
from vschaos2.dsp.streaming import StreamingAnalysis
from vschaos2.families.loading import load_run

COLUMNS = 5
TOP_HZ = 10_000


@torch.inference_mode()
def draw(run_folder: Path, files: list[Path], picture: Path) -> dict[str, float]:
    """Draw a selection of the files to `picture`; return the mean quality over all of them."""
    model = load_run(run_folder).model
    transform = model.transform
    convergence, panels = [], []
    for path in files:
        sound = torch.from_numpy(read_audio(path, transform.sample_rate_hz))
        sound = torch.nn.functional.pad(sound, (0, -len(sound) % transform.hop))
        heard = StreamingAnalysis(transform.n_fft, transform.hop)(sound[None]).abs()[0]
        latent = model.encode(transform.to_frames(heard)).mean
        made = transform.to_magnitude(model.decode(latent).mean)
        convergence.append(float((heard - made).norm() / heard.norm().clamp_min(1e-9)))
        panels.append((path.stem, heard, made, latent))
    chosen = panels[:: max(1, len(panels) // COLUMNS)][:COLUMNS]
    figure, axes = plt.subplots(3, len(chosen), figsize=(3.2 * len(chosen), 8), squeeze=False)
    bins = int(TOP_HZ * transform.n_fft / transform.sample_rate_hz)
    for column, (name, heard, made, latent) in zip(axes.T, chosen, strict=True):
        seconds = len(heard) * transform.hop / transform.sample_rate_hz
        peak = float(heard.max())
        for axis, magnitude, title in (
            (column[0], heard, name.replace("_", " ")),
            (column[1], made, "reconstruction"),
        ):
            level = 20.0 * np.log10(np.maximum(magnitude.numpy() / peak, 1e-4))
            axis.imshow(
                level[:, :bins].T,
                origin="lower",
                aspect="auto",
                extent=(0.0, seconds, 0.0, TOP_HZ / 1000),
                vmin=-80,
                vmax=0,
                cmap="magma",
            )
            axis.set_title(title, fontsize=9)
        column[2].plot(np.linspace(0.0, seconds, len(latent)), latent.numpy(), linewidth=0.8)
        column[2].set_title("latent track", fontsize=9)
        column[2].set_xlabel("seconds")
    axes[0, 0].set_ylabel("kHz")
    axes[1, 0].set_ylabel("kHz")
    figure.tight_layout()
    temporary = picture.with_name(f".{picture.name}.tmp")
    figure.savefig(temporary, dpi=110, format="png")
    plt.close(figure)
    temporary.replace(picture)
    return {"files": len(files), "spectral_convergence": float(np.mean(convergence))}
