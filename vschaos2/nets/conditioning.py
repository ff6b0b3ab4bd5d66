"""How a network at audio rate is told of knobs, and of how it was played: conditionings by name.

    none     of nothing
    concat   knobs stand beside the sound, as further channels
    tvcond   beside the sound stands what finished blocks of it, and knobs, have said
    film     knobs scale and shift the channels of every layer
    tvfilm   what finished blocks and knobs have said does
    tfilm    in each layer, what its own finished blocks and knobs have said does
    ttfilm   the same by a tiny memory

Names and facts: Comunità, Steinmetz & Reiss (2025), "NablAFx".
"""

from torch import Tensor, nn

from vschaos2.config import suggestion
from vschaos2.errors import InputError
from vschaos2.nets.audio_rate import AudioNet, with_knobs
from vschaos2.nets.film import FiLM
from vschaos2.nets.temporal_film import UNITS, Follower, TemporalFiLM

BESIDE = ("none", "concat", "tvcond")  # the sound: any network takes them
IN_LAYERS = ("film", "tvfilm", "tfilm", "ttfilm")
REMEMBER = ("tvcond", "tvfilm", "tfilm", "ttfilm")  # all that was heard


class ConditionedNet(AudioNet):
    """A network that is told by a conditioning.

    Args:
        n_channels: as `AudioNet`.
        n_knobs: the same.
        n_outputs: the same.
        rate_hz: the same.
        conditioning: the name of one.
        taken: names that this kind of network takes.

    Attributes:
        conditioning: the name.
        n_inputs: channels beside each other at the input.
        n_told: numbers told to layers.

    Raises:
        InputError: as `AudioNet`, for a name that is none or that this network does not take, or
            for knobs of which nothing is told.
    """

    def __init__(
        self,
        n_channels: int,
        n_knobs: int,
        n_outputs: int,
        rate_hz: int,
        conditioning: str,
        taken: tuple[str, ...],
    ) -> None:
        super().__init__(n_channels, n_knobs, n_outputs, rate_hz)
        if conditioning not in taken:
            why = suggestion(str(conditioning), list(taken))
            if conditioning in IN_LAYERS:
                why = ": it modulates the layers of a TCN, GCN or SSM"
            raise InputError(
                f"model.net.conditioning must be {', '.join(taken[:-1])} or {taken[-1]} of this "
                f"network, got {conditioning!r}{why}"
            )
        if conditioning == "none" and n_knobs:
            raise InputError(
                f"model.net.conditioning: none tells of no knobs, and there are {n_knobs}: set "
                "model.knobs=null, too"
            )
        self.conditioning = conditioning
        follows = conditioning in ("tvcond", "tvfilm")
        self.told: Follower | Knobs = Follower(n_channels, n_knobs) if follows else Knobs()
        self.n_told = UNITS if follows else n_knobs
        self.is_beside = conditioning in ("concat", "tvcond")
        self.n_inputs = n_channels + (self.n_told if self.is_beside else 0)

    def hear(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What enters the network, what its layers are told, and what `told` carries on."""
        told, state = self.told(x, knobs, state)
        return with_knobs(x, told) if self.is_beside else x, told, state


class Knobs(nn.Module):
    """Tells of knobs as they are. Shape: x [B, T, C], [B, T or 1, K], [B, 0] → the last two."""

    def __init__(self) -> None:
        super().__init__()
        self.state_size = 0

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The knobs."""
        return knobs, state


def modulation(conditioning: str, n_told: int, width: int) -> FiLM | TemporalFiLM:
    """What a conditioning does to so many channels of a layer that is told so many numbers."""
    if conditioning in ("tfilm", "ttfilm"):
        return TemporalFiLM(n_told, width, is_tiny=conditioning == "ttfilm")
    return FiLM(n_told if conditioning in ("film", "tvfilm") else 0, width)
