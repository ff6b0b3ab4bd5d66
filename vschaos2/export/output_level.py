"""How loud a method is heard: its gain, reached without a step, and its limiter."""

import torch
from torch import Tensor

from vschaos2.dsp.limiter import soft_clip
from vschaos2.dsp.state import Stateful


class OutputLevel(Stateful):
    """The level of one method's sound.

    Attributes:
        gain: the factor to be reached over the next block.
        is_limited: whether the sound is kept within full scale by `soft_clip`.
    """

    reached: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.gain = 1.0
        self.is_limited = False
        # The gain that the last block ended with.
        self.register_buffer("reached", torch.ones(1), persistent=False)

    @torch.jit.export
    def forget(self) -> None:
        """The next block has the gain from its first sample on."""
        self.reached = torch.full_like(self.reached, self.gain)

    def forward(self, signal: Tensor) -> Tensor:
        """A block under the gain, moving to it in a straight line, and limited: [B, T] → same."""
        start = float(self.reached)
        if start != self.gain:
            count = signal.shape[1]
            ramp = torch.arange(1, count + 1, device=signal.device) * ((self.gain - start) / count)
            self.reached = torch.full_like(self.reached, self.gain)
            signal = signal * (start + ramp)
        elif self.gain != 1.0:
            signal = signal * self.gain
        return soft_clip(signal) if self.is_limited else signal
