"""What a model of hits learns: the slopes of a flow from noise to what hits are made of."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from vschaos2.families.foley.hit_model import HitModel
from vschaos2.families.foley.material import HitDataModule
from vschaos2.ranges import check_number
from vschaos2.training.objective import Losses, Moment, Objective

UNTOLD = 0.1  # part of the hits whose labels are not told, so that a player need not say them
REPEATED = 16  # draws of noise for every held-out hit


class HitObjective(Objective):
    """The mean square of what a flow misses.

    Args:
        model: that learns.
        jitter: noise on what is learnt from, in deviations: few hits are learnt by heart else.

    Raises:
        InputError: for a jitter out of range.
    """

    model: HitModel

    def __init__(self, model: HitModel, jitter: float) -> None:
        super().__init__(model)
        check_number("training.jitter", jitter, 0.0, 2.0)
        self.jitter = jitter

    def loss(self, batch: Mapping[str, Any], moment: Moment) -> Losses:
        """The loss of a batch."""
        classes = batch["classes"]
        untold = torch.rand(classes.shape, device=classes.device) < UNTOLD
        classes = torch.where(untold, torch.full_like(classes, -1), classes)
        x = batch["components"]
        x = x + self.jitter * torch.randn_like(x)
        loss = self.model.flow.loss(x, self.model.told(classes, batch["velocity"]))
        return Losses(loss, {"flow": loss.detach()})

    @torch.no_grad()
    def held_out(self, model: Any, batch: Mapping[str, Any]) -> Losses:
        """The same of what is held out, with the same noise every time."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            told = model.told(batch["classes"], batch["velocity"]).repeat(REPEATED, 1)
            loss = model.flow.loss(batch["components"].repeat(REPEATED, 1), told)
        return Losses(loss, {"flow": loss})

    def kept(self, model: HitModel, data: HitDataModule) -> dict[str, Any]:
        """What hits to learn from were drawn from, and how velocity was understood."""
        hits = data.part(data.hits.training)
        return {"components": hits["components"].clone(), "velocity": data.hits.velocity.told}

    def stages(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """Components, and what they stand for."""
        return {
            "components": batch["components"],
            "latents": self.model.latents_of(batch["components"]),
        }
