"""Tiny instruments that were taught their sounds for a moment, so that last bits stay last bits."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from conftest import TINY
from omegaconf import OmegaConf

from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.playable import PlayableVAE
from vschaos2.families.vae.prior import LatentPrior
from vschaos2.families.vae.prior_training import fit_basis
from vschaos2.families.vae.projection import PROJECTIONS, fit_axes
from vschaos2.labels.ports import LabelPorts

HOP = 128  # of the tiny instrument
# What models have by default, beyond the tiny one's.
USUAL = {
    "encoder": {"linear": True},
    "decoder": {"linear": True},
    "headroom_db": 9.0,
    "calibrated": True,
    "coherence_dim": 8,
}


def sound(seconds: float, seed: int = 0) -> torch.Tensor:
    """Notes of eight partials with a little noise, one every fifth of a second: [1, T]."""
    generator = np.random.default_rng(seed)
    length = int(seconds * 44100) // (16 * HOP) * 16 * HOP
    time, made = np.arange(length) / 44100.0, np.zeros(length)
    for start in range(0, length, 8820):
        pitch, note = 110.0 * 2.0 ** generator.uniform(0, 2), time[start : start + 8820]
        tone = sum(np.sin(2 * np.pi * pitch * k * note) / k for k in range(1, 9))
        made[start : start + 8820] += 0.2 * tone * np.exp(-6.0 * (note - note[0]))
    made += 0.003 * generator.standard_normal(length)
    return torch.tensor(made, dtype=torch.float32)[None]


def wandering(latents: torch.Tensor) -> LatentPrior:
    """A prior of chance weights, whose axes are spread unlike those of the recordings."""
    prior = LatentPrior(latents.shape[1], 3, hidden_dims=20, components=3, every=3)
    fit_basis(prior, latents)
    prior.basis.drawn.copy_(prior.basis.recorded * 1.3 + 0.1)
    prior.spread.fill_(0.7)
    prior.wander.fill_(0.4)
    return prior.eval().requires_grad_(False)


def taught(
    options: Mapping[str, Any],
    transform: Mapping[str, Any] | None = None,
    plays_itself: bool = False,
    confidence: bool = False,
    classes: Mapping[str, list[str]] | None = None,
    rate_hz: int | None = None,
) -> PlayableVAE:
    """An instrument of three axes that knows `sound`, and labels that say nothing of it."""
    plain = OmegaConf.create(TINY)
    for part in ("encoder", "decoder"):
        if "_target_" in options.get(part, {}):  # whose sizes are other than those of dense ones
            plain.model.pop(part)
    config = OmegaConf.merge(plain, {"model": options, "data": {"transform": transform or {}}})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(config)
        magnitude = model.transform.analyse(sound(1.0)).abs()[0]
        model.transform.fit_level(float(magnitude.mean()))
        if model.is_bounded:
            model.fit_loudest(magnitude)
            model.gain.copy_(torch.linspace(0.8, 1.2, len(model.gain)))
        frames = model.transform.to_frames(magnitude)
        tasks = model.conditioning.tasks.values()
        columns = [torch.randint(0, max(task.dim, 4), (len(frames),)) for task in tasks]
        labels = torch.stack(columns, 1).float() if columns else None
        optimiser = torch.optim.Adam(model.parameters(), 3e-3)
        for _ in range(60):
            optimiser.zero_grad()
            (model(frames, labels) - frames).abs().mean().backward()
            optimiser.step()
        prior = wandering(model.encode(frames, labels).mean.detach()) if plays_itself else None
    model.eval().requires_grad_(False)
    latents = model.encode(frames, labels).mean
    axes = {kind: fit_axes(latents, kind, model.unlabelled_magnitude) for kind in PROJECTIONS}
    texture = 0.6 if options.get("coherence_dim") else None
    core = InstrumentCore(
        *(model, axes, 3),
        confidence=confidence,
        is_hosted=True,
        texture=texture,
        prior=prior,
        rate_hz=rate_hz,
    )
    core.eval()
    core.set_projection(PROJECTIONS.index("pca"))
    ports = LabelPorts.of(model.conditioning, model.prediction, classes or {}, confidence)
    return PlayableVAE(core, axes["pca"], latents, ports)
