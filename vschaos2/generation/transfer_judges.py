"""Two small nets that judge what a transfer made: which instrument plays, and which key.

They learn from what the VAE makes of the recordings that a bridge learnt from, and hear spectra
whose level is taken out.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.objectives.frechet import hz_bands

BANDS, LOWEST_HZ, HIGHEST_HZ = 80, 80.0, 12_000.0
PITCHED_HZ = 5_600.0  # the partials below tell the key
FLOOR = 2e-5  # of full scale: below it is silence
HIDDEN, STEPS, ROWS, RATE = 256, 900, 256, 1e-3
MOST_FRAMES = 60_000


class Ears(nn.Module):
    """What a judge hears of magnitudes.

    Args:
        transform: that they are of.
    """

    bands: Tensor

    def __init__(self, transform: SpectralTransform) -> None:
        super().__init__()
        rate_hz, n_fft = transform.sample_rate_hz, transform.n_fft
        bands = hz_bands(n_fft, rate_hz, BANDS, LOWEST_HZ, min(HIGHEST_HZ, 0.5 * rate_hz))
        self.register_buffer("bands", torch.from_numpy(bands).float())
        self.bins = min(transform.n_bins, round(PITCHED_HZ * n_fft / rate_hz))
        self.floor = FLOOR * float(transform.window.sum()) / 2.0

    def levels(self, magnitude: Tensor) -> Tensor:
        """Natural logarithms of bands on the mel scale: [F, K] → [F, 80]."""
        return (magnitude @ self.bands + self.floor).log()

    def timbre(self, magnitude: Tensor) -> Tensor:
        """The same without the level."""
        levels = self.levels(magnitude)
        return levels - levels.mean(1, keepdim=True)

    def pitch(self, magnitude: Tensor) -> Tensor:
        """Logarithms of bins without the level: [F, K] → [F, L]."""
        levels = (magnitude[:, : self.bins] + self.floor).log()
        return levels - levels.mean(1, keepdim=True)


class Judge(NamedTuple):
    """A trained net.

    Attributes:
        net: standardised features → a number for each class.
        mean: of the features.
        deviation: the same.
        classes: what each output stands for, [C].
    """

    net: nn.Module
    mean: Tensor
    deviation: Tensor
    classes: Tensor

    @torch.no_grad()
    def __call__(self, features: Tensor) -> Tensor:
        """The likeliest class of each row: [F, D] → [F]."""
        scores = self.net((features - self.mean) / self.deviation)
        return self.classes[scores.argmax(1)]


def trained_judge(features: Tensor, labels: Tensor, seed: int = 0) -> Judge:
    """A judge that learnt of examples: features [N, D], labels [N], whole numbers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        chosen = torch.randperm(len(features))[:MOST_FRAMES]
        features, labels = features[chosen], labels[chosen]
        classes, wanted = labels.unique(return_inverse=True)
        mean, deviation = features.mean(0), features.std(0) + 1e-3
        net = nn.Sequential(
            *(nn.Linear(features.shape[1], HIDDEN), nn.SiLU()),
            *(nn.Linear(HIDDEN, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, len(classes))),
        )
        optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=1e-2)
        for step in range(STEPS):
            for group in optimiser.param_groups:
                group["lr"] = RATE * min(1.0, 2.0 * (1.0 - step / STEPS))
            rows = torch.randint(len(features), (ROWS,))
            scores = net((features[rows] - mean) / deviation)
            optimiser.zero_grad()
            F.cross_entropy(scores, wanted[rows]).backward()
            optimiser.step()
    return Judge(net.eval(), mean, deviation, classes)
