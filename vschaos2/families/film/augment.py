"""Films as they might have been, too: mirrored, in other light, grainier, from a bit elsewhere."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from vschaos2.ranges import check_number


class Variety(NamedTuple):
    """By how much windows are varied, each as a whole.

    Attributes:
        mirror: the share that is mirrored left to right.
        zoom: by which they are made larger or smaller, in both directions apart, at most.
        shift: by which they are moved, of a picture's side, at most.
        light: by which brightness and contrast are changed, at most.
        grain: standard deviation of what is added to each point at most.
    """

    mirror: float
    zoom: float
    shift: float
    light: float
    grain: float

    def check(self) -> "Variety":
        """Itself.

        Raises:
            InputError: for a value out of range.
        """
        for name, value in self._asdict().items():
            check_number(f"training.variety.{name}", value, 0.0, 1.0 if name == "mirror" else 0.5)
        return self


def varied(pictures: Tensor, variety: Variety) -> Tensor:
    """Other pictures of the same strikes. Shape: [B, F, S, S], 0 to 1 → the same."""
    count, device = len(pictures), pictures.device
    draw = 2.0 * torch.rand(6, count, device=device) - 1.0
    grow = 1.0 + variety.zoom * draw[:2]
    side = torch.where(torch.rand(count, device=device) < variety.mirror, -1.0, 1.0)
    if variety.zoom or variety.shift or variety.mirror:
        zero = torch.zeros_like(side)
        rows = (
            torch.stack((side / grow[0], zero, 2.0 * variety.shift * draw[2]), 1),
            torch.stack((zero, 1.0 / grow[1], 2.0 * variety.shift * draw[3]), 1),
        )
        grid = F.affine_grid(torch.stack(rows, 1), list(pictures[:, :1].shape), False)
        pictures = F.grid_sample(pictures, grid, "bilinear", "reflection", False)
    contrast = (1.0 + variety.light * draw[4])[:, None, None, None]
    middle = pictures.mean((1, 2, 3), keepdim=True)
    light = (variety.light * draw[5])[:, None, None, None]
    pictures = middle + contrast * (pictures - middle) + 0.5 * light
    amount = variety.grain * torch.rand(count, 1, 1, 1, device=device)
    return pictures + amount * torch.randn_like(pictures)
