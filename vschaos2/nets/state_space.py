"""Diagonal state spaces at audio rate: decaying oscillations, driven and read by every channel.

Each channel has N complex states s that decay by themselves,

    s[t] = a s[t-1] + x[t],    y[t] = Re Σ c s[t] + d x[t],    a = exp(Δ (-e^α + iω))

so that a block of T samples is a convolution with k[t] = Re Σ c aᵗ, and the state before it rings
on as Re Σ c aᵗ⁺¹ s: sums by FFT, no loop over samples, and no sample knows its block.

Source: Gu et al. (2022), "On the parameterization and initialization of diagonal state space
models" (S4D-Lin).
"""

import math

import torch
from torch import Tensor, nn

from vschaos2.nets.audio_rate import DEEPEST, AudioNet, check_width, readout
from vschaos2.nets.film import FiLM, activated
from vschaos2.parts import part
from vschaos2.ranges import check_count

SLOWEST_MS, FASTEST_MS = 200.0, 0.1  # time constants that layers begin with


class DiagonalStateSpace(nn.Module):
    """One layer of states: [B, C, T], state [B, 2·C·N] → [B, C, T], state.

    Args:
        width: channels, C.
        n_states: of each channel, N.
        rate_hz: of the sound.
    """

    def __init__(self, width: int, n_states: int, rate_hz: int) -> None:
        super().__init__()
        self.width, self.n_states = width, n_states
        taus = torch.logspace(math.log10(FASTEST_MS), math.log10(SLOWEST_MS), width)
        step = 1000.0 / (rate_hz * taus)
        self.log_step = nn.Parameter(step.log())
        self.log_decay = nn.Parameter(torch.full((width, n_states), math.log(0.5)))
        turns = math.pi * torch.arange(n_states, dtype=torch.float32)
        self.turns = nn.Parameter(turns.repeat(width, 1))
        spread = 1.0 / math.sqrt(n_states)
        self.read_real = nn.Parameter(spread * torch.randn(width, n_states))
        self.read_imag = nn.Parameter(spread * torch.randn(width, n_states))
        self.direct = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """What the states say, and the states after it."""
        batch, _, count = x.shape
        step = self.log_step.exp().unsqueeze(1)
        log_a = torch.complex(-step * self.log_decay.exp(), step * self.turns)  # [C, N]
        powers = torch.exp(log_a.unsqueeze(2) * torch.arange(count + 1, device=x.device))
        # Inputs are scaled by the step, so that slow states do not begin loud.
        read = torch.complex(self.read_real, self.read_imag) * step
        kernel = torch.real((read.unsqueeze(2) * powers[:, :, :count]).sum(1))
        length = 2 * count
        spectrum = torch.fft.rfft(x, n=length) * torch.fft.rfft(kernel, n=length)
        y = torch.fft.irfft(spectrum, n=length)[:, :, :count]
        halves = state.reshape(batch, 2, self.width, self.n_states)
        before = torch.complex(halves[:, 0], halves[:, 1])
        rings = (read * before).unsqueeze(3) * powers[:, :, 1:]
        y = y + torch.real(rings.sum(2)) + self.direct.unsqueeze(1) * x
        # s after the block: Σ a^(T-1-j) x[j] + a^T s.
        back = powers[:, :, :count].flip(2).transpose(1, 2)  # [C, T, N]
        rows = x.transpose(0, 1)
        driven = torch.complex(rows @ torch.real(back), rows @ torch.imag(back)).transpose(0, 1)
        after = driven + powers[:, :, count] * before
        return y, torch.stack((torch.real(after), torch.imag(after)), 1).reshape(batch, -1)


class StateSpaceLayer(nn.Module):
    """States, knobs, a gate and a mix: h ← h + W (tanh(a) · σ(b)), a and b mixes of the states.

    Args:
        width: channels.
        n_states: of each.
        n_knobs: that it is told.
        rate_hz: of the sound.
    """

    def __init__(self, width: int, n_states: int, n_knobs: int, rate_hz: int) -> None:
        super().__init__()
        self.states = DiagonalStateSpace(width, n_states, rate_hz)
        self.spread = nn.Conv1d(width, 2 * width, 1)
        self.film = FiLM(n_knobs, 2 * width)
        self.mix = nn.Conv1d(width, width, 1)

    def forward(self, h: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """What follows the layer, and its states after it."""
        y, after = self.states(h, state)
        return h + self.mix(activated(self.film(self.spread(y), knobs), True)), after


@part("effect_net")
class SSM(AudioNet):
    """Layers of diagonal state spaces.

    Args:
        n_channels: as `AudioNet`.
        n_knobs: the same.
        n_outputs: the same.
        rate_hz: the same.
        hidden_dims: channels between.
        n_states: complex states of each.
        layers: number of layers.

    Raises:
        InputError: as `AudioNet`.
    """

    def __init__(
        self,
        n_channels: int,
        n_knobs: int,
        n_outputs: int,
        rate_hz: int,
        hidden_dims: int = 8,
        n_states: int = 4,
        layers: int = 4,
    ) -> None:
        super().__init__(n_channels, n_knobs, n_outputs, rate_hz)
        check_width("hidden_dims", hidden_dims)
        check_count("model.net.n_states", n_states, 1, 256)
        check_count("model.net.layers", layers, 1, DEEPEST)
        self.input = nn.Conv1d(n_channels, hidden_dims, 1)
        self.layers = nn.ModuleList(
            StateSpaceLayer(hidden_dims, n_states, n_knobs, rate_hz) for _ in range(layers)
        )
        self.readout = readout(hidden_dims, n_outputs)
        self.per_layer = 2 * hidden_dims * n_states
        self.state_size = layers * self.per_layer

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The sound that leaves, and all states after it."""
        h = self.input(x.transpose(1, 2))
        befores = state.split(self.per_layer, 1)
        afters: list[Tensor] = []
        for place, layer in enumerate(self.layers):
            h, after = layer(h, knobs, befores[place])
            afters.append(after)
        return self.readout(h.transpose(1, 2)), torch.cat(afters, 1)
