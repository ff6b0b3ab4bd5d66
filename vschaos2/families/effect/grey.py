"""A chain of processors as the network of an effect: few parameters, all of them in units.

In a configuration,

    model: {net: {_target_: Chain, hidden_dims: null, processors: [gain, tanh, parametric_eq]}}
"""

from collections.abc import Collection, Sequence
from typing import Any

import torch
from torch import Tensor

from vschaos2.controls import Control
from vschaos2.errors import InputError
from vschaos2.nets.audio_rate import AudioNet
from vschaos2.parts import part
from vschaos2.processors.chain import Chain
from vschaos2.processors.modulation import Swept
from vschaos2.processors.recursion import BLOCK

WHERE = "model.net.processors"
GUESSED_S = 20.0  # of a recording, by which a modulation is found


@part("effect_net", "Chain")
class ChainNet(AudioNet):
    """Processors in series, each with its controller (see `processors.chain`).

    Args:
        n_channels: of the sound that enters.
        n_knobs: that are told to controllers that hear them, K.
        n_outputs: as many as n_channels, or 2 of a chain that makes stereo.
        rate_hz: of the sound.
        processors: the items of the chain.

    Shape: see `AudioNet`; T a multiple of `block`, state float64.

    Raises:
        InputError: for a device that makes another number of channels than the chain, or an item
            that is no processor.
    """

    is_physical = True
    block = BLOCK
    glides = True

    def __init__(
        self, n_channels: int, n_knobs: int, n_outputs: int, rate_hz: int, processors: list[Any]
    ) -> None:
        super().__init__(n_channels, n_knobs, n_outputs, rate_hz)
        self.chain = Chain(processors, float(rate_hz), n_channels, n_knobs, WHERE)
        if n_outputs != self.chain.outputs:
            raise InputError(
                f"model.channels_out must be {self.chain.outputs}, which is what this chain makes "
                f"of model.channels_in {n_channels}, got {n_outputs}: set it so, or "
                + ("leave out what makes stereo" if n_outputs == 1 else "add pan to the chain")
            )
        self.state_size = self.chain.state_size
        self.step = BLOCK  # `block`, as an instance has it for TorchScript

    @torch.jit.export
    def begin(self, batch: int) -> Tensor:
        """See `AudioNet`."""
        return torch.zeros(
            batch, self.state_size, dtype=torch.float64, device=self.chain.held.device
        )

    def begin_at(self, start_s: Tensor) -> Tensor:
        """See `AudioNet`: what oscillates is where it would be by then."""
        return self.chain.begin(len(start_s), start_s.to(self.chain.held.device).double())

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See `AudioNet`; of the knobs, what they have come to at the end of each sub-block."""
        if knobs.shape[1] > 1:
            knobs = knobs[:, self.step - 1 :: self.step]
        told = knobs.transpose(1, 2).expand(x.shape[0], -1, -1)
        y, state = self.chain(x.transpose(1, 2), told, state)
        return y.transpose(1, 2), state

    def guess(self, takes: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Begin what oscillates as recordings have it: no gradient finds a period.

        Of what each recording suggests, that is taken which explains all of them best.

        Shape: dry and wet, [T] each, aligned, from the beginning of the recordings.
        """
        most = round(GUESSED_S * self.rate_hz)
        takes = [(dry[:most], wet[:most]) for dry, wet in takes]
        first = 0
        for processor in self.chain.processors:
            names = self.chain.physical[first : first + len(processor.physical)]  # type: ignore[arg-type]
            first += len(names)
            if isinstance(processor, Swept):
                full = {p.name: f.name for p, f in zip(processor.physical, names, strict=True)}
                found = [processor.guess(dry, wet) for dry, wet in takes]
                presets = [{full[name]: value for name, value in of.items()} for of in found]
                errors = [self._error(preset, takes) for preset in presets] if found[1:] else [0.0]
                self.chain.load_preset(presets[errors.index(min(errors))])

    @torch.no_grad()
    def _error(self, preset: dict[str, float], takes: Sequence[tuple[Tensor, Tensor]]) -> float:
        """Error to signal with a preset, the mean over recordings; knobs in the middle."""
        self.chain.load_preset(preset)
        ratios = []
        for dry, wet in takes:
            count = len(dry) - len(dry) % BLOCK
            x = dry[:count].expand(1, self.n_channels, count)
            knobs = torch.full((1, self.n_knobs, 1), 0.5, device=x.device)
            y, _ = self.chain(x, knobs, self.begin_at(torch.zeros(1)))
            error = (y.mean(1)[0] - wet[:count]).square().sum()
            ratios.append(float(error / wet[:count].square().sum().clamp_min(1e-12)))
        return sum(ratios) / len(ratios)

    def settle(self) -> None:
        """See `AudioNet`."""
        self.chain.settle()

    def settings(self, taken: Collection[str]) -> list[Control]:
        """See `AudioNet`: every parameter, at first where it was learnt to stand."""
        preset, controls, names = self.chain.preset(), [], set(taken)
        owners = [
            (name, panel)
            for name, processor in zip(self.chain.names, self.chain.processors, strict=True)
            for panel in processor.panels or [name] * len(processor.physical)  # type: ignore
        ]
        for (owner, panel), parameter in zip(owners, self.chain.physical, strict=True):
            name = parameter.name
            while name in names:
                name = f"{owner}_{name}"
            names.add(name)
            value = float(f"{preset[parameter.name]:.6g}")
            controls.append(
                Control(
                    name,
                    "number",
                    min(max(value, parameter.least), parameter.most),
                    float(parameter.least),
                    float(parameter.most),
                    unit=parameter.unit,
                    curve="exponential" if parameter.scale == "log" else "linear",
                    shown=parameter.shown,
                    group=panel.replace("_", " "),
                )
            )
        return controls

    @torch.jit.export
    def hold(self, index: int, value: float) -> None:
        """See `AudioNet`."""
        self.chain.hold(index, value)

    @torch.jit.export
    def release(self, index: int) -> None:
        """See `AudioNet`."""
        self.chain.release(index)
