"""The kinds of report, each made of a model and of what stays the same throughout a training.

reconstructions   held-out recordings and what the model makes of them
latents           how much each latent dimension is used
traversals        each of the most used dimensions swept, the others at rest
prior             points drawn from the prior
predictions       what the predictors take held-out windows for
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vschaos2.data.module import WindowDataModule
from vschaos2.families.vae.instrument_core import KEEP_INPUT
from vschaos2.families.vae.material import class_names
from vschaos2.families.vae.rendering import (
    Sound,
    hold,
    loudest_point,
    pass_through,
    play,
    sweep,
)
from vschaos2.families.vae.signal_path import offline_core
from vschaos2.families.vae.usage import Batches, confusion, guesses, latent_usage, usage_picture
from vschaos2.families.vae.vae import VAE
from vschaos2.monitor.excerpts import Excerpt, excerpts
from vschaos2.monitor.options import MonitorOptions
from vschaos2.monitor.pictures import (
    Panel,
    confusion_picture,
    spectrograms,
    values_picture,
)
from vschaos2.monitor.show import Moment, Show
from vschaos2.monitor.spectrogram import levels_db, magnitudes
from vschaos2.monitor.store import Report
from vschaos2.objectives.measures import spectral_convergence

SWEEP_SECONDS = 2.0
HOLD_SECONDS = 0.6
PRIOR_POINTS = 8
WINDOWS = 1024  # held-out windows that latents and predictions are measured on


@dataclass(frozen=True)
class Scene:
    """What stays the same from report to report.

    Args:
        excerpts: held-out recordings, at least one.
        batches: the held-out windows and their labels.
        inversion: how the run's instrument makes phases in `decode`.
        classes: names of the classes of every label task.
        dimensions: how many latent dimensions are swept.
    """

    excerpts: list[Excerpt]
    batches: Batches
    inversion: str
    classes: dict[str, list[str]]
    dimensions: int


def reconstructions(model: VAE, scene: Scene, moment: Moment) -> Report:
    """Excerpts, with the input's own phase and with those of the run's decode inversion."""
    rate_hz = model.transform.sample_rate_hz
    cores = {mode: offline_core(model, mode) for mode in (KEEP_INPUT, scene.inversion)}
    rows: list[list[Panel]] = [[] for _ in range(1 + len(cores))]
    sounds: dict[str, Sound] = {}
    for excerpt in scene.excerpts:
        heard = magnitudes(model.transform, excerpt.sound)
        loudest = max(float(heard.max()), 1e-9)
        seconds = len(excerpt.sound) / rate_hz
        rows[0].append(Panel(levels_db(heard, loudest, rate_hz), 0.0, seconds, excerpt.name))
        for row, (mode, core) in zip(rows[1:], cores.items(), strict=True):
            made = pass_through(core, excerpt.sound, excerpt.labels)
            sounds[f"{excerpt.name}_{mode}"] = made
            error = spectral_convergence(excerpt.sound, made)
            levels = levels_db(magnitudes(model.transform, made), loudest, rate_hz)
            row.append(Panel(levels, 0.0, seconds, f"{mode}: SC {error:.3f}"))
    title = moment.headline("Held-out recordings, reconstructed")
    picture = spectrograms(title, rows, rate_hz, "seconds")
    return Report({"spectrograms": picture}, sounds, {}, {})


def latents(model: VAE, scene: Scene, moment: Moment) -> Report:
    """KL and spread of every latent dimension, over the held-out windows."""
    usage = latent_usage(model, scene.batches())
    active = int(usage.active.sum())
    title = moment.headline(f"{active} of {model.latent_dim} latent dimensions in use")
    lines = ["dimension,kl_nats,deviation_of_means,low,high"]
    columns = (usage.kl_nats, usage.variance.sqrt(), usage.low, usage.high)
    for index in usage.order:
        lines.append(",".join([str(index), *(f"{float(c[index]):.6g}" for c in columns)]))
    values = {"latent/active_dimensions": float(active), "latent/kl": float(usage.kl_nats.sum())}
    values |= {f"latent/kl_{i}": float(kl) for i, kl in enumerate(usage.kl_nats)}
    texts = {"latent_usage.csv": "\n".join(lines) + "\n"}
    return Report({"latent_usage": usage_picture(title, usage)}, {}, values, texts)


def traversals(model: VAE, scene: Scene, moment: Moment) -> Report:
    """The most used dimensions swept from end to end of where held-out frames lie."""
    rate_hz, hop = model.transform.sample_rate_hz, model.transform.hop
    usage = latent_usage(model, scene.batches())
    core = offline_core(model, scene.inversion)
    core.set_modes(KEEP_INPUT, scene.inversion)
    excerpt = scene.excerpts[0]
    base, labels = loudest_point(core, excerpt.sound, excerpt.labels)
    frames = round(SWEEP_SECONDS * rate_hz / hop)
    sounds: dict[str, Sound] = {}
    for dimension in usage.order[: scene.dimensions]:
        low, high = float(usage.low[dimension]), float(usage.high[dimension])
        path = sweep(base, dimension, low, high, frames)
        sounds[f"dimension_{dimension:02d}"] = play(core, path, labels.expand(frames, -1))
    spectra = {name: magnitudes(model.transform, sound) for name, sound in sounds.items()}
    loudest = max(max(float(s.max()) for s in spectra.values()), 1e-9)
    panels = []
    for dimension, spectrum in zip(usage.order, spectra.values(), strict=False):
        ends = float(usage.low[dimension]), float(usage.high[dimension])
        levels = levels_db(spectrum, loudest, rate_hz)
        panels.append(Panel(levels, *ends, f"dimension {dimension}"))
    columns = 3 if len(panels) % 3 == 0 else min(len(panels), 4)
    while len(panels) % columns:
        columns -= 1
    rows = [panels[i : i + columns] for i in range(0, len(panels), columns)]
    title = moment.headline(f"One dimension moves, the others rest in {excerpt.name}")
    picture = spectrograms(title, rows, rate_hz, "latent value")
    return Report({"traversals": picture}, sounds, {}, {})


def prior(model: VAE, scene: Scene, moment: Moment) -> Report:
    """Points of N(0, I), the same in every report, each held for a while."""
    rate_hz, hop = model.transform.sample_rate_hz, model.transform.hop
    core = offline_core(model, scene.inversion)
    core.set_modes(KEEP_INPUT, scene.inversion)
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(PRIOR_POINTS, model.latent_dim, generator=generator)
    given = [loudest_point(core, each.sound, each.labels)[1] for each in scene.excerpts]
    given = (given * PRIOR_POINTS)[:PRIOR_POINTS]
    frames = round(HOLD_SECONDS * rate_hz / hop)
    labels = torch.stack(given).repeat_interleave(frames, 0)
    sound = play(core, hold(points, frames), labels)
    spectrum = magnitudes(model.transform, sound)[: PRIOR_POINTS * frames]
    levels = levels_db(spectrum, max(float(spectrum.max()), 1e-9), rate_hz)
    panels = []
    for number, part in enumerate(np.split(levels, PRIOR_POINTS, axis=1)):
        title = label_text(model, scene.classes, given[number]) or f"draw {number + 1}"
        panels.append(Panel(part, 0.0, frames * hop / rate_hz, title))
    title = moment.headline(f"{PRIOR_POINTS} draws from the prior")
    picture = spectrograms(title, [panels], rate_hz, "seconds", panel_width=1.2)
    return Report({"prior": picture}, {"prior": sound}, {}, {})


def predictions(model: VAE, scene: Scene, moment: Moment) -> Report:
    """Confusion matrices of predicted classes; known against guessed for predicted values."""
    pictures = {}
    for task, pairs in guesses(model, scene.batches()).items():
        n_classes = model.prediction.tasks[task].n_classes
        if len(pairs) == 0:
            continue
        if n_classes is not None:
            counts = confusion(pairs, n_classes).numpy()
            names = [class_name(scene.classes, task, i) for i in range(n_classes)]
            right = counts.trace() / counts.sum()
            title = moment.headline(f"{task}: {100 * right:.0f} % right")
            pictures[task] = confusion_picture(title, counts, names)
        else:
            error = float((pairs[:, 0] - pairs[:, 1]).abs().mean())
            title = moment.headline(f"{task}: mean error {error:.3g}")
            pictures[task] = values_picture(title, pairs.numpy())
    return Report(pictures, {}, {}, {})


def class_name(classes: dict[str, list[str]], task: str, index: int) -> str:
    """The name of a class, or its number where it has none."""
    names = classes.get(task, [])
    return names[index] if index < len(names) else str(index)


def label_text(model: VAE, classes: dict[str, list[str]], labels: Tensor) -> str:
    """Finite labels of all tasks in words, such as "C# 4"; empty for a model without labels."""
    words = []
    for (name, task), value in zip(model.conditioning.tasks.items(), labels.tolist(), strict=True):
        if not math.isfinite(value):
            words.append("?")
        elif task.has_classes:
            words.append(class_name(classes, name, int(value)))
        else:
            words.append(f"{value:.3g}")
    return " ".join(words)


KINDS: dict[str, Callable[[VAE, Scene, Moment], Report]] = {
    "reconstructions": reconstructions,
    "latents": latents,
    "traversals": traversals,
    "prior": prior,
    "predictions": predictions,
}


class VAEShow(Show):
    """The reports of a spectral VAE.

    Args:
        inversion: how the run's instrument makes phases in `decode`.
    """

    def __init__(self, inversion: str) -> None:
        self.inversion = inversion

    def kinds(self, model: VAE) -> list[str]:
        """All, but predictions only where there are predictors."""
        return [kind for kind in KINDS if kind != "predictions" or model.prediction.tasks]

    def begin(
        self, model: VAE, data: WindowDataModule, options: MonitorOptions
    ) -> dict[str, Sound]:
        """Choose excerpts of held-out files; → their sounds."""
        tasks = list(model.conditioning.tasks)
        self.scene = Scene(
            excerpts(data, options.files, options.seconds, tasks),
            lambda: data.held_out_batches(WINDOWS),
            self.inversion,
            class_names(model, data),
            min(options.dimensions, model.latent_dim),
        )
        return {excerpt.name: excerpt.sound for excerpt in self.scene.excerpts}

    def report(self, kind: str, model: VAE, moment: Moment) -> Report:
        """One of `KINDS`."""
        return KINDS[kind](model, self.scene, moment)
