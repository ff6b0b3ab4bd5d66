"""Training: what happens to a batch, and what a configuration sets in motion."""

from functools import partial
from typing import Any, cast

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from vschaos2.data.augment import Augment
from vschaos2.families.vae.hearing import hear
from vschaos2.families.vae.lessons import draw_lesson, span_samples
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
from vschaos2.objectives.schedules import BetaSchedule
from vschaos2.ranges import check_count, check_number
from vschaos2.training.optimisation import (
    AVERAGE_EVERY,
    adamw,
    clip_apart,
    move_average,
    rate_factor,
    training_progress,
)
from vschaos2.training.position import random_state, set_random_state
from vschaos2.training.resumable import ResumableTraining


class VAETraining(ResumableTraining):
    """One step of a VAE: windows to frames, frames to losses.

    The weights that are validated, stored and played are a running average of those that are
    optimised: it lies nearer the middle of the valley that stochastic steps circle in (Polyak &
    Juditsky 1992; Izmailov et al. 2018, "Averaging weights leads to wider optima").

    Args:
        model: the model to train.
        augment: changes of windows and magnitudes.
        losses: reconstruction losses, name → weight.
        divergence: distance of the posterior from the prior.
        beta: its weight over time.
        learning_rate: of AdamW, after the warm-up, up to 1.
        weight_decay: of AdamW, on matrices only, up to 10.
        warmup_steps: steps over which the learning rate rises.
        cooldown: last part of the training, 0 to 1, over which it falls to 0.
        average_decay: memory of the running average, per step, below 1: at 1 it would never move.
        classes: names of the classes of every label task, for the checkpoints; a continuous task
            and one without classes.txt have none.
        sequence: frames in a window, F. A memory begins every window without a past, which the
            first frames of a window are to learn from, too.
    """

    def __init__(
        self,
        model: VAE,
        augment: Augment,
        losses: dict[str, float],
        divergence: Divergence,
        beta: BetaSchedule,
        learning_rate: float = 2e-3,
        weight_decay: float = 1e-2,
        warmup_steps: int = 100,
        cooldown: float = 0.4,
        average_decay: float = 0.999,
        classes: dict[str, list[str]] | None = None,
        sequence: int = 1,
    ) -> None:
        super().__init__()
        where = "training.optimiser"
        check_number(f"{where}.learning_rate", learning_rate, 0.0, 1.0)
        check_number(f"{where}.weight_decay", weight_decay, 0.0, 10.0)
        check_count(f"{where}.warmup_steps", warmup_steps, 0, 10**9)
        check_number(f"{where}.cooldown", cooldown, 0.0, 1.0)
        check_number(f"{where}.average_decay", average_decay, 0.0, 0.99999)
        self.model = model
        average: Any = partial(move_average, decay=average_decay)
        self.average = AveragedModel(model, multi_avg_fn=average).requires_grad_(False)
        self.augment = augment
        self.reconstruction = ReconstructionLoss(losses, model.transform.to_magnitude)
        self.divergence = divergence
        self.beta = beta
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.warmup_steps = warmup_steps
        self.cooldown = cooldown
        self.classes = classes or {}
        self.sequence = sequence
        self.scores = torch.zeros(0, 2)

    @property
    def log_every_n_steps(self) -> int:
        """Steps between two lines of metrics.csv."""
        trainer: Any = self.trainer
        return trainer.log_every_n_steps

    def averaged_model(self) -> VAE:
        """The model whose weights are the running average."""
        return cast(VAE, self.average.module)

    @property
    def span_samples(self) -> int:
        """Samples that the frames of a window cover."""
        return span_samples(self.model.transform, self.sequence)

    def magnitudes(self, waveform: Tensor) -> Tensor:
        """Magnitudes of all frames, window by window: [B, (F - 1)·hop + n_fft] → [B·F, K]."""
        return self.model.transform.analyse(waveform).flatten(0, 1).abs()

    def training_step(self, batch: dict[str, Any], index: int) -> Tensor:
        """The loss of one batch of windows."""
        model = self.model
        lesson = draw_lesson(self.augment, model.transform, batch, self.sequence)
        frames, magnitude = lesson.frames, lesson.magnitude
        posterior, outputs, labels = hear(model, lesson.heard, lesson.heard_labels)
        told = stack_labels(lesson.labels, model.conditioning.tasks, frames)
        labels = torch.where(told.isnan(), labels, told)
        latent = normal_sample(posterior)
        loss, losses = self.reconstruction(frames, self._decode(model, latent, labels), magnitude)
        distance, distances = self.divergence(posterior, latent)
        beta = self.beta(self.global_step, self.current_epoch)
        loss = loss + beta * distance
        if model.prediction.tasks:
            truth = stack_labels(lesson.heard_labels, model.prediction.tasks, frames)
            predicted = prediction_losses(model.prediction, outputs, truth)
            loss = loss + torch.stack(list(predicted.values())).sum()
        else:
            predicted = {}
        if (self.global_step + 1) % self.log_every_n_steps == 0:
            self._log("train", loss, losses, distances)
            self.log("beta", beta)
            self.log_dict({f"train/prediction/{task}": v for task, v in predicted.items()})
        return loss

    def validation_step(self, batch: dict[str, Any], index: int) -> None:
        """Losses of the averaged model on fixed windows, without augmentation."""
        model = self.averaged_model()
        transform = model.transform
        magnitude = self.magnitudes(batch["waveform"][:, : self.span_samples])
        frames = transform.to_frames(magnitude)
        posterior, outputs, labels = hear(model, frames, batch["labels"])
        estimate = self._decode(model, posterior.mean, labels)
        loss, losses = self.reconstruction(frames, estimate, magnitude)
        convergence = spectral_convergence(magnitude, transform.to_magnitude(estimate.mean))
        losses["spectral_convergence"] = convergence
        distance, distances = self.divergence(posterior, posterior.mean)
        self._log("validation", loss + self.beta.target * distance, losses, distances)
        if model.prediction.tasks:
            guesses, _ = model.prediction.interpret(outputs, frames)
            wanted = stack_labels(batch["labels"], model.prediction.tasks, frames)
            self.scores = self.scores + prediction_scores(model.prediction, guesses, wanted)

    def _decode(self, model: VAE, latent: Tensor, labels: Tensor) -> Normal:
        """Frames of latents: [B·F, Z], [B·F, n] → Normal of [B·F, K]."""
        if model.temporal is None:
            return model.decode(latent, labels)
        no_past = model.initial_state(len(latent) // self.sequence)
        estimate, _ = model.decode_rows(latent, labels, no_past)
        return estimate

    def on_validation_epoch_start(self) -> None:
        """Begin to count right guesses."""
        self.scores = torch.zeros(len(self.model.prediction.tasks), 2, device=self.device)

    def on_validation_epoch_end(self) -> None:
        """Accuracy (part of the known labels, 0 to 1) or mean absolute error of each predictor."""
        prediction = self.model.prediction
        scores = self.scores
        if prediction.tasks and self.trainer.world_size > 1:
            summed: Any = self.trainer.strategy.reduce(scores, reduce_op="sum")
            scores = summed
        for task, categorical, (total, known) in zip(
            prediction.tasks, prediction.categorical, scores.tolist(), strict=True
        ):
            if known > 0:
                kind = "accuracy" if categorical else "error"
                # Summed over all processes above: their mean is this very number.
                shared = self.trainer.world_size > 1
                self.log(f"validation/{kind}/{task}", total / known, sync_dist=shared)

    def configure_gradient_clipping(
        self,
        optimizer: Any,
        gradient_clip_val: int | float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Limit the norm of the gradient, that of the predictors apart from the model's."""
        if gradient_clip_val and gradient_clip_algorithm in (None, "norm"):
            clip_apart(self.model, float(gradient_clip_val))
        else:
            self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)

    def _log(
        self, stage: str, loss: Tensor, losses: dict[str, Tensor], distances: dict[str, Tensor]
    ) -> None:
        values = {f"{stage}/reconstruction/{name}": value for name, value in losses.items()}
        values |= {f"{stage}/divergence/{name}": value for name, value in distances.items()}
        shared = stage == "validation" and self.trainer.world_size > 1
        self.log_dict(values, sync_dist=shared)
        self.log(f"{stage}/loss", loss, prog_bar=True, sync_dist=shared)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW; biases and gains are not decayed."""
        # A fused step undoes the scaling of mixed precision itself, too late for clipping.
        fused = "mixed" not in str(self.trainer.precision)
        return adamw(self.model, self.learning_rate, self.weight_decay, fused)

    def on_train_batch_start(self, batch: dict[str, Any], index: int) -> None:
        """Set the learning rate: a linear rise, a plateau, a linear fall."""
        self.take_up_chance()
        factor = rate_factor(self.global_step, self.progress(), self.warmup_steps, self.cooldown)
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = self.learning_rate * factor

    def on_train_batch_end(self, outputs: Any, batch: dict[str, Any], index: int) -> None:
        """Move the average."""
        if self.global_step % AVERAGE_EVERY == 0:
            self.average.update_parameters(self.model)

    def progress(self) -> float:
        """How much of the training is over, 0 to 1."""
        return training_progress(self.trainer)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the latents of the training windows and the names of classes."""
        super().on_save_checkpoint(checkpoint)
        checkpoint["classes"] = self.classes
        chance = random_state(self.device)
        checkpoint["latents"] = self.training_latents()
        set_random_state(chance, self.device)

    @torch.no_grad()
    def training_latents(self) -> Tensor:
        """Posterior means of fixed training windows, [N, Z]: where the data lies in the latent."""
        model = self.averaged_model()
        latents = []
        for batch in self.trainer.datamodule.probe_batches():  # type: ignore[attr-defined]
            magnitude = self.magnitudes(batch["waveform"].to(self.device))
            frames = model.transform.to_frames(magnitude)
            known = stack_labels(batch["labels"], model.conditioning.tasks, frames)
            labels = draw_conditions(model.conditioning, known)
            latents.append(model.encode(frames, labels).mean.cpu())
        return torch.cat(latents)
