"""What an estimator learns: the chains that were, and how they were set."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from vschaos2.families.order.estimator import COVERED, Estimator, Settings, surprise
from vschaos2.families.order.material import CALIBRATION, ChainMaterial
from vschaos2.families.order.pool import ChainBatch, FixedBatches
from vschaos2.families.order.times import learn_times
from vschaos2.ranges import check_number
from vschaos2.training.objective import Losses, Moment, Objective

LEVEL_JITTER, TILT_JITTER = 0.15, 0.2  # of logarithms of magnitudes, and from low to high
CALIBRATED_WITH = 100  # examples at once
MEASURED = 1000  # examples, by which what is summed up is brought to ±1
TEMPERATURES = torch.logspace(-0.5, 0.8, 60)


class ChainObjective(Objective):
    """-log p of the chain, and of the settings of what is in it.

    Args:
        model: that learns.
        settings_weight: of the latter.

    Raises:
        InputError: for a weight out of range.
    """

    scores = ("class_exact", "set_exact", "settings_error")

    def __init__(self, model: Estimator, settings_weight: float) -> None:
        super().__init__(model)
        check_number("training.settings_weight", settings_weight, 0.0, 100.0)
        self.settings_weight = settings_weight

    def fit(self, data: ChainMaterial) -> None:
        """Bring what is summed up of examples to about ±1."""
        first = next(data.probe_batches(MEASURED))
        sounds = 2 if self.model.hears_dry else 1
        self.model.trunk.fit(first["mel"][:, :sounds], first["summary"][:, :sounds])

    def loss(self, batch: Mapping[str, Any], moment: Moment) -> Losses:
        """The loss of a batch, whose spectrograms are made a little brighter or darker."""
        mel = batch["mel"].float()
        shape = (len(mel), 1, 1, 1)  # the same of the dry sound, if it is heard
        tilt = torch.linspace(-1.0, 1.0, mel.shape[3], device=mel.device)
        noise = torch.randn(2, *shape, device=mel.device)
        mel = mel + LEVEL_JITTER * noise[0] + TILT_JITTER * noise[1] * tilt
        evidence = self.model.evidence(mel, batch["summary"])
        chain = self.model.decoder.loss(evidence, batch["chain"])
        settings = surprise(self.model.told_settings(evidence), batch["settings"])
        total = chain + self.settings_weight * settings
        return Losses(total, {"chain": chain.detach(), "settings": settings.detach()})

    def held_out(self, model: Any, batch: Mapping[str, Any]) -> Losses:
        """The same without chance, and how many chains are right."""
        told = model(batch["mel"], batch["summary"])
        truth = batch["chain"]
        chain = torch.nn.functional.nll_loss(told.logs, truth)
        settings = surprise(told.settings, batch["settings"])
        vocabulary = model.vocabulary
        best = vocabulary.by_class(told.logs).argmax(1)
        right = best == vocabulary.class_of.to(best.device)[truth]
        members = torch.tensor([vocabulary.members[n][0] for n in best.tolist()])
        same = (vocabulary.present[members] == vocabulary.present[truth.cpu()]).all(1)
        known = ~batch["settings"].isnan()
        off = (told.settings.place - batch["settings"])[known].abs()
        count = float(len(truth))
        scores = torch.tensor(
            [
                [float(right.sum()), count],
                [float(same.sum()), count],
                [float(off.sum()), float(known.sum())],
            ],
            device=truth.device,
        )
        terms = {"chain": chain, "settings": settings}
        return Losses(chain + self.settings_weight * settings, terms, scores=scores)

    @torch.no_grad()
    def calibrate(self, model: Any, data: ChainMaterial) -> None:
        """Let times of echoes be learnt, probabilities be true, and ranges hold what they say.

        Before every validation, so that what is stored, and what is left by a training that was
        stopped, has all three.
        """
        learn_times(model, data.learnt())
        # Or the average would drift from what was learnt to what it was learnt from.
        self.model.timing.load_state_dict(model.timing.state_dict())
        was = model.training
        model.eval()
        model.temperature.fill_(1.0)
        model.widening.fill_(1.0)
        examples = data.fixed(CALIBRATION)
        logs, settings = said(model, examples)
        costs = [
            float(torch.nn.functional.nll_loss(torch.log_softmax(logs / t, 1), examples["chain"]))
            for t in TEMPERATURES
        ]
        model.temperature.fill_(float(TEMPERATURES[costs.index(min(costs))]))
        known = ~examples["settings"].isnan()
        off = ((settings.place - examples["settings"]).abs() / settings.spread)[known]
        if len(off):
            # |x| / b of a Laplace distribution is below -ln(1 - p) in a part p of all cases.
            wanted = -math.log(1.0 - COVERED)
            model.widening.fill_(float(torch.quantile(off, COVERED)) / wanted)
        model.train(was)

    def stages(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """What is heard, and what is said."""
        evidence = self.model.evidence(batch["mel"], batch["summary"])
        return {
            "mel": batch["mel"].float(),
            "summary": batch["summary"].float(),
            "moments": evidence.moments,
            "whole": evidence.whole,
            "chains": self.model.decoder(evidence),
        }


@torch.no_grad()
def said(model: Estimator, examples: ChainBatch) -> tuple[Tensor, Settings]:
    """What a model says of many examples: logarithms of probabilities [B, N], and settings."""
    device = model.temperature.device
    logs, places, spreads = [], [], []
    for batch in FixedBatches(examples, CALIBRATED_WITH):
        told = model(batch["mel"].to(device), batch["summary"].to(device))
        logs.append(told.logs.cpu())
        places.append(told.settings.place.cpu())
        spreads.append(told.settings.spread.cpu())
    return torch.cat(logs), Settings(torch.cat(places), torch.cat(spreads))
