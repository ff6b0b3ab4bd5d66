"""What a spectral VAE learns: frames from frames, through a latent near its prior, and labels.

loss = Σ weight · reconstruction + β · divergence + Σ negative log-likelihood of known labels
       + what the coherence head mistakes
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from omegaconf import DictConfig
from torch import Tensor, nn

from vschaos2.calling import typed
from vschaos2.config import call, plain
from vschaos2.data.augment import Augment
from vschaos2.data.module import WindowDataModule
from vschaos2.errors import InputError
from vschaos2.families.vae.coherence_loss import coherence_loss
from vschaos2.families.vae.inference import fit_values, infer, label_tasks
from vschaos2.families.vae.levels import level_gain
from vschaos2.families.vae.linear_start import begin_linear, linear_paths
from vschaos2.families.vae.material import augment_of, class_names, sequence_of
from vschaos2.families.vae.pairs import draw_pair, window_samples
from vschaos2.families.vae.prior_minutes import check_minutes
from vschaos2.families.vae.pseudo_labels import with_pseudo_labels
from vschaos2.families.vae.vae import VAE
from vschaos2.labels.filling import (
    draw_conditions,
    prediction_losses,
    prediction_scores,
    stack_labels,
)
from vschaos2.nets.distributions import Normal, normal_sample
from vschaos2.objectives.divergences import Divergence
from vschaos2.objectives.losses import ReconstructionLoss, spectral_convergence
from vschaos2.objectives.principal_components import at_all_levels
from vschaos2.objectives.schedules import BetaSchedule
from vschaos2.ranges import check_number
from vschaos2.training.objective import Losses, Moment, Objective

CALIBRATION_WINDOWS = 1024
# The head learns from one window in so many: it learns fast, and a step costs little more.
COHERENCE_PART = 4


def objective(config: DictConfig, model: VAE) -> "VAEObjective":
    """What the `training` part of a configuration describes.

    Raises:
        InputError: for a key that does not exist, or a value that cannot be.
    """
    check_minutes(config)
    others = ("optimiser", "prior_minutes")
    options = {k: v for k, v in plain(config, "training").items() if k not in others}
    return call(
        VAEObjective,
        "training",
        options,
        model=model,
        augment=augment_of(config, model),
        sequence=sequence_of(config, model),
    )


class VAEObjective(Objective):
    """The objective of a spectral VAE.

    Args:
        model: the model to train.
        augment: changes of windows and magnitudes.
        losses: reconstruction losses, name → weight.
        divergence: distance of the posterior from the prior; arguments of `Divergence`.
        beta: its weight over time; arguments of `BetaSchedule`.
        sequence: frames in a window, F. A memory begins every window without a past, which the
            first frames of a window are to learn from, too.
        pseudo_labels: confidence, 0.5 to 1, from which guesses of the averaged model stand in for
            unknown labels; None: none do.

    Raises:
        InputError: for a confidence out of its range.
    """

    def __init__(
        self,
        model: VAE,
        augment: Augment,
        losses: Mapping[str, float],
        divergence: Mapping[str, Any],
        beta: Mapping[str, Any],
        sequence: int = 1,
        pseudo_labels: float | None = None,
    ) -> None:
        super().__init__(model)
        if pseudo_labels is not None:
            check_number("training.pseudo_labels", pseudo_labels, 0.5, 1.0)
        self.augment = augment
        self.reconstruction = ReconstructionLoss(dict(losses), model.transform.to_magnitude)
        self.divergence = call(Divergence, "training.divergence", divergence)
        self.beta = call(BetaSchedule, "training.beta", beta)
        self.sequence = sequence
        self.pseudo_labels = pseudo_labels
        # Of the known labels: the part that is guessed right, or the mean absolute error.
        self.scores = tuple(
            f"{'accuracy' if task.has_classes else 'error'}/{name}"
            for name, task in model.prediction.tasks.items()
        )

    def loss(self, batch: Mapping[str, Any], moment: Moment) -> Losses:
        """The loss of one batch of windows."""
        model = self.model
        if self.pseudo_labels is not None:
            batch = with_pseudo_labels(
                self.averaged_model, batch, self.pseudo_labels, self.sequence
            )
        given, target = draw_pair(self.augment, model.transform, batch, self.sequence)
        frames, magnitude = target.frames, target.magnitude
        posterior, outputs, labels = infer(model, given.frames, given.labels)
        known = stack_labels(target.labels, model.conditioning.tasks, frames)
        labels = torch.where(known.isnan(), labels, known)
        latent = normal_sample(posterior)
        loss, losses = self.reconstruction(frames, self._decode(model, latent, labels), magnitude)
        distance, distances = self.divergence(posterior, latent)
        beta = self.beta(moment.step, moment.epoch)
        loss = loss + beta * distance
        terms = _terms(losses, distances)
        if model.prediction.tasks:
            truth = stack_labels(given.labels, model.prediction.tasks, frames)
            predicted = prediction_losses(model.prediction, outputs, truth)
            loss = loss + torch.stack(list(predicted.values())).sum()
            terms |= {f"prediction/{task}": value for task, value in predicted.items()}
        if model.coherence_head is not None:
            part = max(1, len(batch["waveform"]) // COHERENCE_PART)
            response = self.augment.response(magnitude[: part * self.sequence : self.sequence])
            terms["coherence"] = coherence_loss(model, batch, response)
            loss = loss + terms["coherence"]
        return Losses(loss, terms, {"beta": beta})

    def held_out(self, model: VAE, batch: Mapping[str, Any]) -> Losses:
        """Losses of fixed windows, without augmentation, at the mean of the posterior."""
        transform = model.transform
        magnitude = magnitudes(
            model, batch["waveform"][:, : window_samples(transform, self.sequence)]
        )
        frames = transform.to_frames(magnitude)
        posterior, outputs, labels = infer(model, frames, batch["labels"])
        estimate = self._decode(model, posterior.mean, labels)
        loss, losses = self.reconstruction(frames, estimate, magnitude)
        convergence = spectral_convergence(magnitude, model.to_magnitude(estimate.mean))
        losses["spectral_convergence"] = convergence
        distance, distances = self.divergence(posterior, posterior.mean)
        scores = None
        if model.prediction.tasks:
            guesses, _ = model.prediction.interpret(outputs, frames)
            wanted = stack_labels(batch["labels"], model.prediction.tasks, frames)
            scores = prediction_scores(model.prediction, guesses, wanted)
        total = loss + self.beta.target * distance
        return Losses(total, _terms(losses, distances), {}, scores)

    @torch.no_grad()
    def fit(self, data: WindowDataModule) -> None:
        """Set the contrast's scale, and those of continuous labels, from the training windows.

        Raises:
            InputError: if they are all silent, or absurdly loud.
        """
        batches = [
            (magnitudes(self.model, batch["waveform"]), batch["labels"])
            for batch in data.probe_batches()
        ]
        mean = float(torch.stack([magnitude.mean() for magnitude, _ in batches]).mean())
        if not math.isfinite(mean):
            raise InputError(
                f"{data.root}: samples are so large that their mean is {mean}: look for absurd "
                f"recordings with {typed('check')} {data.root}"
            )
        if not mean > 0:
            raise InputError(f"{data.root}: every training file is silent: check the recordings")
        self.model.transform.fit_level(mean)
        every = torch.cat([magnitude for magnitude, _ in batches])
        self.model.fit_loudest(every)
        # Components hold whatever is heard. What labels are to decide must not be in the latent.
        if linear_paths(self.model) != (None, None) and not self.model.conditioning.tasks:
            begin_linear(self.model, at_all_levels(every, self.augment.gain_db))
        tasks = label_tasks(self.model)
        fit_values(
            self.model, {task: torch.cat([known[task] for _, known in batches]) for task in tasks}
        )

    @torch.no_grad()
    def calibrate(self, model: VAE, data: WindowDataModule) -> None:
        """Set the levels of the model, and of the averaged one, by fixed training windows."""
        if not model.calibrated:
            return
        pairs = []
        for batch in data.probe_batches(CALIBRATION_WINDOWS):
            magnitude = magnitudes(model, batch["waveform"].to(model.gain.device))
            frames = model.transform.to_frames(magnitude)
            posterior, _, labels = infer(model, frames, batch["labels"])
            made = model.transform.to_magnitude(model.decode(posterior.mean, labels).mean)
            pairs.append((magnitude, made))
        gain = level_gain(*(torch.cat(each) for each in zip(*pairs, strict=True)))
        for each in (model, self.model):
            each.gain.copy_(gain)

    def apart(self, model: VAE) -> list[nn.Parameter]:
        """What learns beside the model: an unsure predictor does not slow the model down."""
        head = [] if model.coherence_head is None else list(model.coherence_head.parameters())
        return [*model.prediction.parameters(), *head]

    @torch.no_grad()
    def kept(self, model: VAE, data: WindowDataModule) -> dict[str, Any]:
        """Names of classes, and posterior means of fixed training windows, [N, Z].

        The latter say where the data lies in the latent.
        """
        latents = []
        device = model.transform.scale.device
        for batch in data.probe_batches():
            magnitude = magnitudes(model, batch["waveform"].to(device))
            frames = model.transform.to_frames(magnitude)
            known = stack_labels(batch["labels"], model.conditioning.tasks, frames)
            labels = draw_conditions(model.conditioning, known)
            latents.append(model.encode(frames, labels).mean.cpu())
        return {"classes": class_names(model, data), "latents": torch.cat(latents)}

    def stages(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """Waveform, frames, latents, and frames again."""
        frames = self.model.transform.to_frames(magnitudes(self.model, batch["waveform"]))
        inferred = infer(self.model, frames, batch["labels"])
        latents = inferred.posterior.mean
        decoded = self.model.decode(latents, inferred.labels).mean
        return {**super().stages(batch), "frames": frames, "latents": latents, "decoded": decoded}

    def _decode(self, model: VAE, latent: Tensor, labels: Tensor) -> Normal:
        """Frames of latents: [B·F, Z], [B·F, n] → Normal of [B·F, K]."""
        if model.temporal is None:
            return model.decode(latent, labels)
        no_past = model.initial_state(len(latent) // self.sequence)
        estimate, _ = model.decode_rows(latent, labels, no_past)
        return estimate


def magnitudes(model: VAE, waveform: Tensor) -> Tensor:
    """Magnitudes of all frames, window by window: [B, (F - 1)·hop + n_fft] → [B·F, K]."""
    return model.transform.analyse(waveform).flatten(0, 1).abs()


def _terms(losses: Mapping[str, Tensor], distances: Mapping[str, Tensor]) -> dict[str, Tensor]:
    terms = {f"reconstruction/{name}": value for name, value in losses.items()}
    return terms | {f"divergence/{name}": value for name, value in distances.items()}
