"""The signal path of files through a bridge, block by block, every channel by itself.

sound ─> analysis ─> transposition ─> encoder ─> a way ─> decoder ─> level ─> recovered phase
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vschaos2.dsp.inversion_modes import MODES
from vschaos2.dsp.transposition import transposed
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.level import as_loud
from vschaos2.families.bridge.ways import Way
from vschaos2.families.vae.projection import PROJECTIONS, own_axes
from vschaos2.families.vae.signal_path import BLOCK_FRAMES, OFFLINE, OfflineCore

Samples = npt.NDArray[np.float32]


class TransferCore(OfflineCore):
    """A VAE's signal path, in which latents of one instrument become another's.

    What leaves is as loud, frame by frame, as what arrived: latents that were carried over know of
    loudness only what their way has kept.

    Args:
        bridge: the trained model.
        way: that is gone.
        source: number of the instrument that is heard.
        target: number of the one that is played.
        semitones: that what is heard is raised by, first of all.
        inversion: phase recovery, one of `dsp.inversion_modes.MODES` or "offline".
    """

    def __init__(
        self,
        bridge: BridgeModel,
        way: Way,
        source: int,
        target: int,
        semitones: float,
        inversion: str,
    ) -> None:
        vae = bridge.vae
        mode = inversion if inversion in MODES else "eco"
        axes = dict.fromkeys(PROJECTIONS, own_axes(vae.latent_dim))
        super().__init__(
            *(vae, axes, vae.latent_dim, mode, "eco"), for_files=True, texture=vae.texture
        )
        if inversion == OFFLINE:
            self.forward_inversion.configure_offline()
        self.way, self.source, self.target, self.semitones = way, source, target, semitones
        self.eval()

    def forget(self) -> None:
        """What its way has heard, too."""
        self.way.reset()

    def sample(self, magnitude: Tensor) -> Tensor:
        """Latents of magnitudes, raised: [N, K] → [N, Z]."""
        return super().sample(transposed(magnitude, self.semitones))

    def carried(self, latent: Tensor, batch: int) -> Tensor:
        """What is decoded: latents as another instrument's, [B·F, Z] → [B·F, Z]."""
        heard = latent.reshape(batch, len(latent) // batch, latent.shape[1])
        return self.way(heard, self.source, self.target).reshape(latent.shape)

    def levelled(self, magnitude: Tensor, given: Tensor) -> Tensor:
        """What is played, as loud as what was heard: [B, F, K], [B, F, K] → [B, F, K]."""
        return as_loud(magnitude, given, magnitude.new_ones(magnitude.shape[1]))

    @torch.inference_mode()
    def through(self, blocks: Iterator[Samples]) -> Iterator[Samples]:
        """A sound without the delay, with its tail: blocks [T, C] → blocks [T, C]."""
        self.reset()
        unit, delay = BLOCK_FRAMES * self.hop, self.forward_delay()
        skip = delay
        held: Samples | None = None
        for block in blocks:
            held = block if held is None else np.concatenate((held, block))
            whole = len(held) - len(held) % unit
            if whole:
                made = self._called(held[:whole])
                yield made[skip:]
                skip, held = max(0, skip - whole), held[whole:]
        if held is None:
            return
        # Silence after the end pushes the last samples out.
        missing = -(len(held) + delay) % self.hop
        made = self._called(np.pad(held, ((0, delay + missing), (0, 0))))
        yield made[skip:]

    def _called(self, block: Samples) -> Samples:
        made = [
            self.forward(torch.from_numpy(np.ascontiguousarray(part.T))[:, None])[:, 0].numpy().T
            for part in np.split(
                block, range(BLOCK_FRAMES * self.hop, len(block), BLOCK_FRAMES * self.hop)
            )
        ]
        return np.concatenate(made)
