"""Label inlets with nothing connected: a host hands them over as zeros, as it does class 0."""

from typing import Final

import torch
from torch import Tensor, nn

EMPTY = -1.0  # "you guess", to `LabelInlets`


class EmptyInlets(nn.Module):
    """Commands of one method, those of empty inlets replaced by "you guess".

    Zero alone cannot tell an empty inlet from one that commands class 0. But nobody connects an
    inlet to say 0 for ever: an inlet is empty until something other than 0 has arrived, and from
    then on 0 is class 0. That is a running maximum over frames, so blocks of any size agree.
    Which inlets have spoken is a matter of the patch, like a setting: a reset keeps it.

    Args:
        count: label inlets of the method.
        is_hosted: whether zeros may come from empty inlets; else commands pass as they are.
    """

    is_hosted: Final[bool]
    has_spoken: Tensor

    def __init__(self, count: int, is_hosted: bool) -> None:
        super().__init__()
        self.count, self.is_hosted, self.empty = count, is_hosted, EMPTY
        self.register_buffer("has_spoken", torch.zeros(1, count), persistent=False)

    def forward(self, commands: Tensor) -> Tensor:
        """Commands by frame, [B, count, F] → the same."""
        if not self.is_hosted or self.count == 0:
            return commands
        if self.has_spoken.shape[0] != commands.shape[0]:
            self.has_spoken = torch.zeros(commands.shape[0], self.count, device=commands.device)
        spoken = self.has_spoken.unsqueeze(2) + (commands != 0.0).to(commands.dtype).cumsum(2)
        self.has_spoken = spoken[:, :, -1].clamp_max(1.0)
        return commands.masked_fill(spoken == 0.0, self.empty)
