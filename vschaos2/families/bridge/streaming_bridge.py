"""The scripted bridge: what a VAE offers a host, and `translate`."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vschaos2.controls import Control
from vschaos2.families.bridge.bridge_core import BridgeCore
from vschaos2.families.bridge.core_interface import BridgeCoreInterface
from vschaos2.families.vae.streaming_vae import NO_LABELS, StreamingVAE
from vschaos2.labels.ports import LabelPorts

FARTHEST = 24.0  # semitones
FEW = 2  # instruments, between which the way is the one that was exported


class StreamingBridge(StreamingVAE):
    """A bridge for nn~: `forward`, `encode`, `translate`, `decode`, and what a player can set.

    Besides what can be set of a VAE:

        amount          0 (the VAE's own sound) to 1 (carried over)
        transpose       -24 to 24 semitones: what arrives is heard so much higher
        dynamics        0 (as loud as the target would be) to 1 (as what is heard)
        source, target  from which instrument to which, where there are more than two

    Args:
        core: the signal path.
        latent_ranges: as `StreamingVAE`.
        words: what each instrument is called in messages.
        ports: as `StreamingVAE`.
    """

    core: BridgeCoreInterface  # type: ignore[assignment]

    def __init__(
        self,
        core: BridgeCore,
        latent_ranges: Tensor,
        words: Sequence[str],
        ports: LabelPorts = NO_LABELS,
    ) -> None:
        controls = [
            Control("amount", "number", 1.0, 0.0, 1.0),
            Control("transpose", "number", 0.0, -FARTHEST, FARTHEST, unit="semitones"),
            Control("dynamics", "number", 1.0, 0.0, 1.0),
        ]
        if len(words) > FEW:
            choices = tuple(words)
            controls[1:1] = [
                Control("target", "choice", choices[core.target], choices=choices),
                Control("source", "choice", choices[core.source], choices=choices),
            ]
        super().__init__(core, latent_ranges, ports, controls)
        axes = [f"axis {i}" for i in range(1, core.latent_dims + 1)]
        self.register_method("translate", core.hop, core.hop, axes, axes)

    def play_more(self, count: int) -> None:
        """Translate so many frames of silence."""
        self.core.translate(torch.zeros(1, self.latent_dims, count))

    @torch.jit.export
    def translate(self, x: Tensor) -> Tensor:
        """Latent axes as another instrument's: [B, latent_dims, N / hop] → the same."""
        return self.core.translate(x)

    @torch.jit.export
    def control_changed(self, name: str, value: float) -> None:
        """Tell the core."""
        if name == "amount":
            self.core.set_amount(value)
        elif name == "transpose":
            self.core.set_transpose(value)
        elif name == "dynamics":
            self.core.set_dynamics(value)
        elif name == "source" or name == "target":
            source, target = self.control_values["source"], self.control_values["target"]
            self.core.set_way(int(source), int(target))
        else:
            self.tell(name, value)
