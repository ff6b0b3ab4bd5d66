"""What a network learns: which picture a strike is nearest to, and how much later it is."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vschaos2.events.scores import Agreement, agreement, average_precision, pooled
from vschaos2.families.film.augment import Variety, varied
from vschaos2.families.film.batches import FilmBatch
from vschaos2.families.film.net import FilmNet, Seen, seen_either_way
from vschaos2.families.film.picking import picked
from vschaos2.film.usual import FILM_GAP_S, FILM_THRESHOLD
from vschaos2.ranges import check_number
from vschaos2.training.objective import Losses, Moment, Objective

SEEN_AT_ONCE = 32  # windows
TOLERANCES_S = {"f_50": 0.05, "f_100": 0.1}


class StrikeObjective(Objective):
    """Surprise at strikes, and distance of their moments.

    Args:
        model: that learns.
        strike_weight: how much more a strike that is missed costs than one that is made up.
        offset_weight: of the moment within a picture, beside it.
        variety: by how much films are varied.

    Raises:
        InputError: for a value out of range.
    """

    scores = ("average_precision", "f_50", "f_100", "count")

    def __init__(
        self, model: FilmNet, strike_weight: float, offset_weight: float, variety: Variety
    ) -> None:
        super().__init__(model)
        check_number("training.strike_weight", strike_weight, 0.01, 100.0)
        check_number("training.offset_weight", offset_weight, 0.0, 100.0)
        self.strike_weight, self.offset_weight = strike_weight, offset_weight
        self.variety = variety.check()

    def loss(self, batch: Mapping[str, Any], moment: Moment) -> Losses:
        """The loss of a batch, whose pictures are varied."""
        seen = self.model(varied(batch["pictures"].float() / 255.0, self.variety))
        return self._losses(seen, batch)

    def held_out(self, model: Any, batch: Mapping[str, Any]) -> Losses:
        """The same without chance, and how many strikes are found."""
        seen = seen_in(model, batch["pictures"])
        found = self._losses(seen, batch)
        scores = measured(seen, batch, model.rate_hz)
        known = float(batch["strikes"].sum()) > 0
        rows = [[scores.average_precision, 1.0] if known else [0.0, 0.0]]
        for tolerance_s in TOLERANCES_S.values():
            of = scores.agreement(tolerance_s)
            rows.append([2.0 * of.paired, float(of.found + of.true)])
        rows.append([float(scores.right_counts), float(len(scores.found))])
        device = batch["pictures"].device
        return found._replace(scores=torch.tensor(rows, device=device))

    def _losses(self, seen: Seen, batch: Mapping[str, Any]) -> Losses:
        strikes, known = batch["strikes"], batch["known"]
        weight = torch.tensor(self.strike_weight, device=strikes.device)
        each = F.binary_cross_entropy_with_logits(
            seen.logits, strikes, pos_weight=weight, reduction="none"
        )
        surprise = (each * known).sum() / known.sum().clamp(min=1.0)
        counts = strikes * known
        off = F.smooth_l1_loss(seen.offsets, batch["offsets"], reduction="none", beta=0.1)
        moment = (off * counts).sum() / counts.sum().clamp(min=1.0)
        total = surprise + self.offset_weight * moment
        return Losses(total, {"strikes": surprise.detach(), "moments": moment.detach()})

    def stages(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """What is seen, and what is said."""
        pictures = batch["pictures"].float() / 255.0
        seen = self.model(pictures)
        return {"pictures": pictures, "strikes": seen.logits, "moments": seen.offsets}


class WindowScores:
    """How right a network is about windows.

    Attributes:
        average_precision: of all pictures; NaN if nothing is struck.
        found, true: strikes of each window, in seconds.
    """

    def __init__(self, average_precision: float, found: list[Any], true: list[Any]) -> None:
        self.average_precision, self.found, self.true = average_precision, found, true

    def agreement(self, tolerance_s: float) -> Agreement:
        """Of all windows together."""
        pairs = zip(self.found, self.true, strict=True)
        return pooled([agreement(found, true, tolerance_s) for found, true in pairs])

    @property
    def right_counts(self) -> int:
        """Windows in which as many strikes are found as there are."""
        return sum(len(f) == len(t) for f, t in zip(self.found, self.true, strict=True))


@torch.no_grad()
def seen_in(model: FilmNet, pictures: Tensor) -> Seen:
    """What a model sees in many windows, either way. Shape: [N, F, S, S], 0 to 255 → `Seen`."""
    parts = [seen_either_way(model, some.float() / 255.0) for some in pictures.split(SEEN_AT_ONCE)]
    return Seen(*(torch.cat(each) for each in zip(*parts, strict=True)))


def measured(
    seen: Seen,
    batch: Mapping[str, Any] | FilmBatch,
    rate_hz: float,
    threshold: float = FILM_THRESHOLD,
) -> WindowScores:
    """Scores of what was seen in windows."""
    known = batch["known"].cpu().numpy() > 0.5
    likely = torch.sigmoid(seen.logits.float()).cpu().numpy().astype(np.float64)
    offsets = seen.offsets.float().cpu().numpy().astype(np.float64)
    strikes, late = (batch[key].cpu().numpy() for key in ("strikes", "offsets"))
    found, true = [], []
    for row in range(len(likely)):
        count = int(known[row].sum())  # what is not known is the end of a window
        places, _ = picked(likely[row][:count], offsets[row], threshold, FILM_GAP_S * rate_hz)
        found.append(places / rate_hz)
        at = np.flatnonzero(strikes[row][:count] > 0.5)
        true.append((at + late[row][at]) / rate_hz)
    any_struck = bool((strikes[known] > 0.5).any())
    precision = average_precision(likely[known], strikes[known]) if any_struck else float("nan")
    return WindowScores(precision, found, true)
