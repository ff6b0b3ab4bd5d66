"""The signal path of a bridge as TorchScript sees it from outside."""

import torch
from torch import Tensor, nn


@torch.jit.interface
class BridgeCoreInterface(nn.Module):
    """`BridgeCore` as seen from outside: what `families.vae.core_interface` says, and more."""

    def reset(self) -> None:  # noqa: D102
        pass

    def set_modes(self, forward_mode: str, decode_mode: str) -> None:  # noqa: D102
        pass

    def set_temperature(self, temperature: float) -> None:  # noqa: D102
        pass

    def set_texture(self, texture: float) -> None:  # noqa: D102
        pass

    def set_gain(self, gain: float) -> None:  # noqa: D102
        pass

    def set_limits(self, forward: bool, decode: bool) -> None:  # noqa: D102
        pass

    def set_projection(self, index: int) -> None:  # noqa: D102
        pass

    def set_rate(self, rate_hz: int) -> None:  # noqa: D102
        pass

    def set_label(self, task: int, value: float) -> None:  # noqa: D102
        pass

    def set_prior_temperature(self, temperature: float) -> None:  # noqa: D102
        pass

    def set_prior_seed(self, seed: int) -> None:  # noqa: D102
        pass

    def set_amount(self, amount: float) -> None:  # noqa: D102
        pass

    def set_dynamics(self, dynamics: float) -> None:  # noqa: D102
        pass

    def set_transpose(self, semitones: float) -> None:  # noqa: D102
        pass

    def set_way(self, source: int, target: int) -> None:  # noqa: D102
        pass

    def forward_delay(self) -> int:  # noqa: D102
        pass

    def decode_delay(self) -> int:  # noqa: D102
        pass

    def encode(self, block: Tensor) -> Tensor:  # noqa: D102
        pass

    def translate(self, axes: Tensor) -> Tensor:  # noqa: D102
        pass

    def decode(self, axes: Tensor) -> Tensor:  # noqa: D102
        pass

    def prior(self, temperature: Tensor) -> Tensor:  # noqa: D102
        pass

    def forward(self, block: Tensor) -> Tensor:  # noqa: D102
        pass
