"""Settings that give a dry recording the sound of another one, of which no dry take is there.

Two things are weighed: how unlike the styles of what the chain makes and of the reference are
(`style`), and how unusual its settings are in a collection (`prior`):

    cost = |s(chain(dry)) - s(reference)|² + weight · (r - μ)ᵀ Σ⁻¹ (r - μ)

It is lowered from the middle of the collection, along the axes in which its chains differ most, by
least squares (`least_squares`).

Source: the idea of a Gaussian of fitted chains beside a distance of styles, C.-Y. Yu et al.,
"Improving inference-time optimisation for vocal effects style transfer with a Gaussian prior"
(2025), whose styles are those of trained networks; these are none.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from vschaos2.processors.recursion import BLOCK
from vschaos2.retrieval.least_squares import Residuals, least_squares
from vschaos2.retrieval.prior import Prior
from vschaos2.retrieval.rendering import Rendering
from vschaos2.retrieval.style import style, unlikeness

AXES = 24  # along which settings are moved
STEPS = 4  # of least squares
HEARD_S = 8.0  # of the dry recording, while settings are moved


class Likeness:
    """The search for settings.

    Args:
        rendering: of a chain.
        dry: [T].
        reference: [2, S], at the same rate.
        prior: of the chain's settings, in its order.
        weight: of what is usual.

    Attributes:
        found: raw numbers of the settings, [P]; the prior's mean before the search.
        costs: after every step.
    """

    def __init__(
        self, rendering: Rendering, dry: Tensor, reference: Tensor, prior: Prior, weight: float
    ) -> None:
        self.rendering, self.prior, self.weight = rendering, prior, weight
        self.dry = _loudest(dry, round(HEARD_S * rendering.rate_hz))
        self.wanted = style(reference, rendering.rate_hz)
        spread, axes = torch.linalg.eigh(prior.covariance)
        count = min(AXES, len(spread))
        self.axes = (axes * spread.clamp(min=0.0).sqrt())[:, -count:].flip(1)  # [P, K]
        self.costs: list[float] = []
        self.found = prior.mean

    def raw(self, along: Tensor) -> Tensor:
        """Raw numbers of all settings at a place along the axes: [K] → [P]."""
        return self.prior.mean + self.axes @ along

    def place(self, along: Tensor) -> None:
        """Let the chain stand there."""
        place_raw(self.rendering, self.raw(along))

    def evaluate(self, along: Tensor) -> Residuals:
        """How unlike the sound is, and how unusual the settings. Shape: [K]."""
        self.place(along)
        with torch.no_grad():
            made = style(self.rendering.render(self.dry), self.rendering.rate_hz)
        unusual = self.weight**0.5 * along
        values = torch.cat((unlikeness(made, self.wanted).double(), unusual))
        return Residuals(values, torch.ones_like(values), float(values.square().sum()))

    def unlike(self, sound: Tensor) -> float:
        """How unlike the reference a sound is, [2, T]."""
        found = style(sound, self.rendering.rate_hz)
        return float(unlikeness(found, self.wanted).square().sum())

    def run(self, told: Callable[[float], None] = lambda cost: None) -> None:
        """Move the chain to where it is likest, and tell the cost of each step."""
        along = torch.zeros(self.axes.shape[1], dtype=torch.float64)
        for _ in range(STEPS):
            result = least_squares(self.evaluate, along, 1)
            self.costs.append(result.cost)
            told(result.cost)
            along = result.numbers
        self.found = self.raw(along)
        self.place(along)


def place_raw(rendering: Rendering, raw: Tensor) -> None:
    """Let a chain of static processors stand at raw numbers, [P]."""
    chain = rendering.chain
    with torch.no_grad():
        for controller, own in zip(chain.controllers, raw.split(chain.counts), strict=True):
            away = (own[:, None] - controller.start) / controller.ranges.pace  # type: ignore[union-attr]
            controller.moved.copy_(away)  # type: ignore[operator]


def _loudest(dry: Tensor, samples: int) -> Tensor:
    """The loudest stretch of whole sub-blocks. Shape: [T] → [N]."""
    count = min(len(dry), samples) // BLOCK * BLOCK
    power = torch.nn.functional.pad(dry.double().square().cumsum(0), (1, 0))
    first = int((power[count:] - power[:-count]).argmax())
    return dry[first : first + count]
