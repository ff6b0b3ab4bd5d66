"""Diagonal state spaces at audio rate: decaying oscillations, driven and read by every channel.

Each channel has N complex states s that decay by themselves,

    s[t] = a s[t-1] + x[t],    y[t] = Re Σ c s[t] + d x[t],    a = exp(Δ (-e^α + iω))

so that a block of T samples is a convolution with k[t] = Re Σ c aᵗ, and the state before it rings
on as Re Σ c aᵗ⁺¹ s: sums by FFT, no loop over samples, and no sample knows its block. What has
learnt all it will is played 64 samples at a time, by products with matrices that never change.

Source: Gu et al. (2022), "On the parameterization and initialization of diagonal state space
models" (S4D-Lin).
"""

import math

import torch
from torch import Tensor, nn

from vschaos2.nets.audio_rate import DEEPEST
from vschaos2.nets.conditioning import modulation
from vschaos2.nets.film import activated
from vschaos2.nets.layered import LayeredNet
from vschaos2.parts import part
from vschaos2.ranges import check_count

SLOWEST_MS, FASTEST_MS = 200.0, 0.1  # time constants that layers begin with
STRIDE = 64  # samples


class DiagonalStateSpace(nn.Module):
    """One layer of states: [B, C, T], state [B, 2·C·N] → [B, C, T], state.

    Args:
        width: channels, C.
        n_states: of each channel, N.
        rate_hz: of the sound.

    Attributes:
        answers: once settled, of each channel what a stride says to each of its samples, [C, 64,
            64]; before, like the three others, empty.
        rings: and to the states before it, real parts before imaginary ones, [C, 64, 2·N].
        drives: what each sample does to the states after it, [C, 2·N, 64].
        turnings: what so many samples, 0 to 64, make of states, [65, C, 2·N, 2·N].
    """

    answers: Tensor
    rings: Tensor
    drives: Tensor
    turnings: Tensor

    def __init__(self, width: int, n_states: int, rate_hz: int) -> None:
        super().__init__()
        self.width, self.n_states, self.stride = width, n_states, STRIDE
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
        self.is_settled = False
        for name in ("answers", "rings", "drives", "turnings"):
            self.register_buffer(name, torch.zeros(0), persistent=False)

    @torch.no_grad()
    def settle(self) -> None:
        """Work out the matrices of a stride; what is learnt later is not heard any more."""
        # In float64: a state of minutes is turned millions of times.
        step = self.log_step.double().exp().unsqueeze(1)
        log_a = torch.complex(-step * self.log_decay.double().exp(), step * self.turns.double())
        powers = torch.exp(log_a.unsqueeze(2) * torch.arange(self.stride + 1))  # [C, N, 65]
        read = (torch.complex(self.read_real.double(), self.read_imag.double()) * step).unsqueeze(2)
        kernel = (read * powers).real.sum(1)
        kernel[:, 0] += self.direct
        lags = torch.arange(self.stride)[:, None] - torch.arange(self.stride)
        rings = (read * powers[:, :, 1:]).transpose(1, 2)
        driven = powers[:, :, :-1].flip(2)
        real, imag = (torch.diag_embed(of.permute(2, 0, 1)) for of in (powers.real, powers.imag))
        rows = (torch.cat((real, -imag), 3), torch.cat((imag, real), 3))
        found = {
            "answers": kernel[:, lags.clamp(min=0)] * (lags >= 0),
            "rings": torch.cat((rings.real, -rings.imag), 2),
            "drives": torch.cat((driven.real, driven.imag), 1),
            "turnings": torch.cat(rows, 2),
        }
        for name, matrices in found.items():
            self.register_buffer(name, matrices.float(), persistent=False)
        self.is_settled = True

    def played(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The same as `forward`, once settled."""
        batch, _, count = x.shape
        halves = state.reshape(batch, 2, self.width, self.n_states)
        s = halves.permute(2, 1, 3, 0).reshape(self.width, 2 * self.n_states, batch)
        strides = count // self.stride
        said, whole = x.new_zeros(batch, self.width, 0), strides * self.stride
        if strides > 0:  # [C, 64, strides · B]: only states go from stride to stride
            heard = x[:, :, :whole].reshape(batch, self.width, strides, self.stride)
            heard = heard.permute(1, 3, 2, 0).reshape(self.width, self.stride, -1)
            driven = (self.drives @ heard).reshape(self.width, -1, strides, batch)
            turning, before = self.turnings[self.stride], [s]
            for new in driven.unbind(2):
                before.append(new + turning @ before[-1])
            s = before[-1]
            states = torch.stack(before[:-1], 2).reshape(self.width, -1, strides * batch)
            y = self.answers @ heard + self.rings @ states
            y = y.reshape(self.width, self.stride, strides, batch).permute(3, 0, 2, 1)
            said = y.reshape(batch, self.width, whole)
        if count > whole:
            r, heard = count - whole, x[:, :, whole:].permute(1, 2, 0)
            y = self.answers[:, :r, :r] @ heard + self.rings[:, :r] @ s
            said = torch.cat((said, y.permute(2, 0, 1)), 2)
            # The last r columns: what the last sample does comes last, however few there are.
            s = self.drives[:, :, self.stride - r :] @ heard + self.turnings[r] @ s
        after = s.reshape(self.width, 2, self.n_states, batch).permute(3, 1, 0, 2)
        return said, after.reshape(batch, -1)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """What the states say, and the states after it."""
        if self.is_settled:
            return self.played(x, state)
        batch, _, count = x.shape
        step = self.log_step.exp().unsqueeze(1)
        log_a = torch.complex(-step * self.log_decay.exp(), step * self.turns)  # [C, N]
        # a^(64 i + j) is a^(64 i) times a^j: two short series of exponentials.
        series = log_a.unsqueeze(2)
        powers = torch.exp(series * torch.arange(self.stride, device=x.device))
        if count > self.stride:
            strides = torch.arange(0, count, self.stride, device=x.device)
            powers = (torch.exp(series * strides).unsqueeze(3) * powers.unsqueeze(2)).flatten(2)
        powers = powers[:, :, :count]
        basis = torch.cat((torch.real(powers), torch.imag(powers)), 1)  # [C, 2 · N, T]
        # Inputs are scaled by the step, so that slow states do not begin loud.
        read = torch.complex(self.read_real, self.read_imag) * step
        halves = state.reshape(batch, 2, self.width, self.n_states)
        before = torch.complex(halves[:, 0], halves[:, 1])
        rows = torch.cat((read.unsqueeze(0), read * torch.exp(log_a) * before)).transpose(0, 1)
        said = torch.cat((torch.real(rows), -torch.imag(rows)), 2) @ basis  # [C, 1 + B, T]
        kernel, rings = said[:, 0], said[:, 1:].transpose(0, 1)
        length = 2 * count
        spectrum = torch.fft.rfft(x, n=length) * torch.fft.rfft(kernel, n=length)
        y = torch.fft.irfft(spectrum, n=length)[:, :, :count]
        y = y + rings + self.direct.unsqueeze(1) * x
        # s after the block: Σ a^(T-1-j) x[j] + a^T s.
        driven = (x.flip(2).transpose(0, 1) @ basis.transpose(1, 2)).transpose(0, 1)
        rest = torch.exp(log_a * float(count)) * before
        after = driven + torch.cat((torch.real(rest), torch.imag(rest)), 2)  # [B, C, 2 · N]
        after = after.reshape(batch, self.width, 2, self.n_states).transpose(1, 2)
        return y, after.reshape(batch, -1)


class StateSpaceLayer(nn.Module):
    """States, what is told, a gate and a mix: h ← h + W (tanh(a) · σ(b)), a and b of the states.

    Args:
        width: channels.
        n_states: of each.
        rate_hz: of the sound.
        conditioning: how it is told (see `conditioning`).
        n_told: numbers that it is told.

    Attributes:
        state_size: its states and its conditioning's, S.
    """

    def __init__(
        self, width: int, n_states: int, rate_hz: int, conditioning: str, n_told: int
    ) -> None:
        super().__init__()
        self.states = DiagonalStateSpace(width, n_states, rate_hz)
        self.spread = nn.Conv1d(width, 2 * width, 1)
        self.film = modulation(conditioning, n_told, 2 * width)
        self.mix = nn.Conv1d(width, width, 1)
        self.sizes = [2 * width * n_states, self.film.state_size]
        self.state_size = sum(self.sizes)

    def forward(self, h: Tensor, told: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """What follows the layer, and its state after it."""
        states, told_before = state.split(self.sizes, 1)
        y, states = self.states(h, states)
        said, told_after = self.film(self.spread(y), told, told_before)
        return h + self.mix(activated(said, True)), torch.cat((states, told_after), 1)


@part("effect_net")
class SSM(LayeredNet):
    """Layers of diagonal state spaces.

    Args:
        n_channels: as `AudioNet`.
        n_knobs: the same.
        n_outputs: the same.
        rate_hz: the same.
        hidden_dims: channels between.
        n_states: complex states of each.
        layers: number of layers.
        conditioning: any (see `conditioning`).

    Raises:
        InputError: as `LayeredNet`.
    """

    hears_rms = True  # handed peaks as 1 it learnt little of soft passages

    def __init__(
        self,
        n_channels: int,
        n_knobs: int,
        n_outputs: int,
        rate_hz: int,
        hidden_dims: int = 8,
        n_states: int = 4,
        layers: int = 4,
        conditioning: str = "film",
    ) -> None:
        super().__init__(n_channels, n_knobs, n_outputs, rate_hz, hidden_dims, conditioning)
        check_count("model.net.n_states", n_states, 1, 256)
        check_count("model.net.layers", layers, 1, DEEPEST)
        self.stack(
            StateSpaceLayer(hidden_dims, n_states, rate_hz, conditioning, self.n_told)
            for _ in range(layers)
        )

    def settle(self) -> None:
        """Work out what the states of every layer make of a stride."""
        for layer in self.layers:
            layer.states.settle()  # type: ignore[operator, union-attr]
