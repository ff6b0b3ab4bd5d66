"""What hears the past and never the future: pure functions `(x, state) -> (y, state)`.

The state after one block is the state before the next, and blocks joined equal the whole. A first
state of zeros stands for no past at all. So the same module learns from windows, which begin
without a past, and plays in blocks, beside a `State`.
"""

from torch import Tensor, nn

from vschaos2.ranges import check_count

WIDEST, DEEPEST = 65_536, 64


class Causal(nn.Module):
    """What all causal maps have in common.

    Attributes:
        n_outputs: numbers returned per frame, O.
        state_size: numbers that are carried from block to block, S.
        reach: frames before its own that an output hears; None where the past never ends. A window
            of training must be longer, or weights would be played untrained.
        delay: frames that an output comes later than the input it belongs to.

    Shape: x [B, F, D], state [B, S] → y [B, F, O], state [B, S].
    """

    n_outputs: int
    state_size: int
    reach: int | None = None
    delay: int = 0

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The outputs of a block, and the state after it."""
        raise NotImplementedError


def check_sizes(hidden_dims: int, layers: int) -> None:
    """Raise InputError for a width or a depth that no memory can have."""
    check_count("model.temporal.hidden_dims", hidden_dims, 1, WIDEST)
    check_count("model.temporal.layers", layers, 1, DEEPEST)
