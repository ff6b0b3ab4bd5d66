"""What a stream remembers from one block to the next, and how it is forgotten.

    class Echo(Stateful):
        def __init__(self) -> None:
            super().__init__()
            self.past = State(4)

`Echo().reset()` forgets `past`, as it would the state of any module further inside: one that is
made of stateful modules lists none of them.

State is *assigned*, never changed in place: a host may run a method under InferenceMode and `reset`
outside it, and tensors made in the first cannot be written to in the second.
"""

import torch
from torch import Tensor, nn


class Stateful(nn.Module):
    """A module that remembers, itself or through modules inside it.

    A module with state of its own that no `State` holds has a method `forget(self) -> None`, which
    assigns the state before the first block; settings stay as they are.
    """

    @torch.jit.export
    def reset(self) -> None:
        """Forget all that was heard, this module and every one inside it; settings stay."""
        # TorchScript unrolls the walk, and knows of each module whether it has the method.
        for module in self.modules():
            if hasattr(module, "forget"):
                module.forget()  # type: ignore[operator]


class State(Stateful):
    """Numbers that are carried from block to block, zero before the first.

    Args:
        size: numbers for each item of a batch, S; 0 for a state of nothing.

    Attributes:
        value: the numbers after the last block, [B, S].
    """

    value: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("value", torch.zeros(1, size), persistent=False)

    @torch.jit.export
    def forget(self) -> None:
        """Begin anew, with a batch of one."""
        self.value = torch.zeros(1, self.size, device=self.value.device)

    @torch.jit.export
    def recall(self, batch: int) -> Tensor:
        """The numbers [B, S] after the last block; zeros for a batch of another size."""
        if self.value.shape[0] != batch:
            self.value = torch.zeros(batch, self.size, device=self.value.device)
        return self.value

    @torch.jit.export
    def keep(self, value: Tensor) -> None:
        """Take the numbers [B, S] after this block."""
        self.value = value

    def forward(self, batch: int) -> Tensor:
        """`recall`."""
        return self.recall(batch)
