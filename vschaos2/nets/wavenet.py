"""WaveNet at audio rate: arrays of dilated convolutions, each of whose layers speaks to a head.

Of a layer, with sound and knobs u beside each other at every sample,

    z = conv(h) + U u,   a = φ(z),   h ← h + M a,   s ← s + S a

of an array, its layers, then a head, s ← conv(s), that the next array's layers go on with. With a
gate z is twice as wide: a = φ(z₁) ψ(z₂), or blended, a = ψ(z₂) φ(z₁) + (1 - ψ(z₂)) z₁.

Silence before the sound is no zero inside, as layers have constants: `begin` is the state that
silence settles in. The order in which weights are registered is that in which .nam files hold them.

Sources: van den Oord et al. (2016), "WaveNet"; Wright et al. (2020), "Real-time guitar amplifier
emulation with deep learning"; arrays as Neural Amp Modeler has them.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from vschaos2.config import call
from vschaos2.errors import InputError
from vschaos2.nets.activations import activation
from vschaos2.nets.audio_rate import AudioNet, check_width, with_knobs
from vschaos2.nets.wave_layer import GATES, PastConv, WaveLayer, held
from vschaos2.parts import part
from vschaos2.ranges import check_count, check_number

MOST_LAYERS, LONGEST_KERNEL, WIDEST_DILATION, MOST_STATE = 128, 256, 2**16, 2**24


class WaveArray(nn.Module):
    """Layers of one width, and the head behind them.

    Args:
        key: its own, for messages.
        n_in: channels of what enters.
        n_told: numbers that every layer is told at every sample, U.
        channels: of its layers.
        kernels: taps of each layer.
        dilations: samples between two taps of each layer.
        activations: of each layer: a name of `activations.KINDS`, or {type: name, …}.
        gates: of each layer, none, gated or blended; none if nothing is said.
        gate_activations: of each gate; Sigmoid if nothing is said.
        bottleneck: channels behind the activation; `channels` if nothing is said.
        mixes: whether these are mixed before they are added to what entered a layer.
        skip_channels: to which they are mixed for the head; as they are if nothing is said.
        head_channels: that the head says.
        head_kernel: taps of the head.
        head_bias: whether the head adds constants.

    Attributes:
        sizes: numbers that each layer, and then the head, remembers.
        reach: samples before its own that the last layer hears.

    Raises:
        InputError: for a number out of its range, or lists that are not equally long.
    """

    sizes: list[int]

    def __init__(
        self,
        key: str,
        n_in: int,
        n_told: int,
        channels: int,
        kernels: list[int],
        dilations: list[int],
        activations: list[Any],
        gates: list[Any] | None = None,
        gate_activations: list[Any] | None = None,
        bottleneck: int | None = None,
        mixes: bool = True,
        skip_channels: int | None = None,
        head_channels: int = 1,
        head_kernel: int = 1,
        head_bias: bool = False,
    ) -> None:
        super().__init__()
        where = f"model.net.{key}"
        count = len(dilations)
        check_count(f"{where}: layers, as there are dilations,", count, 1, MOST_LAYERS)
        gates, bends = gates or ["none"] * count, gate_activations or ["Sigmoid"] * count
        lists = {"kernels": kernels, "activations": activations, "gates": gates}
        for name, values in {**lists, "gate_activations": bends}.items():
            if len(values) != count:
                raise InputError(
                    f"{where}.{name} must be {count}, as there are dilations, got {len(values)}"
                )
        width = channels if bottleneck is None else bottleneck
        heard = width if skip_channels is None else skip_channels
        for name, value in {
            "channels": channels,
            "bottleneck": width,
            "skip_channels": heard,
        }.items():
            check_width(f"{key}.{name}", value)
        check_width(f"{key}.head_channels", head_channels)
        if not mixes and width != channels:
            raise InputError(
                f"{where}.mixes: without it bottleneck must be {channels}, got {width}"
            )
        for kernel, dilation, gate in zip(
            [*kernels, head_kernel], [*dilations, 1], [*gates, "none"], strict=True
        ):
            check_count(f"{where}.kernels", kernel, 1, LONGEST_KERNEL)
            check_count(f"{where}.dilations", dilation, 1, WIDEST_DILATION)
            if gate not in GATES:
                raise InputError(f"{where}.gates must be {', '.join(GATES)}, got {gate!r:.40}")
        self.input = nn.Conv1d(n_in, channels, 1, bias=False)
        layers = [
            WaveLayer(where, channels, n_told, width, *of_layer, mixes, skip_channels)
            for of_layer in zip(kernels, dilations, activations, gates, bends, strict=True)
        ]
        self.layers = nn.ModuleList(layers)
        self.head = PastConv(heard, head_channels, head_kernel, bias=head_bias)
        self.channels, self.heard, self.head_channels = channels, heard, head_channels
        self.pasts = [layer.conv.past for layer in layers]
        self.sizes = [*(layer.conv.size for layer in layers), self.head.size]
        self.reach = sum(self.pasts)

    def forward(
        self, x: Tensor, told: Tensor, said: Tensor, state: Tensor, is_silent: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What follows the array, what its head says, and its pasts after the block.

        Args:
            x: what enters, [B, n_in, T].
            told: [B, U, T].
            said: by the array before, [B, heard, T].
            state: the pasts of all layers and of the head, [B, S].
            is_silent: take, in place of `state`, the pasts of what was always as x [B, n_in, 1] is.
        """
        h = self.input(x)
        pasts = state.split(self.sizes, 1)
        afters: list[Tensor] = []
        for place, layer in enumerate(self.layers):
            past = held(h, self.pasts[place]) if is_silent else pasts[place]
            h, heard, after = layer(h, told, past)
            said = said + heard
            afters.append(after)
        past = held(said, self.head.past) if is_silent else pasts[len(afters)]
        said, after = self.head(said, past)
        afters.append(after)
        return h, said, torch.cat(afters, 1)


class WaveHead(nn.Module):
    """What may stand behind all arrays: activations, each with a convolution behind it.

    Args:
        n_in: channels of what enters.
        n_outputs: of what leaves.
        channels: between the convolutions.
        kernels: taps of each.
        activation: before each, as of `WaveArray`.

    Raises:
        InputError: as `WaveArray`.
    """

    sizes: list[int]

    def __init__(
        self, n_in: int, n_outputs: int, channels: int, kernels: list[int], activation: Any
    ) -> None:
        super().__init__()
        check_width("head.channels", channels)
        check_count("model.net.head.kernels: how many", len(kernels), 1, MOST_LAYERS)
        for kernel in kernels:
            check_count("model.net.head.kernels", kernel, 1, LONGEST_KERNEL)
        widths = [n_in, *[channels] * (len(kernels) - 1), n_outputs]
        convs = [
            PastConv(widths[place], widths[place + 1], kernel)
            for place, kernel in enumerate(kernels)
        ]
        self.convs = nn.ModuleList(convs)
        self.bend = _bend(activation)
        self.pasts = [conv.past for conv in convs]
        self.sizes, self.reach = [conv.size for conv in convs], sum(self.pasts)

    def forward(self, x: Tensor, state: Tensor, is_silent: bool) -> tuple[Tensor, Tensor]:
        """What it says, and its pasts; the arguments are as of `WaveArray`."""
        pasts = state.split(self.sizes, 1)
        afters: list[Tensor] = []
        for place, conv in enumerate(self.convs):
            x = self.bend(x)
            past = held(x, self.pasts[place]) if is_silent else pasts[place]
            x, after = conv(x, past)
            afters.append(after)
        return x, torch.cat(afters, 1)


def _bend(told: Any) -> nn.Module:
    return activation("model.net.head.activation", told)


@part("effect_net")
class WaveNet(AudioNet):
    """Arrays of layers, one after the other.

    Args:
        n_channels: as `AudioNet`.
        n_knobs: the same.
        n_outputs: the same.
        rate_hz: the same.
        arrays: of each, the arguments of `WaveArray` from `channels` on.
        head: the arguments of `WaveHead` from `channels` on; nothing behind the arrays if None.
        head_scale: of what the last array says.

    Raises:
        InputError: as `AudioNet` and `WaveArray`, or if an array does not fit the one before.
    """

    sizes: list[int]
    silence: Tensor

    def __init__(
        self,
        n_channels: int,
        n_knobs: int,
        n_outputs: int,
        rate_hz: int,
        arrays: list[Any],
        head: Mapping[str, Any] | None = None,
        head_scale: float = 1.0,
    ) -> None:
        super().__init__(n_channels, n_knobs, n_outputs, rate_hz)
        check_count("model.net.arrays: how many", len(arrays), 1, MOST_LAYERS)
        check_number("model.net.head_scale", head_scale, -1e4, 1e4)
        self.n_told, self.head_scale = n_channels + n_knobs, float(head_scale)
        made: list[WaveArray] = []
        for place, options in enumerate(arrays):
            key = f"arrays[{place}]"
            n_in = made[-1].channels if made else self.n_told
            sizes = {"n_in": n_in, "n_told": self.n_told}
            made.append(call(WaveArray, f"model.net.{key}", options, None, key=key, **sizes))
            if place and made[-2].head_channels != made[-1].heard:
                raise InputError(
                    f"model.net.arrays[{place - 1}].head_channels must be {made[-1].heard}, as "
                    f"the next array's head hears, got {made[-2].head_channels}"
                )
        last = made[-1].head_channels
        if head is None and last != n_outputs:
            raise InputError(f"model.net.{key}.head_channels must be {n_outputs}, got {last}")
        self.arrays = nn.ModuleList(made)
        behind = (
            []
            if head is None
            else [call(WaveHead, "model.net.head", head, n_in=last, n_outputs=n_outputs)]
        )
        self.heads = nn.ModuleList(behind)
        self.heard = made[0].heard
        self.register_buffer("silence", torch.zeros(1, 1, 1), persistent=False)
        through_layers = through_heads = 0
        for each in made:
            through_layers += each.reach
            through_heads = max(through_layers, through_heads) + each.head.past
        self.reach = through_heads + sum(each.reach for each in behind)
        self.sizes = [*(sum(each.sizes) for each in made), *(sum(each.sizes) for each in behind)]
        self.state_size = sum(self.sizes)
        check_count("model.net: numbers that it remembers", self.state_size, 0, MOST_STATE)

    @torch.jit.export
    def begin(self, batch: int) -> Tensor:
        """The state that silence settles in, knobs in the middle, [batch, S]."""
        silence = self.silence.repeat(1, 1, self.n_told)
        _, state = self.through(silence, silence.new_zeros(1, self.state_size), True)
        return state.detach().repeat(batch, 1)

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The sound that leaves, and all pasts after it."""
        return self.through(with_knobs(x, knobs), state, False)

    def through(self, told: Tensor, state: Tensor, is_silent: bool) -> tuple[Tensor, Tensor]:
        """What leaves of what is told, [B, T, U], and the pasts; see `WaveArray.forward`."""
        told = told.transpose(1, 2)
        states = state.split(self.sizes, 1)
        afters: list[Tensor] = []
        h, said = told, told.new_zeros(told.shape[0], self.heard, told.shape[2])
        for place, array in enumerate(self.arrays):
            h, said, after = array(h, told, said, states[place], is_silent)
            afters.append(after)
        said = self.head_scale * said
        for head in self.heads:
            said, after = head(said, states[len(afters)], is_silent)
            afters.append(after)
        return said.transpose(1, 2), torch.cat(afters, 1)
