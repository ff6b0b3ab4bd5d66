"""A chain that many presets set together: between two of them, and along the axes of all.

In raw numbers (see `processors.parameter`), where no sum leaves a range, the settings are

    r = (1 - m) a + m b + Σ s_k d_k

with the presets a and b, the morph m, the sliders s_k in deviations, and d_k an axis as long as one
deviation along it. All of it glides as the chain's knobs do: nothing clicks.
"""

from typing import Any

import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.nets.audio_rate import AudioNet
from vschaos2.processors.chain import Chain
from vschaos2.processors.recursion import BLOCK

REACH = 3.0  # deviations to either end of a slider


class CollectionNet(AudioNet):
    """A chain of processors, moved along axes from one of its presets or from between two.

    Args:
        processors: the items of the chain.
        presets: raw, [N, P], float64; it begins at the first. They are kept as sums of two floats.
        axes: raw, each as long as one deviation, [K, P].
        channels: of the sound that enters.
        rate_hz: of the sound.
        where: the key of the items, for messages.

    Shape: see `AudioNet`; knobs from 0 to 1 are the sliders from -`REACH` to `REACH`.

    Raises:
        InputError: for items that make no such chain.
    """

    is_physical = True
    block = BLOCK
    glides = True

    base: Tensor
    presets: Tensor

    def __init__(
        self,
        processors: list[Any],
        presets: Tensor,
        axes: Tensor,
        channels: int,
        rate_hz: int,
        where: str,
    ) -> None:
        count, size = axes.shape
        chain = Chain(processors, float(rate_hz), channels, count + size, where)
        super().__init__(channels, count, chain.outputs, rate_hz)
        if len(chain.physical) != size:
            raise InputError(
                f"{where}: its chain has {len(chain.physical)} settings, its presets have {size}: "
                "collect them anew"
            )
        directions = torch.cat((axes.double().T, torch.eye(size, dtype=torch.float64)), 1)
        for controller, own in zip(chain.controllers, directions.split(chain.counts), strict=True):
            if int(controller.state_size) != 0:  # type: ignore[arg-type]
                raise InputError(f"{where}: what follows the sound is no number: collect others")
            controller.place(own)  # type: ignore[operator]
        self.chain = chain
        self.state_size = chain.state_size
        self.step, self.reach_deviations = BLOCK, REACH
        coarse = presets.float()
        fine = (presets.double() - coarse.double()).float()
        # In floats, which the small engine reads; together they are as good as doubles.
        self.register_buffer("presets", torch.stack((coarse, fine)))
        self.register_buffer("base", self.preset(0), persistent=False)

    @torch.jit.export
    def begin(self, batch: int) -> Tensor:
        """See `AudioNet`."""
        return torch.zeros(batch, self.state_size, dtype=torch.float64, device=self.base.device)

    @torch.jit.export
    def choose(self, first: int, second: int, morph: float) -> None:
        """Stand between two presets.

        Args:
            first: where a morph of 0 is.
            second: where a morph of 1 is.
            morph: 0 to 1.
        """
        begun, end = self.preset(first), self.preset(second)
        self.base = begun + morph * (end - begun)

    @torch.jit.export
    def preset(self, index: int) -> Tensor:
        """One of the presets, raw, [1, P]."""
        return self.presets[:, index : index + 1].double().sum(0)

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See `AudioNet`; of the knobs, what they have come to at the end of each sub-block."""
        if knobs.shape[1] > 1:
            knobs = knobs[:, self.step - 1 :: self.step]
        sliders = (2.0 * knobs.double() - 1.0) * self.reach_deviations
        base = self.base[:, None].expand(sliders.shape[0], sliders.shape[1], -1)
        told = torch.cat((sliders, base), 2).transpose(1, 2).expand(x.shape[0], -1, -1)
        y, state = self.chain(x.transpose(1, 2), told, state)
        return y.transpose(1, 2), state
