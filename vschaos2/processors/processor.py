"""What all processors have in common: sound, values and state in, sound and state out.

One method is both what trains and what plays. It takes windows from a state of zeros, which stands
for no past, or a stream in blocks; blocks joined equal the whole.

Values move, and each kind of processor has its law for it. `Ramped` ones run straight, within each
sub-block, from the value they had to the new one. Filters cross from one fixed filter to another
(`filters`).
"""

import torch
from torch import Tensor, nn

from vschaos2.processors.parameter import Parameter
from vschaos2.processors.recursion import BLOCK


class Processor(nn.Module):
    """A causal effect with physical parameters.

    Args:
        sample_rate: in Hz; an effect is valid at its own rate only.
        channels: of the sound, C.
        physical: what it is set by, P parameters.

    Attributes:
        state_size: numbers that are carried from block to block, S.
        is_linear: whether it has a `response`.
        outputs: channels of the sound that leaves, O; as many as enter, of most.
        controller: what sets it if nothing is said (see `controllers`).
        panels: where each parameter stands in patches; all under the processor's name if empty.
    """

    state_size: int = 0
    is_linear: bool = False
    controller: str = "static"

    def __init__(
        self, sample_rate: float, channels: int, physical: tuple[Parameter, ...] = ()
    ) -> None:
        super().__init__()
        self.sample_rate = float(sample_rate)
        self.channels = channels
        self.outputs = channels
        self.physical = physical
        self.panels: list[str] = []
        self.n_values = len(physical)

    def forward(self, x: Tensor, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The sound after the effect, and its state.

        Args:
            x: sound, T a multiple of `BLOCK`.
            values: of its parameters, in their units: held for all of it (N = 1), or what each
                sub-block reaches at its end (N = T / `BLOCK`). A first sub-block, which has no
                past, begins at its values.
            state: zeros before the first sound, of any floating type.

        Shape: x [B, C, T], values [B, P, N], state [B, S] → y [B, O, T] of x's type, and the state
            [B, S], float64.
        """
        raise NotImplementedError

    def in_parts(self, x: Tensor, values: Tensor, state: Tensor) -> tuple[Tensor, list[Tensor]]:
        """`forward`, whose state comes in parts: where they are long, they are joined only once."""
        y, state = self.forward(x, values, state)
        return y, [state]


class Ramped(Processor):
    """A processor whose values run straight through each sub-block; give `process`.

    Args:
        sample_rate: in Hz.
        channels: of the sound, C.
        physical: its parameters.
        memory: numbers that `process` carries from block to block, M.
    """

    def __init__(
        self, sample_rate: float, channels: int, physical: tuple[Parameter, ...], memory: int = 0
    ) -> None:
        super().__init__(sample_rate, channels, physical)
        self.state_size = 1 + len(physical) + memory

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """The sound after the effect, and what it carries on.

        Shape: x [B, C, T], values [B, P, 1] or [B, P, T] and memory [B, M], float64 → y [B, O, T],
            memory [B, M].
        """
        raise NotImplementedError

    def forward(self, x: Tensor, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See `Processor`."""
        head, memory = self.parts(state)
        head, moving = self.run(values, x.shape[2], head)
        y, memory = self.process(x, moving, memory)
        return y, torch.cat((head, memory), 1)

    def parts(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """What `run` and what `process` carry of a state: [B, S] → [B, 1 + P], [B, M]."""
        state = state.double()
        return state[:, : 1 + self.n_values], state[:, 1 + self.n_values :]

    def run(self, values: Tensor, samples: int, head: Tensor) -> tuple[Tensor, Tensor]:
        """Values as `process` has them, and what is carried on.

        Shape: [B, P, N], head [B, 1 + P] → head, [B, P, 1] or [B, P, `samples`].
        """
        ends = values.double()
        last = ends[:, :, 0]
        if float(head[0, 0]) > 0.0:
            last = head[:, 1:]
        elif ends.shape[2] == 1:
            head = torch.cat((torch.ones_like(head[:, :1]), last), 1)
        is_still = ends.shape[2] == 1 and not bool((last != ends[:, :, 0]).any())
        if not is_still:
            head = torch.cat((torch.ones_like(head[:, :1]), ends[:, :, -1]), 1)
            ends = ramp(last, ends, samples)
        return head, ends


def ramp(last: Tensor, ends: Tensor, samples: int, block: int = BLOCK) -> Tensor:
    """Values that run straight through each sub-block; as they are where none of them moves.

    Shape: last [B, P], ends [B, P, N], N 1 or T / `BLOCK` → [B, P, 1] or [B, P, T].
    """
    blocks = samples // block
    starts = torch.cat((last[:, :, None], ends[:, :, :-1]), 2)
    if not bool((starts != ends).any()):
        return ends[:, :, :1]
    if ends.shape[2] < blocks:
        still = ends.expand(ends.shape[0], ends.shape[1], blocks - 1)
        starts, ends = torch.cat((starts, still), 2), torch.cat((ends, still), 2)
    time = torch.arange(1, block + 1, dtype=ends.dtype, device=ends.device) / block
    return (starts[..., None] + (ends - starts)[..., None] * time).flatten(2)


def per_block(values: Tensor, block: int = BLOCK) -> Tensor:
    """What a sub-block reaches, of values as `process` has them: [..., T] → [..., N]."""
    return values[..., block - 1 :: block] if values.shape[-1] > 1 else values
