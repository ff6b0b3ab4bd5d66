"""Memories of finished blocks: a slow network that tells a fast one how to be.

A block is 128 samples, counted from where the sound began, whatever the host's blocks are. When
one is over, its largest magnitudes p and what the knobs k stand at go through an LSTM,

    v[n+1] = LSTM(p[n], k[n]),

and while the next one plays, what is told moves from v[n] to v[n+1] along a straight line. So no
sample is told of a later one, nothing waits, and nothing leaps.

Sources: Birnbaum et al. (2019), "Temporal FiLM: capturing long-range sequence dependencies with
feature-wise modulations"; Comunità et al. (2023), "Modelling black-box audio effects with
time-varying feature modulation"; Comunità, Steinmetz & Reiss (2025), "NablAFx". Theirs are told
of a block while it plays, and hold their values; a stream would have to wait for it.
"""

import torch
from torch import Tensor, nn

from vschaos2.nets.film import modulated, silent

BLOCK = 128  # samples
UNITS = 16  # of a memory that all of a network shares
TINY_INPUTS, TINY_UNITS = 2, 4  # of one that is squeezed


class BlockMemory(nn.Module):
    """What finished blocks have said, at the ends of all blocks that a stretch of sound touches.

    Args:
        n_channels: of what is heard, D.
        n_knobs: K.
        n_units: of the LSTM, U.
        n_inputs: numbers that the peaks are mixed down to before it; 0: heard as they are.

    Attributes:
        state_size: 1 + D + 3 · U: samples of the block that has begun and its peaks so far, what
            was told at its beginning, what will be at its end, and the cells.

    Shape: heard [B, D, T], knobs [B, T or 1, K], state [B, S] → v [B, M + 1, U], where the M
        blocks touched begin and end, samples of the first that were over before, state. Rows of
        a batch began together.
    """

    def __init__(self, n_channels: int, n_knobs: int, n_units: int, n_inputs: int = 0) -> None:
        super().__init__()
        self.block, self.n_channels, self.n_units = BLOCK, n_channels, n_units
        self.mix = nn.Linear(n_channels, n_inputs) if n_inputs else nn.Identity()
        self.units = nn.LSTM((n_inputs or n_channels) + n_knobs, n_units, batch_first=True)
        self.state_size = 1 + n_channels + 3 * n_units

    def forward(self, heard: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, int, Tensor]:
        """See the class."""
        batch, count = heard.shape[0], heard.shape[2]
        since = int(state[0, 0].detach())
        _, peak, first, second, cells = state.split(
            [1, self.n_channels, self.n_units, self.n_units, self.n_units], 1
        )
        over = (since + count) // self.block
        touched = (since + count + self.block - 1) // self.block
        lacking = touched * self.block - since - count
        padded = nn.functional.pad(heard.abs(), [since, lacking])
        peaks = padded.reshape(batch, self.n_channels, touched, self.block).amax(3)
        peaks = torch.cat((torch.maximum(peaks[:, :, :1], peak.unsqueeze(2)), peaks[:, :, 1:]), 2)
        ends = torch.stack((first, second), 1)
        if over > 0:
            if knobs.shape[1] > 1:
                knobs = knobs[:, self.block - 1 - since :: self.block]
            stood = knobs.expand(-1, over, -1)
            told = torch.cat((self.mix(peaks[:, :, :over].transpose(1, 2)), stood), 2)
            before = (second.unsqueeze(0).contiguous(), cells.unsqueeze(0).contiguous())
            said, (_, last) = self.units(told, before)
            ends, cells = torch.cat((ends, said), 1), last[0]
        peak = peaks[:, :, over] if over < touched else torch.zeros_like(peak)
        begun = torch.full_like(peak[:, :1], float(since + count - over * self.block))
        after = torch.cat((begun, peak, ends[:, over], ends[:, over + 1], cells), 1)
        return ends[:, : touched + 1], since, after

    def ramp(self, ends: Tensor, since: int, count: int) -> Tensor:
        """Straight lines between the ends of blocks: [B, M + 1, V] → [B, V, count].

        Args:
            ends: what is reached with the last sample before each block, and of the last one.
            since: samples of the first block that were over before.
            count: samples.
        """
        corners = ends.transpose(1, 2).unsqueeze(3)
        rise = torch.arange(1, self.block + 1, device=ends.device).to(ends.dtype) / self.block
        lines = torch.lerp(corners[:, :, :-1], corners[:, :, 1:], rise)
        return lines.flatten(2)[:, :, since : since + count]


class TemporalFiLM(nn.Module):
    """FiLM by a memory of the peaks of the very channels that it modulates, and of knobs.

    It begins as nothing, as `FiLM` does.

    Args:
        n_knobs: K.
        n_channels: of what is modulated, C.
        is_tiny: mix the peaks down to 2 numbers and remember 4, instead of as many as channels.

    Shape: h [B, C, T], knobs [B, T or 1, K], state [B, S] → [B, C, T], state.
    """

    def __init__(self, n_knobs: int, n_channels: int, is_tiny: bool) -> None:
        super().__init__()
        n_units, n_inputs = (TINY_UNITS, TINY_INPUTS) if is_tiny else (n_channels, 0)
        self.memory = BlockMemory(n_channels, n_knobs, n_units, n_inputs)
        self.told = silent(n_units, 2 * n_channels)
        self.state_size = self.memory.state_size

    def forward(self, h: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The channels as they have told to be."""
        ends, since, state = self.memory(h, knobs, state)
        return modulated(h, self.memory.ramp(self.told(ends), since, h.shape[2])), state


class Follower(nn.Module):
    """A memory of the sound itself and of knobs, for a whole network to be told.

    Args:
        n_channels: of the sound, C.
        n_knobs: K.

    Shape: x [B, T, C], knobs [B, T or 1, K], state [B, S] → [B, T, `UNITS`], state.
    """

    def __init__(self, n_channels: int, n_knobs: int) -> None:
        super().__init__()
        self.memory = BlockMemory(n_channels, n_knobs, UNITS)
        self.state_size = self.memory.state_size

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """What is told at every sample."""
        ends, since, state = self.memory(x.transpose(1, 2), knobs, state)
        return self.memory.ramp(ends, since, x.shape[1]).transpose(1, 2), state
