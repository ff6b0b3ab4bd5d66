"""How soon a folder is learnt: held-out spectral convergence by steps, beside that of a PCA.

    python -m benchmarks.learning FOLDER [--config dgt_mid] [--steps 600] [--every 50] [key=value …]

The configuration is trained twice: for all the steps without the start from principal components,
and for half of them with it. PCA is what as many principal components as there are latents leave
of the same held-out frames; it is made of the training frames, at all the levels of the
augmentation.
"""

import argparse
import csv
import tempfile
from pathlib import Path

import torch
from omegaconf import DictConfig

import vschaos2
from vschaos2.families.train import train
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.material import material
from vschaos2.families.vae.objective import magnitudes
from vschaos2.objectives.losses import spectral_convergence
from vschaos2.objectives.principal_components import at_all_levels, principal_components

SCORE = "validation/reconstruction/spectral_convergence"


@torch.no_grad()
def pca_convergence(config: DictConfig) -> float:
    """What the principal components of the training frames leave of the held-out ones."""
    model = build_model(config)
    transform, data = model.transform, material(config, model)
    data.prepare_data()
    data.setup("fit")
    heard = torch.cat([magnitudes(model, batch["waveform"]) for batch in data.probe_batches()])
    transform.fit_level(float(heard.mean()))
    frames = transform.to_frames(at_all_levels(heard, config.data.augment.gain_db))
    mean, directions, _ = principal_components(frames, model.latent_dim)
    errors = []
    for batch in data.held_out_batches(config.data.loader.validation_windows):
        magnitude = magnitudes(model, batch["waveform"])
        points = (transform.to_frames(magnitude) - mean) @ directions.T
        made = transform.to_magnitude((points @ directions + mean).clamp_min(0.0))
        errors.append(spectral_convergence(magnitude, made))
    return float(torch.stack(errors).mean())


def learning_curve(config: DictConfig) -> dict[int, float]:
    """Held-out spectral convergence by steps done."""
    with (train(config) / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {int(row["step"]) + 1: float(row[SCORE]) for row in rows if row.get(SCORE)}


def main() -> None:
    """Train twice, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--config", default="dgt_mid", help="configuration (%(default)s)")
    parser.add_argument("--steps", type=int, default=600, help="without the start (%(default)s)")
    parser.add_argument("--every", type=int, default=50, help="steps between validations")
    parser.add_argument("overrides", nargs="*", help="key=value, as for train_model.py")
    arguments = parser.parse_intermixed_args()
    curves = {}
    with tempfile.TemporaryDirectory() as folder:
        for start, steps in ((False, arguments.steps), (True, arguments.steps // 2)):
            config = vschaos2.compose(
                arguments.config,
                f"name=start_{start}",
                f"rundir={folder}",
                f"data.dataset.root={arguments.folder}",
                f"data.loader.batches_per_epoch={arguments.every}",
                f"trainer.max_epochs={steps // arguments.every}",
                "callbacks.monitor=null",
                f"model.encoder.linear={start}",
                f"model.decoder.linear={start}",
                *arguments.overrides,
            )
            curves[start] = learning_curve(config)
        leaves = pca_convergence(config)
    print(f"PCA-{config.model.latent_dim}: {leaves:.3f}")
    print("| steps | without the start | with it |")
    print("|---|---|---|")
    for step, without in curves[False].items():
        found = curves[True].get(step)
        print(f"| {step} | {without:.3f} | {'' if found is None else f'{found:.3f}'} |")
    last, half = list(curves[False].values())[-1], list(curves[True].values())[-1]
    print(f"half of the steps leave {half / last:.2f} of what all of them leave without the start")


if __name__ == "__main__":
    main()
