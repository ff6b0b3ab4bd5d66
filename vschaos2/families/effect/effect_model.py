"""An effect: a causal network between two levels, with knobs in their own units."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vschaos2.families.effect.knobs import Knob
from vschaos2.nets.audio_rate import AudioNet


class EffectModel(nn.Module):
    """What a device does to a sound.

    A network is handed knobs and sounds brought to ±1 (see `AudioNet.hears_rms`), and its output is
    brought to the level of the device's: how loud the recordings were does not change how well it
    learns. What works in physical units is handed them as they are.

    Args:
        net: the causal map.
        knobs: what it can be told, in order.
        rate_hz: of the sound: it is right at this rate only.

    Attributes:
        input_gain: of the sound before the network.
        output_gain: of what it says.

    Shape: x [B, T, C], knobs [B, T, K], or [B, 1, K] where they rest, in their own units,
        state [B, S] → y [B, T, O], state.
    """

    input_gain: Tensor
    output_gain: Tensor
    lowest: Tensor
    highest: Tensor

    def __init__(self, net: AudioNet, knobs: Sequence[Knob], rate_hz: int) -> None:
        super().__init__()
        self.net = net
        self.knobs = tuple(knobs)
        self.rate_hz = rate_hz
        self.is_physical = net.is_physical
        self.register_buffer("input_gain", torch.ones(()))
        self.register_buffer("output_gain", torch.ones(()))
        self.register_buffer("lowest", torch.tensor([knob.lowest for knob in knobs]))
        self.register_buffer("highest", torch.tensor([knob.highest for knob in knobs]))

    @torch.jit.export
    def begin(self, batch: int) -> Tensor:
        """The state of so many sounds before which there was silence."""
        return self.net.begin(batch)

    def begin_at(self, start_s: Tensor) -> Tensor:
        """The same of sounds that begin so far inside their recordings, [B] in s."""
        return self.net.begin_at(start_s)

    def set_levels(self, dry_level: float, wet_level: float) -> None:
        """Bring what is so loud to ±1, unless the network works in full scale."""
        if not self.is_physical:
            self.input_gain.fill_(1.0 / max(dry_level, 1e-6))
            self.output_gain.fill_(max(wet_level, 1e-6))

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The sound that leaves, and the state after it."""
        positions = (knobs - self.lowest) / (self.highest - self.lowest)
        if self.is_physical:
            y, state = self.net(x, positions, state)
            return y, state
        y, state = self.net(x * self.input_gain, 2.0 * positions - 1.0, state)
        return y * self.output_gain, state
