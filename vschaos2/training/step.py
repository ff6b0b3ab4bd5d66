"""Training: what happens to a batch, and what a configuration sets in motion."""

import math
import time
from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Timer
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from vschaos2.data.augment import Augment
from vschaos2.divergences import Divergence
from vschaos2.losses import ReconstructionLoss, spectral_convergence
from vschaos2.models.distributions import Normal, normal_sample
from vschaos2.models.vae import VAE
from vschaos2.schedules import BetaSchedule
from vschaos2.training.labels import (
    draw_conditions,
    prediction_losses,
    prediction_scores,
    prefer_guesses,
    stack_labels,
)

AVERAGE_EVERY = 4  # steps between updates of the average: a quarter of its cost, same memory


class VAETraining(pl.LightningModule):
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
        learning_rate: of AdamW, after the warm-up.
        weight_decay: of AdamW, on matrices only.
        warmup_steps: steps over which the learning rate rises.
        cooldown: last part of the training, 0 to 1, over which it falls to 0.
        average_decay: memory of the running average, per step.
        classes: names of the classes of every label task, for the checkpoints; a continuous task
            and one without classes.txt have none.
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
    ) -> None:
        super().__init__()
        if not 0.0 <= cooldown <= 1.0:
            raise ValueError(f"training.cooldown must lie between 0 and 1, got {cooldown}")
        self.model = model
        average: Any = self._average
        self.average = AveragedModel(model, multi_avg_fn=average).requires_grad_(False)
        self.augment = augment
        self.reconstruction = ReconstructionLoss(losses, model.transform.to_magnitude)
        self.divergence = divergence
        self.beta = beta
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.warmup_steps = warmup_steps
        self.cooldown = cooldown
        self.average_decay = average_decay
        self.classes = classes or {}
        self.scores = torch.zeros(0, 2)
        self.seconds_before = 0.0
        self.started_at = time.monotonic()

    @property
    def log_every_n_steps(self) -> int:
        """Steps between two lines of metrics.csv."""
        trainer: Any = self.trainer
        return trainer.log_every_n_steps

    def averaged_model(self) -> VAE:
        """The model whose weights are the running average."""
        return cast(VAE, self.average.module)

    def magnitudes(self, waveform: Tensor) -> Tensor:
        """Magnitudes of windows of exactly one frame: [B, n_fft] → [B, K]."""
        return self.model.transform.analyse(waveform)[:, 0].abs()

    def training_step(self, batch: dict[str, Any], index: int) -> Tensor:
        """The loss of one batch of windows."""
        model, transform = self.model, self.model.transform
        waveform = self.augment.resample(batch["waveform"], transform.n_fft)
        magnitude = self.augment.filter(self.magnitudes(waveform))
        frames = transform.to_frames(magnitude)
        posterior, outputs, labels, _ = self._hear(model, frames, batch)
        latent = normal_sample(posterior)
        loss, losses = self.reconstruction(frames, model.decode(latent, labels), magnitude)
        distance, distances = self.divergence(posterior, latent)
        beta = self.beta(self.global_step, self.current_epoch)
        loss = loss + beta * distance
        if model.prediction.tasks:
            wanted = stack_labels(batch["labels"], model.prediction.tasks, frames)
            predicted = prediction_losses(model.prediction, outputs, wanted)
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
        magnitude = self.magnitudes(batch["waveform"][:, : transform.n_fft])
        frames = transform.to_frames(magnitude)
        posterior, _, labels, guesses = self._hear(model, frames, batch)
        estimate = model.decode(posterior.mean, labels)
        loss, losses = self.reconstruction(frames, estimate, magnitude)
        convergence = spectral_convergence(magnitude, transform.to_magnitude(estimate.mean))
        losses["spectral_convergence"] = convergence
        distance, distances = self.divergence(posterior, posterior.mean)
        self._log("validation", loss + self.beta.target * distance, losses, distances)
        if model.prediction.tasks:
            wanted = stack_labels(batch["labels"], model.prediction.tasks, frames)
            self.scores = self.scores + prediction_scores(model.prediction, guesses, wanted)

    def _hear(
        self, model: VAE, frames: Tensor, batch: dict[str, Any]
    ) -> tuple[Normal, list[Tensor], Tensor, Tensor]:
        """Posterior, predictors' raw outputs, complete conditioning labels, and guesses."""
        known = stack_labels(batch["labels"], model.conditioning.tasks, frames)
        labels = draw_conditions(model.conditioning, known)
        features = model.features(frames, labels)
        posterior = model.posterior(features)
        outputs = model.prediction(features, posterior.mean)
        with torch.no_grad():
            guesses, _ = model.prediction.interpret(outputs, frames)
        # What the encoder is told is never predicted: it was told the same labels.
        names = model.conditioning.tasks, model.prediction.tasks
        return (
            posterior,
            outputs,
            prefer_guesses(labels, known, names[0], guesses, names[1]),
            guesses,
        )

    def on_validation_epoch_start(self) -> None:
        """Begin to count right guesses."""
        self.scores = torch.zeros(len(self.model.prediction.tasks), 2, device=self.device)

    def on_validation_epoch_end(self) -> None:
        """Accuracy (part of the known labels, 0 to 1) or mean absolute error of each predictor."""
        prediction = self.model.prediction
        scores = self.scores
        if prediction.tasks and self.trainer.world_size > 1:
            gathered: Any = self.all_gather(scores)
            scores = gathered.sum(0)
        for task, categorical, (total, known) in zip(
            prediction.tasks, prediction.categorical, scores.tolist(), strict=True
        ):
            if known > 0:
                kind = "accuracy" if categorical else "error"
                self.log(f"validation/{kind}/{task}", total / known)

    def configure_gradient_clipping(
        self,
        optimizer: Any,
        gradient_clip_val: int | float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Limit the norm of the gradient, that of the predictors apart from the model's.

        A predictor learns beside the model: were their norms one, an unsure predictor would slow
        the model down.
        """
        beside = list(self.model.prediction.parameters())
        if not beside or not gradient_clip_val or gradient_clip_algorithm not in (None, "norm"):
            self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)
            return
        own = {id(parameter) for parameter in beside}
        rest = [p for p in self.model.parameters() if id(p) not in own]
        for parameters in (rest, beside):
            torch.nn.utils.clip_grad_norm_(parameters, float(gradient_clip_val))

    def _log(
        self, stage: str, loss: Tensor, losses: dict[str, Tensor], distances: dict[str, Tensor]
    ) -> None:
        values = {f"{stage}/reconstruction/{name}": value for name, value in losses.items()}
        values |= {f"{stage}/divergence/{name}": value for name, value in distances.items()}
        count = self.trainer.num_devices if stage == "validation" else 1
        self.log_dict(values, sync_dist=count > 1)
        self.log(f"{stage}/loss", loss, prog_bar=True, sync_dist=count > 1)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW; biases and gains are not decayed."""
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": self.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=self.learning_rate, betas=(0.9, 0.99), fused=True)

    def on_train_batch_start(self, batch: dict[str, Any], index: int) -> None:
        """Set the learning rate: a linear rise, a plateau, a linear fall."""
        rise = min(1.0, (self.global_step + 1) / max(1, self.warmup_steps))
        remaining = 1.0 - self.progress()
        fall = min(1.0, remaining / self.cooldown) if self.cooldown > 0 else 1.0
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = self.learning_rate * rise * fall

    def on_train_batch_end(self, outputs: Any, batch: dict[str, Any], index: int) -> None:
        """Move the average."""
        if self.global_step % AVERAGE_EVERY == 0:
            self.average.update_parameters(self.model)

    def _average(self, averaged: list[Tensor], current: list[Tensor], count: Tensor | int) -> None:
        # Early on the memory grows with the number of updates n, as (n + 1)/(n + 10): the first,
        # random weights are soon forgotten.
        early = (float(count) + 1.0) / (float(count) + 10.0)
        decay = min(self.average_decay**AVERAGE_EVERY, early)
        torch._foreach_lerp_(averaged, current, 1.0 - decay)

    def seconds(self) -> float:
        """Seconds of training so far, over all resumptions."""
        return self.seconds_before + time.monotonic() - self.started_at

    def progress(self) -> float:
        """How much of the training is over, 0 to 1: the furthest of its steps and its time."""
        trainer: Any = self.trainer
        total = trainer.estimated_stepping_batches
        done = self.global_step / total if math.isfinite(total) and total > 0 else 0.0
        timer = next((c for c in trainer.callbacks if isinstance(c, Timer)), None)
        if timer is not None and (remaining := timer.time_remaining()) is not None:
            elapsed = timer.time_elapsed()
            done = max(done, elapsed / max(1e-9, elapsed + remaining))
        return min(1.0, done)

    def on_train_start(self) -> None:
        """Start the clock."""
        self.started_at = time.monotonic()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the latents of the training windows, and what this checkpoint is."""
        checkpoint["latents"] = self.training_latents()
        checkpoint["classes"] = self.classes
        checkpoint["seconds"] = self.seconds()
        metrics = self.trainer.callback_metrics
        checkpoint["summary"] = {
            "step": float(self.global_step),
            "epoch": float(self.current_epoch),
            "seconds": self.seconds(),
            **{k: float(v) for k, v in metrics.items() if k.startswith("validation/")},
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the time already spent."""
        self.seconds_before = float(checkpoint["seconds"])

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
