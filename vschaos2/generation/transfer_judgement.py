"""The measures of what a way made: by two nets that heard the instruments, and beside the truth."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vschaos2.data.latent_takes import LatentTake
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.hearing import level_db
from vschaos2.families.bridge.level import as_loud
from vschaos2.generation.transfer_examples import Example
from vschaos2.generation.transfer_judges import Ears, Judge, trained_judge
from vschaos2.generation.transfer_measures import (
    class_distance,
    cloud_distance,
    correlation,
    melody_distance,
    spectral_distance_db,
)

AUDIBLE = 0.3  # of the median level of a domain, in amplitude: softer frames are not judged
EDGE_FRAMES = 2  # around a change of pitch that are not judged
FEWEST_FRAMES = 20  # of a key that a judge can learn
MELODY_EVERY = 3  # frames, of those that a melody's distance is measured over
MOST_LEARNT = 20_000


class Judges:
    """Who judges, and what they need.

    Args:
        model: the bridge whose VAE all is heard through.
        takes: recordings that it learnt from.
    """

    def __init__(self, model: BridgeModel, takes: Sequence[LatentTake]) -> None:
        self.model, self.ears = model, Ears(model.vae.transform)
        latents = torch.cat([take.latents for take in takes])
        domains = torch.cat([torch.full((len(t.latents),), t.domain) for t in takes])
        keys = torch.cat([take.keys for take in takes])
        levels = torch.cat([take.levels_db for take in takes])
        heard = ~keys.isnan()
        self.floors_db = {}
        for number in range(len(model.instruments)):
            own = domains == number
            floor = float(levels[own].median()) + 20.0 * np.log10(AUDIBLE)
            self.floors_db[number] = floor
            heard &= ~own | (levels > floor)
        rows = heard.nonzero()[:, 0]
        rows = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))]
        rows = rows[:MOST_LEARNT]
        magnitude = self.magnitude(latents[rows])
        self.timbre = trained_judge(self.ears.timbre(magnitude), domains[rows])
        self.pitch = self._pitch(magnitude, keys[rows].round().long())

    def _pitch(self, magnitude: Tensor, keys: Tensor) -> Judge | None:
        classes, counts = keys.unique(return_counts=True)
        known = torch.isin(keys, classes[counts >= FEWEST_FRAMES])
        if not bool(known.any()):
            return None
        return trained_judge(self.ears.pitch(magnitude[known]), keys[known])

    @torch.no_grad()
    def magnitude(self, latents: Tensor) -> Tensor:
        """Magnitudes of latents: [F, Z] → [F, K]."""
        vae = self.model.vae
        parts = [vae.to_magnitude(vae.decode(part).mean) for part in latents.split(2048)]
        return torch.cat(parts)

    def values(
        self,
        examples: Sequence[Example],
        made: Sequence[Tensor],
        target: int,
        source: int,
        others: Tensor,
        octaves: int,
    ) -> dict[str, float]:
        """The measures of what a way made: latents of each example."""
        right, pitched, judged, with_key = 0.0, 0.0, 0, 0
        rows: dict[str, list[float]] = {"DPD": [], "JD": [], "distance_db": []}
        rows |= {"level_r": [], "own_level_r": []}
        for example, latents in zip(examples, made, strict=True):
            take = example.take
            latents = latents[: len(take.latents)]
            stable = _stable(take.keys) & (take.levels_db > self.floors_db[source])
            if not bool(stable.any()):
                continue
            stable = stable[: len(latents)]
            magnitude, heard = self.magnitude(latents), self.magnitude(take.latents)
            said = self.timbre(self.ears.timbre(magnitude[stable]))
            right += float((said == target).sum())
            judged += int(stable.sum())
            if self.pitch is not None:
                keys = self.pitch(self.ears.pitch(magnitude[stable]))
                wanted = take.keys[: len(latents)][stable].round().long() + 12 * octaves
                pitched += float((keys == wanted).sum())
                with_key += len(keys)
                before = self.pitch(self.ears.pitch(heard[: len(latents)][stable]))
                melodies = (before.numpy(), keys.numpy())
                thinned = [of[::MELODY_EVERY] for of in melodies]
                rows["DPD"].append(melody_distance(*thinned))
                rows["JD"].append(class_distance(*melodies))
            heard, made_so = heard[: len(latents)][stable], magnitude[stable]
            played = as_loud(made_so[None], heard[None], torch.ones(len(heard)))[0]
            rows["level_r"].append(correlation(level_db(heard), level_db(played)))
            rows["own_level_r"].append(correlation(level_db(heard), level_db(made_so)))
            if example.truth is not None:
                truth = example.truth[1]
                count = min(len(truth), len(latents))
                kept = stable[:count]
                ours, theirs = (self.ears.levels(of[:count][kept]) for of in (magnitude, truth))
                rows["distance_db"].append(spectral_distance_db(ours, theirs))
        standard = self.model.standardised(torch.cat(list(made)))
        means = {name: float(np.mean(of)) if of else float("nan") for name, of in rows.items()}
        return {
            "timbre": right / judged if judged else float("nan"),
            "pitch": pitched / with_key if with_key else float("nan"),
            **means,
            "FD": cloud_distance(standard, self.model.standardised(others)),
        }


def _stable(keys: Tensor) -> Tensor:
    """Frames around which the nearest key stays the same: [F] → [F]."""
    nearest = keys.round()
    stable = ~keys.isnan()
    for step in range(1, EDGE_FRAMES + 1):
        stable[step:] &= nearest[step:] == nearest[:-step]
        stable[:-step] &= nearest[:-step] == nearest[step:]
    return stable
