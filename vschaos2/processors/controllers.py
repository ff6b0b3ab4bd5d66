"""What sets the parameters of a processor: nothing, training, knobs, the sound, or both of these.

All but the fixed one move raw numbers (`parameter`), so that no value leaves its range. Each begins
as the static one: what hears knobs or sound adds to a learnt number, and adds nothing at first.
"""

import torch
from torch import Tensor, nn

from vschaos2.processors.parameter import Parameter, Ranges
from vschaos2.processors.recursion import BLOCK

CONTROLLERS = ("fixed", "static", "told", "following", "told_following")
HIDDEN = 16  # units of what hears knobs
MEMORY = 8  # units of what hears the sound
FLOOR_DB = -70.0  # level of a sub-block below which it counts as silence


class Controller(nn.Module):
    """The values of a processor's parameters, from knobs and from the sound.

    Args:
        kind: one of `CONTROLLERS`; what would hear knobs does without where there are none.
        parameters: P of them.
        values: where they begin.
        n_knobs: that are told, each 0 to 1, K.

    Attributes:
        state_size: numbers that are carried from block to block, S.
    """

    def __init__(
        self, kind: str, parameters: tuple[Parameter, ...], values: list[float], n_knobs: int
    ) -> None:
        super().__init__()
        self.ranges = Ranges(parameters)
        start = torch.tensor(values, dtype=torch.float64)[:, None]
        self.is_fixed = kind == "fixed"
        # Values that are fixed, or raw numbers and how far training has moved them, in its pace.
        self.register_buffer("start", start if self.is_fixed else self.ranges.raw(start))
        self.moved = nn.Parameter(torch.zeros(len(start), 1), requires_grad=not self.is_fixed)
        heard = kind in ("following", "told_following")
        told = n_knobs if kind in ("told", "told_following") else 0
        adds: Following | Told | Placed | Nothing = Nothing()
        if heard:
            adds = Following(told, len(parameters))
        elif told:
            adds = Told(told, len(parameters))
        self.adds = adds
        self.state_size = adds.state_size

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Values for a block of the sound that enters the processor.

        Shape: x [B, C, T], knobs [B, K, N], N 1 or T / `BLOCK`, state [B, S] → [B, P, 1] or
            [B, P, T / `BLOCK`], state [B, S], float64.
        """
        if self.is_fixed:
            return self.start.expand(x.shape[0], -1, 1), state
        added, state = self.adds(x, knobs, state)
        return self.ranges(self.start + self.ranges.pace * (self.moved + added)), state

    def rest(self, knobs: Tensor) -> Tensor:
        """Values for knobs that stay, in silence that has not begun. Shape: [K] → [P], float64."""
        if self.is_fixed:
            return self.start[:, 0]
        raw = self.start + self.ranges.pace * (self.moved + self.adds.rest(knobs))
        return self.ranges(raw)[:, 0]

    def settle(self) -> None:
        """Become a fixed one, if nothing but training moved it."""
        if not self.is_fixed and isinstance(self.adds, Nothing):
            self.start = self.rest(torch.zeros(0)).detach()[:, None]
            self.moved.requires_grad_(False)
            self.is_fixed = True

    @torch.no_grad()
    def place(self, directions: Tensor) -> None:
        """From now on, let knobs alone say the raw numbers: each moves them along its direction.

        Shape: [P, K], raw, for a knob of 1.
        """
        assert self.state_size == 0, "what follows the sound cannot be placed"
        self.is_fixed = False
        self.start.zero_()
        self.moved.zero_().requires_grad_(False)
        self.adds = Placed(directions / self.ranges.pace)

    @torch.no_grad()
    def begin_at(self, values: Tensor, knobs: Tensor) -> None:
        """Let `rest` give these values. Shape: values [P], knobs [K]."""
        if self.is_fixed:
            self.start.copy_(values[:, None])
        else:
            added = self.ranges.pace * self.adds.rest(knobs)
            self.start.copy_(self.ranges.raw(values[:, None]) - added)
            self.moved.zero_()


class Nothing(nn.Module):
    """Adds nothing: what was learnt stands."""

    def __init__(self) -> None:
        super().__init__()
        self.state_size = 0

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Zeros. Shape: see `Controller` → [B, 1, 1]."""
        return torch.zeros(x.shape[0], 1, 1, dtype=torch.float64, device=x.device), state

    def rest(self, knobs: Tensor) -> Tensor:
        """Zero. Shape: [1, 1]."""
        return torch.zeros(1, 1, dtype=torch.float64)


class Placed(nn.Module):
    """What knobs add to raw numbers, each along a direction of its own.

    Args:
        directions: [P, K].
    """

    directions: Tensor

    def __init__(self, directions: Tensor) -> None:
        super().__init__()
        self.state_size = 0
        self.register_buffer("directions", directions.double())

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Shape: see `Controller`."""
        return torch.matmul(self.directions, knobs.double()), state

    def rest(self, knobs: Tensor) -> Tensor:
        """Shape: [K] → [P, 1]."""
        return torch.matmul(self.directions, knobs.double()[:, None])


class Told(nn.Module):
    """What knobs add to raw numbers: a network of two layers.

    Args:
        n_knobs: K.
        n_values: P.
    """

    def __init__(self, n_knobs: int, n_values: int) -> None:
        super().__init__()
        self.state_size = 0
        self.layers = nn.Sequential(
            nn.Linear(n_knobs, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, HIDDEN), nn.Tanh()
        )
        self.head = _silent(nn.Linear(HIDDEN, n_values))

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Shape: see `Controller`."""
        heard = (2.0 * knobs.transpose(1, 2) - 1.0).to(self.head.weight.dtype)
        return self.head(self.layers(heard)).transpose(1, 2).double(), state

    def rest(self, knobs: Tensor) -> Tensor:
        """Shape: [K] → [P, 1]."""
        return self.forward(knobs, knobs[None, :, None], knobs)[0][0]


class Following(nn.Module):
    """What the sound of finished sub-blocks, and knobs, add to raw numbers: a recurrent network.

    A sub-block's own sound is not heard yet, so that nothing is delayed: its values are ramped to
    while it plays, from those of the one before.

    Args:
        n_knobs: that are told beside the sound, K; may be 0.
        n_values: P.
    """

    def __init__(self, n_knobs: int, n_values: int) -> None:
        super().__init__()
        self.n_knobs = n_knobs
        self.block = BLOCK
        self.floor = 10.0 ** (FLOOR_DB / 20.0)
        self.units = nn.GRU(2 + n_knobs, MEMORY, batch_first=True)
        self.head = _silent(nn.Linear(MEMORY, n_values))
        self.state_size = MEMORY + 2

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Shape: see `Controller`."""
        kind = self.head.weight.dtype
        state = state.to(kind)
        levels = torch.cat((state[:, None, -2:], self.levels(x).to(kind)), 1)
        heard = levels[:, :-1]
        if self.n_knobs > 0:
            told = (2.0 * knobs.transpose(1, 2) - 1.0).to(kind)
            heard = torch.cat((heard, told.expand(-1, heard.shape[1], -1)), 2)
        out, last = self.units(heard, state[:, :-2][None].contiguous())
        added = self.head(out).transpose(1, 2).double()
        return added, torch.cat((last[0], levels[:, -1]), 1).double()

    def levels(self, x: Tensor) -> Tensor:
        """Mean and peak level of sub-blocks, in steps of 20 dB above silence: [B, T / 64, 2]."""
        blocks = x.reshape(x.shape[0], x.shape[1], -1, self.block)
        power = blocks.square().mean(3).mean(1)
        peak = blocks.abs().amax(3).amax(1)
        found = torch.stack((torch.sqrt(power + 1e-20), peak), 2)
        return torch.log10(found / self.floor + 1.0)

    def rest(self, knobs: Tensor) -> Tensor:
        """What is added before anything was heard. Shape: [K] → [P, 1]."""
        return self.head.bias.double()[:, None]


def _silent(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
